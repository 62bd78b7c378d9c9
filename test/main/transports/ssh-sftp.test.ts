import ssh2, { type Session, type SFTPWrapper } from 'ssh2';
import { afterEach, expect, test } from 'vitest';
import { openSsh } from '../../../src-main/transports/ssh-connect.ts';
import type { HostSession } from '../../../src-main/transports/transport.ts';
import { type Fake, startFakeSsh } from '../../rigs/fake-ssh.ts';

const { STATUS_CODE } = ssh2.utils.sftp;
let fake: Fake | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

test('a file without end is refused past its limit, whatever size it claims', async () => {
  const session = await open((sftp) => {
    answerStat(sftp, 10);
    sftp.on('READ', (id, _handle, _offset, length) => {
      sftp.data(id, Buffer.alloc(length));
    });
  });
  await expect(session.readFile('/f', { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
  session.close();
});

test('a file that comes in short pieces is put together in order', async () => {
  const whole = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 253));
  const session = await open((sftp) => {
    answerStat(sftp, whole.length);
    sftp.on('READ', (id, _handle, offset) => {
      const piece = whole.subarray(offset, offset + 700);
      if (piece.length === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, piece);
    });
  });
  expect((await session.readFile('/f')).equals(whole)).toBe(true);
  session.close();
});

test('a file that shrinks while it is read is read as far as it goes', async () => {
  const session = await open((sftp) => {
    answerStat(sftp, 1_000_000);
    sftp.on('READ', (id, _handle, offset) => {
      if (offset === 0) sftp.data(id, Buffer.from('short'));
      else sftp.status(id, STATUS_CODE.EOF);
    });
  });
  expect((await session.readFile('/f')).toString()).toBe('short');
  session.close();
});

test('a server that never answers a read times out, and closes the channel', async () => {
  let isClosed = false;
  const session = await open((sftp) => {
    answerStat(sftp, 10);
    sftp.on('end', () => (isClosed = true));
  });
  await expect(session.readFile('/f', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
  await expect.poll(() => isClosed).toBe(true);
  session.close();
});

test('a server that ends the transfer midway is SESSION_CLOSED', async () => {
  const session = await open((sftp) => {
    answerStat(sftp, 10);
    sftp.on('READ', () => {
      sftp.end();
    });
  });
  await expect(session.readFile('/f')).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  session.close();
});

test('a failure of the server keeps its words', async () => {
  const session = await open((sftp) => {
    sftp.on('STAT', (id) => {
      sftp.status(id, STATUS_CODE.FAILURE, 'disk on fire');
    });
  });
  const failure = { code: 'OUTPUT_UNPARSED', raw: 'disk on fire' };
  await expect(session.readFile('/f')).rejects.toMatchObject(failure);
  session.close();
});

test('a subsystem that talks rubbish is passed over for cat, and not tried again', async () => {
  let tries = 0;
  const session = await openSession((server) => {
    server.on('subsystem', (accept) => {
      tries += 1;
      accept().write('Welcome! You have mail.\n'.repeat(20));
    });
    server.on('exec', (accept, _reject, info) => {
      const channel = accept();
      channel.write(info.command);
      channel.exit(0);
      channel.end();
    });
  });
  expect((await session.readFile("/it's")).toString()).toBe(`env LC_ALL=C cat -- '/it'\\''s'`);
  await session.readFile('/f');
  expect(tries).toBe(1);
  session.close();
});

function answerStat(sftp: SFTPWrapper, size: number): void {
  sftp.on('STAT', (id) => {
    sftp.attrs(id, { mode: 0o100_644, uid: 0, gid: 0, size, atime: 0, mtime: 0 });
  });
  sftp.on('OPEN', (id) => {
    sftp.handle(id, Buffer.from('h'));
  });
}

function open(serve: (sftp: SFTPWrapper) => void): Promise<HostSession> {
  return openSession((session) => {
    session.on('sftp', (accept) => {
      serve(accept());
    });
  });
}

async function openSession(onSession: (session: Session) => void): Promise<HostSession> {
  fake = await startFakeSsh({ onSession });
  return openSsh(fake.options());
}
