import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { type Accounts, makeAccountsIfRoot } from '../rigs/accounts.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type HaproxyDevice, openHaproxyDevice } from '../rigs/haproxy-device.ts';
import { type Haproxy, type HaproxyOptions, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { pasteSteps, planOf, sendSteps } from '../rigs/push-loop.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const signal = AbortSignal.timeout(900_000);
const planId = 'plan01';

interface Rig extends HaproxyDevice {
  readonly rig: Haproxy;
  readonly plan: (desired: Desired) => Promise<Plan>;
}

// Many real reloads and logins' worth of commands: slow on a busy machine, so each may take its time.
describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen', 'socat'))(
  'changing a real HAProxy over SSH',
  { timeout: 300_000 },
  () => {
    let sshd: Sshd;
    let accounts: Accounts | undefined;
    let backends: Backends;
    const opened: Rig[] = [];
    beforeAll(async () => {
      accounts = makeAccountsIfRoot();
      sshd = await startSshd({ accounts });
      backends = await startBackends(3);
    });
    afterEach(async () => {
      for (const { session, rig } of opened.splice(0)) {
        session.close();
        await rig.close();
      }
    });
    afterAll(async () => {
      await backends.close();
      await sshd.close();
      accounts?.close();
    });

    /** By the account that pushes. Where no master's socket is opened to it, HAProxy is its own. */
    async function start(options: Partial<HaproxyOptions> & { readonly app?: string } = {}): Promise<Rig> {
      const sections = options.sections ?? `backend app\n    balance roundrobin\n${options.app ?? servers(2)}\n`;
      const isPushersOwn = (options.shape ?? 'master-cli') !== 'master-cli';
      const rig = await startHaproxy({ accounts, isPushersOwn, ...options, sections });
      const device = await openHaproxyDevice(sshd, `config=${rig.configFile}&socket=${rig.socket}`);
      async function plan(desired: Desired): Promise<Plan> {
        const reading = await device.device.read(signal);
        const edit = diffModel(reading.model, desired, 'merge');
        return planOf(await device.device.plan(reading, edit, planId, signal), planId);
      }
      opened.push({ rig, ...device, plan });
      return { rig, ...device, plan };
    }
    function openTo(level: 'admin' | 'operator'): string {
      const words = accounts?.words.socketWords ?? 'mode 600 level admin';
      return words.replace('level admin', `level ${level}`);
    }
    function servers(count: number, more = ''): string {
      const lines = backends.ports
        .slice(0, count)
        .map((port, index) => `    server b${index + 1} 127.0.0.1:${port}${more}`);
      return lines.join('\n');
    }
    async function push({ session, device }: Rig, plan: Plan): Promise<void> {
      await sendSteps(session, plan.steps);
      expect(await device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
    }
    async function revert({ session, device }: Rig, plan: Plan): Promise<void> {
      await sendSteps(session, plan.revert);
      expect(await device.standing(plan, 'old', signal)).toEqual({ file: 'old', differences: [] });
    }
    function leftOvers(rig: Haproxy): string[] {
      return readdirSync(rig.directory).filter((name) => name.includes('steelyard'));
    }
    /** Weight and admin state of every server, as the process says them. */
    async function runningServers({ device }: Rig): Promise<Record<string, unknown>> {
      const { pools } = await device.poll(signal);
      const members = pools.flatMap((pool) =>
        pool.members.map((member) => [`${pool.name}/${member.name}`, member] as const),
      );
      return Object.fromEntries(
        members.map(([name, { weight, adminState }]) => [name, `${weight ?? ''} ${adminState ?? ''}`]),
      );
    }
    const threeToOne: Desired = { pools: [{ name: 'app', members: [{ name: 'b1', weight: 3 }] }] };
    const leastConnections: Desired = { pools: [{ name: 'app', algorithm: 'least-connections' }] };

    test('weights 1:1 to 3:1 move the share of 2,000 requests exactly, without a reload, and back', async () => {
      const rig = await start();
      const before = rig.rig.readConfig();
      const pid = await rig.rig.answeringPid();
      expect((await sendRequests(rig.rig.port, 2000)).byBackend).toEqual({ b1: 1000, b2: 1000 });
      const plan = await rig.plan(threeToOne);
      expect(plan).toMatchObject({ cost: 'runtime', losses: [], affects: [] });
      await push(rig, plan);
      expect((await sendRequests(rig.rig.port, 2000)).byBackend).toEqual({ b1: 1500, b2: 500 });
      const after = before.replace(/(server b1 \S+)/, '$1 weight 3');
      expect(rig.rig.readConfig()).toBe(after);
      expect((await rig.device.read(signal)).fingerprint).toBe(plan.resultsIn);
      await revert(rig, plan);
      expect((await sendRequests(rig.rig.port, 2000)).byBackend).toEqual({ b1: 1000, b2: 1000 });
      expect(rig.rig.readConfig()).toBe(before);
      expect(leftOvers(rig.rig)).toEqual([]);
      expect(await rig.rig.answeringPid()).toBe(pid);
    });

    test('keeping removes what the push left beside the file', async () => {
      const rig = await start();
      const plan = await rig.plan(threeToOne);
      await push(rig, plan);
      expect(leftOvers(rig.rig)).toEqual(
        ['hold', 'old', 'pid', 'until'].map((name) => `haproxy.cfg.steelyard-${planId}.${name}`),
      );
      await sendSteps(rig.session, plan.keep);
      expect(leftOvers(rig.rig)).toEqual([]);
    });

    test.each([
      ['a weight', threeToOne],
      ['an algorithm', leastConnections],
    ])('%s: what is shown, pasted into bash, does what the push does, and takes it back', async (_, desired) => {
      const rig = await start();
      const before = [rig.rig.readConfig(), await runningServers(rig)];
      const plan = await rig.plan(desired);
      const pasted = await pasteSteps(plan.steps, accounts?.asPusher);
      expect(
        pasted.statuses.every((status) => status === 0),
        pasted.output,
      ).toBe(true);
      expect(await rig.device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
      const after = [rig.rig.readConfig(), await runningServers(rig)];
      await sendSteps(rig.session, plan.revert);
      expect(await rig.device.standing(plan, 'old', signal)).toEqual({ file: 'old', differences: [] });
      await push(rig, plan);
      expect([rig.rig.readConfig(), await runningServers(rig)]).toEqual(after);
      const back = await pasteSteps(plan.revert, accounts?.asPusher);
      expect(
        back.statuses.every((status) => status === 0),
        back.output,
      ).toBe(true);
      expect(await rig.device.standing(plan, 'old', signal)).toEqual({ file: 'old', differences: [] });
      expect([rig.rig.readConfig(), await runningServers(rig)]).toEqual(before);
    });

    test('nothing is sent that was not shown', async () => {
      const rig = await start();
      const plan = await rig.plan(threeToOne);
      const from = rig.sent.length;
      await sendSteps(rig.session, [...plan.steps, ...plan.keep]);
      const shown = [...plan.steps, ...plan.keep].flatMap((step) => step.commands.map((command) => command.shown));
      for (const text of rig.sent.slice(from)) {
        expect(
          shown.some((line) => line.includes(text.trim())),
          text,
        ).toBe(true);
      }
      expect(rig.sent.slice(from)).toHaveLength(shown.length);
    });

    test.each([
      ['a weight', threeToOne],
      ['an algorithm', leastConnections],
    ])(
      '%s: the revert, begun after any command of the push and after any of its own, leaves all as it was',
      async (_, desired) => {
        // Its owner sees whether a reload was asked for; who has the master's socket alone goes back by one in any case.
        const rig = await start({ isPushersOwn: true });
        const before = [rig.rig.readConfig(), await runningServers(rig)];
        const plan = await rig.plan(desired);
        const commands = plan.steps.flatMap((step) =>
          step.commands.map((command) => ({ ...step, commands: [command] })),
        );
        for (let count = 0; count <= commands.length; count += 1) {
          await sendSteps(rig.session, commands.slice(0, count));
          const standing = await rig.device.standing(plan, 'old', signal);
          expect(standing.file, `after ${count} commands`).toBe(rig.rig.readConfig() === before[0] ? 'old' : 'new');
          // Cut off after the first step of the revert, then begun anew.
          await sendSteps(rig.session, plan.revert.slice(0, 1));
          await revert(rig, plan);
          expect([rig.rig.readConfig(), await runningServers(rig)], `after ${count} commands`).toEqual(before);
          expect(leftOvers(rig.rig)).toEqual([]);
        }
      },
    );

    test.each([
      ['a master with a socket', { shape: 'master-cli' }],
      ['a master reached by a signal', { shape: 'master' }],
      ['no master, with a pid file', { shape: 'daemon' }],
      ['no master and no pid file', { shape: 'daemon', hasPidFile: false }],
      ['no master, listeners handed over', { shape: 'daemon', exposes: true }],
      [
        'an environment',
        { shape: 'daemon', env: { SY_WEIGHT: "2' $(x)" }, global: '    setenv SY_COPY "${SY_WEIGHT}"\n' },
      ],
    ] as const)('a change of algorithm is in force when a new process answers: %s', async (_, options) => {
      const rig = await start({
        app: servers(2),
        ...options,
        ...('exposes' in options ? { socketWords: `${openTo('admin')} expose-fd listeners` } : {}),
      });
      await sendRequests(rig.rig.port, 10);
      backends.setDelay('b1', 1500);
      backends.setDelay('b2', 1500);
      const held = download(rig.rig.port);
      await expect.poll(() => backends.counts()['b1']?.requests ?? 0).toBeGreaterThan(0);
      const old = await rig.rig.answeringPid();
      const plan = await rig.plan(leastConnections);
      expect(plan).toMatchObject({ cost: 'reload', losses: [expect.stringContaining('Counters') as string] });
      await push(rig, plan);
      backends.setDelay('b1', 0);
      backends.setDelay('b2', 0);
      expect(await rig.rig.answeringPid()).not.toBe(old);
      expect((await rig.device.poll(signal)).pools[0]?.algorithm).toBe('least-connections');
      expect(await held).toBe(200);
      await revert(rig, plan);
      expect((await rig.device.poll(signal)).pools[0]?.algorithm).toBe('round-robin');
      expect((await sendRequests(rig.rig.port, 100)).statuses).toEqual({ 200: 100 });
    });

    test('where a reload would end the service, the plan refuses and says why', async () => {
      const rig = await start({ shape: 'foreground' });
      await expect(rig.plan(leastConnections)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining('foreground without a master') as string,
      });
      await push(rig, await rig.plan(threeToOne));
    });

    test('a member added gets its share and one removed gets nothing, and no request fails', async () => {
      const rig = await start();
      // A connection each: an old process closes idle ones as it is replaced, and who sends on one at that moment has to send again.
      const each = { concurrency: 4, keepAlive: false };
      const traffic = sendRequests(rig.rig.port, 3000, each);
      const port = backends.ports[2] ?? 0;
      const add = await rig.plan({ pools: [{ name: 'app', members: [{ name: 'b3', address: '127.0.0.1', port }] }] });
      await push(rig, add);
      await sendSteps(rig.session, add.keep);
      expect((await traffic).failures).toEqual([]);
      expect((await sendRequests(rig.rig.port, 300)).byBackend).toEqual({ b1: 100, b2: 100, b3: 100 });
      const more = sendRequests(rig.rig.port, 3000, each);
      const remove = await rig.plan({ pools: [{ name: 'app', members: [{ name: 'b1', absent: true }] }] });
      await push(rig, remove);
      expect((await more).statuses).toEqual({ 200: 3000 });
      expect((await sendRequests(rig.rig.port, 300)).byBackend).toEqual({ b2: 150, b3: 150 });
      await revert(rig, remove);
      expect((await sendRequests(rig.rig.port, 300)).byBackend).toEqual({ b1: 100, b2: 100, b3: 100 });
    });

    test('drained, disabled and enabled at run time, and the same after a reload by a third hand', async () => {
      const rig = await start({ app: servers(2, ' weight 5') });
      const original = rig.rig.readConfig();
      async function become(adminState: 'enabled' | 'draining' | 'disabled'): Promise<void> {
        const plan = await rig.plan({ pools: [{ name: 'app', members: [{ name: 'b1', adminState }] }] });
        expect(plan.cost).toBe('runtime');
        await push(rig, plan);
        await sendSteps(rig.session, plan.keep);
      }
      async function reload(): Promise<void> {
        const old = await rig.rig.answeringPid();
        rig.rig.reload();
        await expect.poll(() => rig.rig.answeringPid().catch(() => old), { timeout: 10_000 }).not.toBe(old);
      }
      for (const [state, shares] of [
        ['draining', { b2: 100 }],
        ['disabled', { b2: 100 }],
        ['enabled', { b1: 50, b2: 50 }],
        ['draining', { b2: 100 }],
        ['enabled', { b1: 50, b2: 50 }],
      ] as const) {
        await become(state);
        expect((await rig.device.read(signal)).model.pools[0]?.members[0]).toMatchObject({
          adminState: state,
          weight: 5,
        });
        expect((await sendRequests(rig.rig.port, 100)).byBackend, state).toEqual(shares);
        await reload();
        expect((await sendRequests(rig.rig.port, 100)).byBackend, `${state}, reloaded`).toEqual(shares);
      }
      expect(rig.rig.readConfig()).toBe(original);
    });

    test('a weight that a static algorithm does not take at run time costs a reload, 0 does not', async () => {
      const rig = await start({ sections: `backend app\n    balance static-rr\n${servers(2, ' weight 2')}\n` });
      const heavy = await rig.plan(threeToOne);
      expect(heavy.cost).toBe('reload');
      expect(heavy.warnings.join(' ')).toContain('app/b1 started with 2');
      await push(rig, heavy);
      expect((await sendRequests(rig.rig.port, 500)).byBackend).toEqual({ b1: 300, b2: 200 });
      await sendSteps(rig.session, heavy.keep);
      const none = await rig.plan({ pools: [{ name: 'app', members: [{ name: 'b1', weight: 0 }] }] });
      expect(none.cost).toBe('runtime');
      await push(rig, none);
      expect((await sendRequests(rig.rig.port, 100)).byBackend).toEqual({ b2: 100 });
      await revert(rig, none);
      expect((await sendRequests(rig.rig.port, 500)).byBackend).toEqual({ b1: 300, b2: 200 });
    });

    test('a plan names what a reload takes from others, and who follows a state', async () => {
      const rig = await start({
        global: '    hard-stop-after 45s\n',
        sections: `backend app\n    stick-table type ip size 1k\n${servers(2, ' check')}
backend other\n    server x 127.0.0.1:1 track app/b1\n    server y 127.0.0.1:1\n`,
      });
      await rig.rig.ask('set server other/y weight 9');
      await rig.rig.ask('set server app/b2 state drain');
      const reload = await rig.plan(leastConnections);
      expect(reload.affects.map(({ name }) => name)).toEqual(['app/b2', 'other/y']);
      expect(reload.losses.join(' ')).toMatch(/45 s after.*Stick tables start empty.*app/);
      const drain = await rig.plan({ pools: [{ name: 'app', members: [{ name: 'b1', adminState: 'disabled' }] }] });
      expect(drain.affects).toEqual([
        { kind: 'member', name: 'other/x', why: 'it tracks app/b1, so its state follows' },
      ]);
    });

    test('what HAProxy refuses changes nothing, and its own words name file and line', async () => {
      const rig = await start();
      const before = rig.rig.readConfig();
      const member = { name: 'b3', address: 'no-such-host.invalid', port: 80 };
      const plan = await rig.plan({ pools: [{ name: 'app', members: [member] }] });
      await expect(sendSteps(rig.session, plan.steps)).rejects.toMatchObject({
        code: 'COMMAND_REJECTED',
        raw: expect.stringMatching(/haproxy\.cfg\S*:\d+\].*no-such-host\.invalid/s) as string,
      });
      await revert(rig, plan);
      expect(rig.rig.readConfig()).toBe(before);
      expect(leftOvers(rig.rig)).toEqual([]);
    });

    test('a file changed by another hand stops the push before anything is written, and its revert too', async () => {
      const rig = await start();
      const plan = await rig.plan(threeToOne);
      const foreign = `${rig.rig.readConfig()}# another hand\n`;
      writeFileSync(rig.rig.configFile, foreign);
      await expect(sendSteps(rig.session, plan.steps)).rejects.toMatchObject({
        raw: expect.stringContaining('FAILED') as string,
      });
      expect(leftOvers(rig.rig)).toEqual([]);
      expect(await rig.device.standing(plan, 'old', signal)).toMatchObject({ file: 'foreign' });
      await expect(sendSteps(rig.session, plan.revert)).rejects.toMatchObject({
        raw: expect.stringContaining('another hand') as string,
      });
      // Even after the comparison: the rename itself looks again.
      await expect(sendSteps(rig.session, plan.steps.slice(1))).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
      expect(rig.rig.readConfig()).toBe(foreign);
      const reading = await rig.device.read(signal);
      writeFileSync(rig.rig.configFile, `${foreign}# and again\n`);
      const edit = diffModel(reading.model, threeToOne, 'merge');
      await expect(rig.device.plan(reading, edit, planId, signal)).rejects.toMatchObject({ code: 'PLAN_STALE' });
    });

    test('a reload that fails leaves the old process, says so, and goes back', async () => {
      const rig = await start({ isPushersOwn: true });
      const old = await rig.rig.answeringPid();
      const plan = await rig.plan(leastConnections);
      const reloadAt = plan.steps.findIndex((step) => step.id === 'reload');
      await sendSteps(rig.session, plan.steps.slice(0, reloadAt));
      // The file is right, but nobody asked for the reload: the old process still answers.
      const standing = await rig.device.standing(plan, 'new', signal);
      expect(standing.file).toBe('new');
      expect(standing.differences.join(' ')).toContain('balances by roundrobin');
      await revert(rig, plan);
      expect(await rig.rig.answeringPid()).toBe(old);
    });

    test('a socket that may only read refuses a change at run time, naming what to write', async () => {
      const rig = await start({ socketWords: openTo('operator') });
      await expect(rig.plan(threeToOne)).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining('level admin') as string,
      });
      await push(rig, await rig.plan(leastConnections));
    });

    test('several files, a symbolic link, owner and mode, and odd bytes survive a change', async () => {
      const rig = await start({
        sections: 'backend none\n    server x 127.0.0.1:1\n',
        more: { 'app.cfg': `# caf\u00e9 100% \\ "quotes" it's\nbackend app\n${servers(2, ' # \\n %s')}\n# end\n` },
      });
      const file = `${rig.rig.directory}/app.cfg`;
      const real = `${rig.rig.directory}/real place.cfg`;
      renameSync(file, real);
      symlinkSync('real place.cfg', file);
      // The group is one that the account may give; the owner is another than it.
      chmodSync(real, 0o640);
      if (accounts !== undefined) chownSync(real, 1, statSync(rig.rig.configFile).gid);
      const [before, was] = [readFileSync(real), statSync(real)];
      const plan = await rig.plan(threeToOne);
      await push(rig, plan);
      const is = statSync(real);
      expect([is.gid, is.mode, readlinkSync(file)]).toEqual([was.gid, was.mode, 'real place.cfg']);
      const { stdout } = await rig.session.exec('id -u');
      expect(is.uid).toBe(Number(stdout.toString()));
      expect(readFileSync(real, 'latin1')).toBe(before.toString('latin1').replace(/(server b1 \S+)/, '$1 weight 3'));
      expect((await sendRequests(rig.rig.port, 100)).byBackend).toEqual({ b1: 75, b2: 25 });
      await revert(rig, plan);
      expect(readFileSync(real).equals(before)).toBe(true);
      expect(existsSync(`${real}.steelyard-${planId}.old`)).toBe(false);
    });

    test('a version from history comes back: weights at run time, an algorithm by a reload', async () => {
      const rig = await start();
      const { files } = await rig.device.read(signal);
      const { planFiles } = rig.device;
      if (planFiles === undefined) throw new Error('HAProxy brings whole files back.');
      await push(rig, await rig.plan(threeToOne));
      const light = planOf(await planFiles(await rig.device.read(signal), files, 'back01', signal), 'back01');
      expect(light.cost).toBe('runtime');
      await push(rig, light);
      expect((await sendRequests(rig.rig.port, 100)).byBackend).toEqual({ b1: 50, b2: 50 });
      await push(rig, await rig.plan(leastConnections));
      const heavy = planOf(await planFiles(await rig.device.read(signal), files, 'back02', signal), 'back02');
      expect(heavy.cost).toBe('reload');
      await push(rig, heavy);
      expect((await rig.device.poll(signal)).pools[0]?.algorithm).toBe('round-robin');
      expect(rig.rig.readConfig()).toBe(files[0]?.bytes.toString());
    });
  },
);

/** Status of one slow request on a connection of its own. */
function download(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/?bytes=100000', agent: false }, (response) => {
      response.resume();
      response.on('end', () => {
        resolve(response.statusCode ?? 0);
      });
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
