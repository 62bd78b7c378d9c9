import { rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testDevice } from '../../src-main/console/tester.ts';
import { testedSession } from '../../src-main/console/connect.ts';
import type { Credentials } from '../../src-main/contract/api.ts';
import { unknownHostKey } from '../../src-main/transports/ssh-handshake.ts';
import { driverNamed } from '../../src-main/console/native.ts';
import { type Accounts, makeAccountsIfRoot } from '../rigs/accounts.ts';
import { type Haproxy, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { realTools } from '../rigs/push-loop.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const sections = 'backend app\n    balance roundrobin\n    server a 127.0.0.1:1\n';

/** The connection test of the wizard, whole. */
async function walk(sshd: Sshd, rig: Haproxy, query: string, credentials: Credentials, user = sshd.user) {
  const surroundings = { home: sshd.directory, environment: {}, ownKnownHosts: sshd.knownHosts, user: 'nobody' };
  const address = `haproxy+ssh://${user}@${sshd.host}:${sshd.port}?config=${rig.configFile}&agent=0&key=${sshd.keyFile}${query}`;
  const tools = {
    driverOf: () => driverNamed('haproxy'),
    driverTools: realTools,
    connect: (...[parsed, request, report, signal]: Parameters<Parameters<typeof testDevice>[1]['connect']>) =>
      testedSession(parsed, request, surroundings, report, signal),
    newHostKeyOf: unknownHostKey,
    onReport: () => undefined,
  };
  return testDevice({ testId: 't', address, credentials }, tools, AbortSignal.timeout(120_000));
}

describe.skipIf(isMissing('haproxy', 'sshd', 'sudo', 'socat') || userInfo().uid !== 0)(
  'sudo that asks for a password',
  { timeout: 120_000 },
  () => {
    const sudoers = `/etc/sudoers.d/steelyard-test-asks-${process.pid}`;
    let sshd: Sshd;
    let rig: Haproxy;
    const guest = { name: '', password: '' };
    beforeAll(async () => {
      sshd = await startSshd({ user: true });
      Object.assign(guest, sshd.guest);
      writeFileSync(sudoers, `${guest.name} ALL=(root) ALL\n`, { mode: 0o440 });
      rig = await startHaproxy({ sections });
    });
    afterAll(async () => {
      rmSync(sudoers, { force: true });
      await rig.close();
      await sshd.close();
    });

    test('is given it, and the device is read and may be changed', async () => {
      const report = await walk(sshd, rig, '&sudo=password', { sudoPassword: guest.password }, guest.name);
      expect(report.steps.filter(({ state }) => state !== 'done')).toEqual([]);
      const given = report.facts?.capabilities.filter(({ isPresent }) => isPresent).map(({ id }) => id);
      expect(given).toEqual(expect.arrayContaining(['poll', 'write', 'check', 'run-time', 'reload']));
    });

    test("takes the account's own password where none is given for it", async () => {
      const report = await walk(sshd, rig, '&sudo=password', { password: guest.password }, guest.name);
      expect(report.steps.filter(({ state }) => state !== 'done')).toEqual([]);
    });

    test('refuses a wrong one: that is said in its own words, and the password stands nowhere', async () => {
      const report = await walk(sshd, rig, '&sudo=password', { sudoPassword: 'not-the-one' }, guest.name);
      const failed = report.steps.find(({ state }) => state === 'failed');
      expect(failed?.problem).toMatchObject({
        code: 'AUTH_FAILED',
        detail: 'sudo on the host did not take the password. Nothing was run.',
        raw: expect.stringContaining('incorrect password attempt') as string,
      });
      expect(JSON.stringify(report)).not.toContain('not-the-one');
    });

    test('with none stored says where to give it', async () => {
      const report = await walk(sshd, rig, '&sudo=password', {}, guest.name);
      expect(report.steps.find(({ state }) => state === 'failed')?.problem).toMatchObject({
        code: 'AUTH_FAILED',
        detail: expect.stringContaining('--ask-sudo-password') as string,
      });
    });

    test('an account that may not use sudo at all is told so', async () => {
      writeFileSync(sudoers, '', { mode: 0o440 });
      try {
        const report = await walk(sshd, rig, '&sudo=password', { sudoPassword: guest.password }, guest.name);
        expect(report.steps.find(({ state }) => state === 'failed')?.problem).toMatchObject({
          code: 'PERMISSION_DENIED',
          raw: expect.stringContaining('not in the sudoers file') as string,
        });
      } finally {
        writeFileSync(sudoers, `${guest.name} ALL=(root) ALL\n`, { mode: 0o440 });
      }
    });
  },
);

describe.skipIf(isMissing('haproxy', 'sshd'))(
  'an SSH server that knows old algorithms alone',
  { timeout: 60_000 },
  () => {
    const old = [
      'KexAlgorithms diffie-hellman-group14-sha1',
      'HostKeyAlgorithms ssh-rsa',
      'Ciphers aes128-cbc',
      'MACs hmac-sha1-96',
    ];
    let rig: Haproxy;
    let accounts: Accounts | undefined;
    const servers: Sshd[] = [];
    beforeAll(async () => {
      accounts = makeAccountsIfRoot();
      rig = await startHaproxy({ sections, accounts });
    });
    afterEach(async () => {
      for (const server of servers.splice(0)) await server.close();
    });
    afterAll(async () => {
      await rig.close();
      accounts?.close();
    });
    async function start(config: readonly string[]): Promise<Sshd> {
      const sshd = await startSshd({ config, hostKeys: ['rsa'], accounts });
      servers.push(sshd);
      return sshd;
    }

    test.each(old.slice(0, 3))('is refused, and the way round is told: %s', async (line) => {
      const sshd = await start([line]);
      const report = await walk(sshd, rig, '', {});
      expect(report.steps.find(({ id }) => id === 'host-key')?.problem).toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining('legacy=1') as string,
      });
    });

    test('is reached where they are allowed for it, with a warning that names them', async () => {
      const sshd = await start(old);
      const report = await walk(sshd, rig, '&legacy=1', {});
      expect(report.steps.filter(({ state }) => state !== 'done')).toEqual([]);
      expect(report.steps.find(({ id }) => id === 'host-key')?.detail).toMatch(
        /legacy algorithms are in use, which are weak: diffie-hellman-group14-sha1, ssh-rsa, aes128-cbc, hmac-sha1-96$/,
      );
    });

    test('where better ones are there too, those are taken and nothing is warned of', async () => {
      const sshd = await start([
        'KexAlgorithms +diffie-hellman-group14-sha1',
        'HostKeyAlgorithms +ssh-rsa',
        'Ciphers +aes128-cbc',
      ]);
      const report = await walk(sshd, rig, '&legacy=1', {});
      expect(report.steps.filter(({ state }) => state !== 'done')).toEqual([]);
      expect(report.steps.find(({ id }) => id === 'host-key')?.detail).not.toContain('legacy');
    });
  },
);

