import { afterEach, expect, test } from 'vitest';
import type { Connection, ServerChannel } from 'ssh2';
import { openSsh } from '../../../src-main/transports/ssh-connect.ts';
import type { HostSession } from '../../../src-main/transports/transport.ts';
import { type Fake, startFakeSsh } from '../../rigs/fake-ssh.ts';

let fake: Fake | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

test('the first request of a connection starts one SFTP session beside it, which makes sshd quick', async () => {
  let sftpSessions = 0;
  const session = await open(echo, () => (sftpSessions += 1));
  for (const text of ['a', 'b', 'c']) expect((await session.request('/s', text)).toString()).toBe(text);
  await session.readFile('/f').catch(() => undefined);
  expect(sftpSessions).toBe(2);
  session.close();
});

test('a request on a connection that has run a command starts none', async () => {
  let sftpSessions = 0;
  const session = await open(echo, () => (sftpSessions += 1));
  await session.exec('true');
  await session.request('/s', 'a');
  expect(sftpSessions).toBe(0);
  session.close();
});

test('an answer without end is refused past its limit', async () => {
  const session = await open((channel) => {
    more();
    function more(): void {
      if (!channel.destroyed) channel.write(Buffer.alloc(16_384), () => setImmediate(more));
    }
  });
  await expect(session.request('/s', 'x', { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
  session.close();
});

test('an answer that never ends times out', async () => {
  const session = await open((channel) => channel.write('some'));
  await expect(session.request('/s', 'x', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
  session.close();
});

test('a server that says that it does not allow such channels lacks the capability', async () => {
  const session = await open(undefined);
  const failure = {
    code: 'CAPABILITY_MISSING',
    detail: expect.stringContaining('does not know or allow') as string,
  };
  await expect(session.request('/s', 'x')).rejects.toMatchObject(failure);
  session.close();
});

test('a path that is not absolute is refused before anything is sent', async () => {
  const session = await open(echo);
  await expect(session.request('run/s', 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  session.close();
});

async function open(serve?: (channel: ServerChannel) => void, onSftp?: () => void): Promise<HostSession> {
  fake = await startFakeSsh({
    onSession: (session) => {
      session.on('sftp', (accept) => {
        onSftp?.();
        accept();
      });
      session.on('exec', (accept) => {
        const channel = accept();
        channel.exit(0);
        channel.end();
      });
    },
    onConnection: (connection: Connection) => {
      if (serve === undefined) return;
      connection.on('openssh.streamlocal', (accept) => {
        const channel = accept();
        channel.on('error', () => undefined);
        serve(channel);
      });
    },
  });
  return openSsh(fake.options());
}

function echo(channel: ServerChannel): void {
  channel.pipe(channel);
}
