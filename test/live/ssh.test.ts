import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import type { SshOptions } from '../../src-main/transports/ssh-options.ts';
import { isMissing } from '../rigs/need.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('SSH to a real sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.close();
  });

  test('a command runs in the login shell with its input, output, error output and exit code', async () => {
    const session = await openSsh(optionsFor(sshd));
    const result = await session.exec('cat; echo bad >&2; exit 3', { stdin: Buffer.from('in\0put') });
    session.close();
    expect(result).toEqual({ code: 3, signal: null, stdout: Buffer.from('in\0put'), stderr: Buffer.from('bad\n') });
  });

  test('a file is read whole', async () => {
    const session = await openSsh(optionsFor(sshd));
    const bytes = await session.readFile(join(sshd.directory, 'sshd_config'));
    session.close();
    expect(bytes.toString()).toContain('ListenAddress 127.0.0.1');
  });

  test('a request goes to a Unix socket and the answer is read to its end', async () => {
    const path = join(sshd.directory, 'echo.sock');
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('data', (data) => socket.write(data));
      socket.on('end', () => socket.end('.'));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const session = await openSsh(optionsFor(sshd));
    const answer = await session.request(path, 'show info\n');
    session.close();
    server.close();
    expect(answer.toString()).toBe('show info\n.');
  });
});

function optionsFor(sshd: Sshd): SshOptions {
  return {
    host: sshd.host,
    port: sshd.port,
    user: sshd.user,
    credentials: { keyFile: sshd.keyFile },
    knownHosts: { own: sshd.knownHosts, others: [] },
  };
}
