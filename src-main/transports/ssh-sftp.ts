import type { SFTPWrapper, Stats } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import { ByteSink, tooLong } from './byte-sink.ts';
import { ChannelRefused, type Channels } from './ssh-channels.ts';
import type { Settle } from './timed-call.ts';
import type { CallOptions } from './transport.ts';

/** The server has no SFTP subsystem, or what it starts is none. */
export class SftpMissing extends Error {}

/** Status codes of draft-ietf-secsh-filexfer-02, section 7. */
const status = { endOfFile: 1, noSuchFile: 2, permissionDenied: 3 };
const chunkBytes = 32 * 1024;
/** How many reads are on their way at a time: one by one, a file of 1 MiB would cost 32 round trips. */
const readsAtOnce = 8;

/** Reads a regular file to its end. Throws NOT_FOUND, PERMISSION_DENIED, OUTPUT_UNPARSED (too long), SftpMissing. */
export async function readBySftp(
  channels: Channels,
  what: string,
  path: string,
  options: CallOptions,
  maxBytes: number,
): Promise<Buffer> {
  try {
    return await channels.run<SFTPWrapper, Buffer>({
      what,
      isSession: true,
      options,
      open: (client, opened) => {
        client.sftp(opened);
      },
      use: (sftp, settle) => {
        sftp.on('error', (cause: Error) => {
          settle.reject(new SftpMissing(cause.message, { cause }));
        });
        sftp.on('close', () => {
          settle.reject(new AppError('SESSION_CLOSED', `${what}: the server ended the transfer.`));
        });
        readRegularFile(sftp, { what, path, maxBytes }, settle);
      },
      close: (sftp) => {
        sftp.end();
      },
    });
  } catch (error) {
    if (error instanceof ChannelRefused) throw new SftpMissing(error.message, { cause: error });
    throw error;
  }
}

/** Starts the subsystem and ends it again. Throws what `run` throws. */
export function touchSftp(channels: Channels, what: string, timeoutMs: number): Promise<void> {
  return channels.run<SFTPWrapper, undefined>({
    what,
    isSession: true,
    options: { timeoutMs },
    open: (client, opened) => {
      client.sftp(opened);
    },
    use: (sftp, settle) => {
      sftp.on('error', settle.reject);
      settle.resolve(undefined);
    },
    close: (sftp) => {
      sftp.end();
    },
  });
}

interface Target {
  readonly what: string;
  readonly path: string;
  readonly maxBytes: number;
}

function readRegularFile(sftp: SFTPWrapper, target: Target, settle: Settle<Buffer>): void {
  const { what, path, maxBytes } = target;
  sftp.stat(path, (statError: StatusError | undefined, stats: Stats) => {
    if (statError !== undefined) {
      settle.reject(explain(what, statError));
      return;
    }
    // A pipe or a device would answer never, or without end.
    if (!stats.isFile()) {
      settle.reject(new AppError('NOT_FOUND', `${what}: it is not a regular file.`));
      return;
    }
    if (stats.size > maxBytes) {
      settle.reject(tooLong(what, maxBytes));
      return;
    }
    sftp.open(path, 'r', (openError: StatusError | undefined, handle: Buffer) => {
      if (openError === undefined) readToEnd(sftp, handle, target, settle);
      else settle.reject(explain(what, openError));
    });
  });
}

/**
 * Reads on until the server says that the file ends; its size is not trusted (files of /proc have none). Batches of reads go out
 * together; a short answer within a batch starts the next batch where it ended.
 */
function readToEnd(sftp: SFTPWrapper, handle: Buffer, target: Target, settle: Settle<Buffer>): void {
  const sink = new ByteSink(target.what, target.maxBytes);
  readBatch();

  function readBatch(): void {
    const from = sink.length;
    const answers = Array.from({ length: readsAtOnce }, (_, index) =>
      readChunk(sftp, handle, from + index * chunkBytes),
    );
    Promise.all(answers).then(
      (chunks) => {
        for (const chunk of chunks) {
          const error = chunk.length === 0 ? undefined : sink.push(chunk);
          if (error !== undefined) {
            settle.reject(error);
            return;
          }
          if (chunk.length < chunkBytes) break;
        }
        if (chunks[0]?.length === 0) settle.resolve(sink.bytes());
        else readBatch();
      },
      (error: unknown) => {
        settle.reject(explain(target.what, error instanceof Error ? error : new Error(String(error))));
      },
    );
  }
}

/** The bytes at a place in the file; none past its end. */
function readChunk(sftp: SFTPWrapper, handle: Buffer, position: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sftp.read(
      handle,
      Buffer.alloc(chunkBytes),
      0,
      chunkBytes,
      position,
      (error: StatusError | undefined, count, buffer) => {
        if (error === undefined) resolve(buffer.subarray(0, count));
        else if (error.code === status.endOfFile) resolve(Buffer.alloc(0));
        else reject(error);
      },
    );
  });
}

interface StatusError extends Error {
  readonly code?: number | undefined;
}

function explain(what: string, error: StatusError): AppError {
  const options = { cause: error, raw: error.message };
  if (error.code === status.noSuchFile) return new AppError('NOT_FOUND', `${what}: there is no such file.`, options);
  if (error.code === status.permissionDenied) {
    return new AppError('PERMISSION_DENIED', `${what}: the account may not read it.`, options);
  }
  return new AppError('OUTPUT_UNPARSED', `${what}: the server could not read it.`, options);
}
