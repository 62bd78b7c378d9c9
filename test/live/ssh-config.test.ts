import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src-main/contract/address.ts';
import { sshOptions } from '../../src-main/console/ssh.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import { unknownHostKey } from '../../src-main/transports/ssh-handshake.ts';
import type { HostSession } from '../../src-main/transports/transport.ts';
import { isMissing } from '../rigs/need.ts';
import { startAgent } from '../rigs/ssh-agent.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

describe.skipIf(isMissing('sshd', 'ssh', 'ssh-keygen', 'ssh-agent', 'ssh-add'))('the user’s own ssh_config', () => {
  let folder: string;
  let bastion: Sshd;
  let closedBastion: Sshd;
  let target: Sshd;
  let environment: Record<string, string> = {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'steelyard-ssh-config-'));
    bastion = await startSshd();
    closedBastion = await startSshd({ config: ['AllowTcpForwarding no'] });
    target = await startSshd({ config: ['MaxAuthTries 1'] });
    const known = join(folder, 'known');
    writeFileSync(
      known,
      [bastion, closedBastion, target]
        .map((one) => `[127.0.0.1]:${String(one.port)} ${one.hostKey('ed25519')}\n`)
        .join(''),
    );
    writeFileSync(
      join(folder, 'estate.conf'),
      `Host lb-one lb-deep
  HostName 127.0.0.1
  Port ${String(target.port)}
Match originalhost lb-* user ${target.user}
  IdentityFile ${target.keyFile}
`,
    );
    writeFileSync(
      join(folder, 'config'),
      `Host lb-deep
  ProxyJump bastion,lb-one
Host lb-*
  ProxyJump bastion
Include ${join(folder, 'estate.conf')}
Host closed
  HostName 127.0.0.1
  Port ${String(target.port)}
  ProxyJump ${closedBastion.user}@shut
Host refused
  HostName 127.0.0.1
  ProxyJump wrongkey
Host unheard
  HostName 127.0.0.1
  ProxyJump newcomer
Host nowhere
  HostName 127.0.0.1
  Port 1
  ProxyJump bastion
Host nobody
  HostName 127.0.0.1
  ProxyJump nowhere-jump
Host nowhere-jump
  HostName 127.0.0.1
  Port 1
Host stranger
  HostName 127.0.0.1
  Port ${String(target.port)}
  ProxyJump bastion
  IdentityFile ${bastion.keyFile}
  IdentitiesOnly yes
Host bastion wrongkey newcomer
  HostName 127.0.0.1
  Port ${String(bastion.port)}
Host newcomer
  UserKnownHostsFile ${join(folder, 'nothing')}
  GlobalKnownHostsFile ${join(folder, 'nothing')}
Host wrongkey
  IdentityFile ${target.keyFile}
  IdentitiesOnly yes
Host bastion newcomer
  IdentityFile ${bastion.keyFile}
Host shut
  HostName 127.0.0.1
  Port ${String(closedBastion.port)}
  IdentityFile ${closedBastion.keyFile}
Host picky
  HostName 127.0.0.1
  Port ${String(target.port)}
  IdentityFile ${target.keyFile}.pub
  IdentitiesOnly yes
Host round
  ProxyJump about
Host about
  ProxyJump round
Host command
  ProxyCommand nc %h %p
Host *
  User ${target.user}
  UserKnownHostsFile ${known}
  GlobalKnownHostsFile ${known}
`,
    );
  });
  afterAll(async () => {
    await bastion.close();
    await closedBastion.close();
    await target.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(host: string, configFile = join(folder, 'config')): Promise<HostSession> {
    const surroundings = { home: folder, environment, ownKnownHosts: join(folder, 'own'), user: 'nobody', configFile };
    return openSsh(await sshOptions(parseAddress(`haproxy+ssh://${host}`), {}, surroundings));
  }
  /** The port that the session came in at, by the server's own word. */
  async function portOf(session: HostSession): Promise<number> {
    const { stdout } = await session.exec('echo $SSH_CONNECTION');
    return Number(stdout.toString().trim().split(' ')[3]);
  }

  test('an alias is followed through Include, Match and a jump host, and the session ends with the jump host', async () => {
    const session = await open('lb-one');
    expect(await portOf(session)).toBe(target.port);
    await bastion.stop();
    await expect.poll(() => session.isOpen(), { timeout: 20_000 }).toBe(false);
    await bastion.start();
    session.close();
  });

  test('several jump hosts are gone through in their order', async () => {
    const session = await open('lb-deep');
    expect(await portOf(session)).toBe(target.port);
    session.close();
  });

  test.each([
    ['refused', 'AUTH_FAILED', /^Jump host \S+: .*did not let/],
    ['closed', 'PERMISSION_DENIED', /^Jump host .*AllowTcpForwarding yes/],
    ['nobody', 'UNREACHABLE', /^Jump host \S+: .*connection refused/],
    ['stranger', 'AUTH_FAILED', /^\[127\.0\.0\.1\]:\d+ did not let/],
    ['nowhere', 'UNREACHABLE', /^\[127\.0\.0\.1\]:1 cannot be reached from the jump host/],
    ['round', 'INPUT_INVALID', /lead in a circle/],
    ['command', 'CAPABILITY_MISSING', /ProxyCommand/],
  ])('what fails is told, and where: %s', async (host, code, detail) => {
    await expect(open(host)).rejects.toMatchObject({ code, detail: expect.stringMatching(detail) as string });
  });

  test('a new key of a jump host is asked about like any other', async () => {
    const error: unknown = await open('unheard').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'HOST_KEY_UNKNOWN', detail: expect.stringMatching(/^Jump host/) as string });
    expect(unknownHostKey(error)?.fingerprint).toMatch(/^SHA256:/);
  });

  test('a configuration with an error is told with its file and line', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'Host a\n  NoSuchWord 1\n');
    await expect(open('a', broken)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      detail: expect.stringMatching(/broken.*line 2/) as string,
    });
  });

  test('with IdentitiesOnly the agent offers the named key alone: a server that allows one try lets it in', async () => {
    const agent = await startAgent(folder);
    try {
      agent.add(bastion.keyFile);
      agent.add(target.keyFile);
      environment = { SSH_AUTH_SOCK: agent.socket };
      const session = await open('picky');
      expect(await portOf(session)).toBe(target.port);
      session.close();
    } finally {
      environment = {};
      await agent.close();
    }
  });
});