describe.skipIf(isMissing('haproxy', 'sshd') || userInfo().uid !== 0)(
  'an sshd that asks by PAM alone (keyboard-interactive)',
  { timeout: 60_000 },
  () => {
    let sshd: Sshd;
    let rig: Haproxy;
    const guest = { name: '', password: '' };
    beforeAll(async () => {
      // Of two lines the first counts, so these go before the rig's own.
      sshd = await startSshd({
        user: true,
        first: ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'AuthenticationMethods keyboard-interactive'],
      });
      Object.assign(guest, sshd.guest);
      rig = await startHaproxy({ sections, socketWords: 'mode 666 level admin' });
    });
    afterAll(async () => {
      await rig.close();
      await sshd.close();
    });

    test('is answered with the password that is known', async () => {
      const report = await walk(sshd, rig, '', { password: guest.password }, guest.name);
      expect(report.steps.find(({ id }) => id === 'authentication')).toMatchObject({
        state: 'done',
        detail: `signed in as "${guest.name}" with the answers to its questions`,
      });
      expect(report.steps.filter(({ state }) => state !== 'done')).toEqual([]);
    });

    test('that refuses it asks again, and with nobody there its question is told, never the password', async () => {
      const report = await walk(sshd, rig, '', { password: 'not-the-one' }, guest.name);
      expect(report.steps.find(({ id }) => id === 'authentication')?.problem).toMatchObject({ code: 'AUTH_FAILED' });
      expect(JSON.stringify(report)).not.toContain('not-the-one');
    });
  },
);
