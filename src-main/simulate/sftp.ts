import ssh2, { type Attributes, type SFTPWrapper } from 'ssh2';
import { absolutePath, type Files, isFolder as isFolderOf, NoSpace } from './files.ts';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;

/** The disk by SFTP, as far as `scp` and upload libraries need it: read, write, stat, list, remove, rename. */
export function serveSftp(sftp: SFTPWrapper, files: Files, home: string): void {
  const open = new Map<
    number,
    { readonly path: string; readonly isWritten: boolean; bytes: Buffer; isListed: boolean }
  >();
  let count = 0;

  function isFolder(path: string): boolean {
    return isFolderOf(files, path);
  }
  function attributesOf(path: string): Attributes | undefined {
    const text = files.read(path);
    if (text === undefined && !isFolder(path)) return undefined;
    const mode = text === undefined ? 0o040_755 : 0o100_644;
    return { mode, uid: 0, gid: 0, size: Buffer.byteLength(text ?? ''), atime: 0, mtime: 0 };
  }
  function start(path: string, isWritten: boolean, text: string): Buffer {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE((count += 1));
    open.set(count, { path, isWritten, bytes: Buffer.from(text), isListed: false });
    return handle;
  }
  function stat(id: number, path: string): void {
    const found = attributesOf(absolutePath(path, home));
    if (found === undefined) sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
    else sftp.attrs(id, found);
  }
  sftp.on('OPEN', (id, name, flags) => {
    const path = absolutePath(name, home);
    const isWritten = (flags & OPEN_MODE.WRITE) !== 0;
    const text = files.read(path);
    if ((text === undefined && !isWritten) || isFolder(path)) sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
    else sftp.handle(id, start(path, isWritten, isWritten ? '' : (text ?? '')));
  });
  sftp.on('WRITE', (id, handle, offset, data) => {
    const file = open.get(handle.readUInt32BE());
    if (file === undefined) {
      sftp.status(id, STATUS_CODE.FAILURE);
      return;
    }
    const bytes = Buffer.alloc(Math.max(file.bytes.length, offset + data.length));
    file.bytes.copy(bytes);
    data.copy(bytes, offset);
    file.bytes = bytes;
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const file = open.get(handle.readUInt32BE());
    const part = file?.bytes.subarray(offset, offset + length);
    if (part === undefined || part.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.data(id, part);
  });
  sftp.on('CLOSE', (id, handle) => {
    const file = open.get(handle.readUInt32BE());
    open.delete(handle.readUInt32BE());
    try {
      if (file?.isWritten === true) files.write(file.path, file.bytes.toString());
      sftp.status(id, STATUS_CODE.OK);
    } catch (error) {
      if (!(error instanceof NoSpace)) throw error;
      sftp.status(id, STATUS_CODE.FAILURE, 'No space left on device');
    }
  });
  sftp.on('REALPATH', (id, path) => {
    const filename = absolutePath(path, home);
    sftp.name(id, [
      {
        filename,
        longname: filename,
        attrs: attributesOf(filename) ?? { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 },
      },
    ]);
  });
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('FSTAT', (id, handle) => {
    stat(id, open.get(handle.readUInt32BE())?.path ?? '');
  });
  sftp.on('SETSTAT', (id) => {
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('FSETSTAT', (id) => {
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('REMOVE', (id, path) => {
    sftp.status(id, files.remove(absolutePath(path, home)) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE);
  });
  sftp.on('RENAME', (id, from, to) => {
    const text = files.read(absolutePath(from, home));
    if (text === undefined) {
      sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
      return;
    }
    files.write(absolutePath(to, home), text);
    files.remove(absolutePath(from, home));
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('OPENDIR', (id, path) => {
    const own = absolutePath(path, home);
    if (isFolder(own)) sftp.handle(id, start(own, false, ''));
    else sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
  });
  sftp.on('READDIR', (id, handle) => {
    const folder = open.get(handle.readUInt32BE());
    if (folder === undefined || folder.isListed) {
      sftp.status(id, STATUS_CODE.EOF);
      return;
    }
    folder.isListed = true;
    const names = new Set(
      files.below(folder.path).map((path) => path.slice(folder.path.length + 1).split('/')[0] ?? ''),
    );
    const list = ['.', '..', ...names].map((filename) => ({
      filename,
      longname: filename,
      attrs: attributesOf(absolutePath(filename, folder.path)) ?? {
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        atime: 0,
        mtime: 0,
      },
    }));
    sftp.name(id, list);
  });
}
