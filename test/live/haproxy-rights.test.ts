import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { makeAccounts } from '../rigs/accounts.ts';
import { type HaproxyDevice, openHaproxyDevice } from '../rigs/haproxy-device.ts';
import { type Haproxy, type HaproxyOptions, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { planOf, sendSteps } from '../rigs/push-loop.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const signal = AbortSignal.timeout(600_000);
const sections = 'backend app\n    balance roundrobin\n    server a 127.0.0.1:1\n    server b 127.0.0.1:2\n';
const weight = { pools: [{ name: 'app', members: [{ name: 'a', weight: 3 }] }] };
const algorithm = { pools: [{ name: 'app', algorithm: 'least-connections' as const }] };
const isRoot = userInfo().uid === 0;

// Another account has to be made, which takes root.
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'sudo') || !isRoot)(
  'HAProxy by an account that is not root',
  { timeout: 300_000 },
  () => {
    let sshd: Sshd;
    let guest = '';
    const opened: { readonly rig: Haproxy; readonly device: HaproxyDevice }[] = [];
    const sudoers = `/etc/sudoers.d/steelyard-test-${process.pid}`;
    beforeAll(async () => {
      sshd = await startSshd({ user: true });
      guest = sshd.guest?.name ?? '';
    });
    afterEach(async () => {
      rmSync(sudoers, { force: true });
      for (const { rig, device } of opened.splice(0)) {
        device.session.close();
        await rig.close();
      }
    });
    afterAll(async () => {
      await sshd.close();
    });

    async function start(options: Partial<HaproxyOptions>, query = '') {
      const rig = await startHaproxy({ sections, ...options });
      const device = await openHaproxyDevice(sshd, `config=${rig.configFile}${query}`, guest);
      opened.push({ rig, device });
      return { rig, ...device };
    }
    function allowSudo(): void {
      writeFileSync(sudoers, `${guest} ALL=(root) NOPASSWD: ALL\n`, { mode: 0o440 });
    }
    function open(rig: Haproxy, path: string, mode: number): void {
      const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, guest])));
      chownSync(path, uid ?? 0, gid ?? 0);
      chmodSync(path, mode);
    }
    async function plan({ device }: HaproxyDevice, desired: Parameters<typeof diffModel>[1]) {
      const reading = await device.read(signal);
      return planOf(await device.plan(reading, diffModel(reading.model, desired, 'merge'), 'plan01', signal), 'plan01');
    }

    test('a socket that is closed to it is a missing capability that names the remedy', async () => {
      const { device } = await start({});
      await expect(device.poll(signal)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringMatching(/may not use the socket.*group G.*sudo=1/s) as string,
      });
    });

    test('a configuration that it may not read is one too', async () => {
      const { rig, device } = await start({});
      chmodSync(rig.configFile, 0o600);
      await expect(device.read(signal)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining('may not read the configuration') as string,
      });
    });

    test('with the socket open it reads and polls, and is told why it may not change anything', async () => {
      const { rig, device, ...rest } = await start({});
      open(rig, rig.socket, 0o600);
      expect((await device.poll(signal)).pools[0]?.members).toHaveLength(2);
      const { facts } = await device.read(signal);
      const missing = Object.fromEntries(facts.capabilities.map((one) => [one.id, one.why]));
      expect(missing).toMatchObject({
        write: expect.stringContaining('may not write in') as string,
        reload: expect.stringContaining('may not signal') as string,
      });
      expect(missing['run-time']).toBeUndefined();
      await expect(plan({ device, ...rest }, weight)).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
    });

    test('with socket and directory open it changes weights, and the master socket lets it reload', async () => {
      const { rig, ...device } = await start({ shape: 'master-cli' });
      for (const path of [rig.socket, rig.masterSocket]) open(rig, path, 0o600);
      open(rig, rig.directory, 0o755);
      // A file of another group could not be put back as it was: nothing is put in place.
      const stranger = await plan(device, weight);
      await expect(sendSteps(device.session, stranger.steps)).rejects.toMatchObject({
        raw: expect.stringContaining('would belong to somebody else') as string,
      });
      await sendSteps(device.session, stranger.revert);
      chownSync(rig.configFile, 0, Number(execFileSync('id', ['-g', guest])));
      const light = await plan(device, weight);
      expect(light.cost).toBe('runtime');
      expect(light.warnings.join(' ')).toContain('will belong to the account that pushes');
      await sendSteps(device.session, light.steps);
      expect(await device.device.standing(light, 'new', signal)).toEqual({ file: 'new', differences: [] });
      await sendSteps(device.session, light.keep);
      const heavy = await plan(device, algorithm);
      expect(heavy.warnings.join(' ')).toContain('reloads even where no reload had been asked for');
      await sendSteps(device.session, heavy.steps);
      // The new process made its socket anew, with the rights that the configuration says.
      open(rig, rig.socket, 0o600);
      expect(await device.device.standing(heavy, 'new', signal)).toEqual({ file: 'new', differences: [] });
    });

    test('with sudo it does all of it, the socket through socat', async () => {
      allowSudo();
      const { rig, ...device } = await start(
        { shape: 'master', env: { SY_W: '2' }, sections: sections.replace(':2\n', ':2 weight "${SY_W}"\n') },
        '&sudo=1',
      );
      chmodSync(rig.configFile, 0o600);
      chmodSync(rig.directory, 0o711);
      const sample = await device.device.poll(signal);
      expect(sample.pools[0]?.members.map((member) => member.weight)).toEqual([1, 2]);
      expect((await device.device.read(signal)).model.pools[0]?.members.map((member) => member.weight)).toEqual([1, 2]);
      for (const desired of [weight, algorithm]) {
        const made = await plan(device, desired);
        const shown = made.steps.flatMap((step) => step.commands.map((command) => command.shown));
        expect(shown.every((text) => text.startsWith('sudo -n sh -c '))).toBe(true);
        await sendSteps(device.session, made.steps);
        expect(await device.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
        await sendSteps(device.session, made.revert);
        expect(await device.device.standing(made, 'old', signal)).toEqual({ file: 'old', differences: [] });
      }
    });

    test('where sudo asks for a password, that is said', async () => {
      const { device } = await start({}, '&sudo=1');
      await expect(device.read(signal)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining('sudo') as string,
      });
    });

    test('where sshd forbids sockets, socat on the host is the way', async () => {
      const accounts = makeAccounts();
      const closed = await startSshd({ allowStreamLocal: false, accounts });
      const rig = await startHaproxy({ sections, accounts });
      const { device, session } = await openHaproxyDevice(closed, `config=${rig.configFile}`);
      try {
        expect((await device.poll(signal)).pools[0]?.members).toHaveLength(2);
        const made = await plan({ device, session, sent: [] }, weight);
        await sendSteps(session, made.steps);
        expect(await device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
      } finally {
        session.close();
        await rig.close();
        await closed.close();
        accounts.close();
      }
    });
  },
);
