import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAddress } from '../../src-main/contract/address.ts';
import { type Desired, desiredSchema } from '../../src-main/contract/model.ts';
import type { Command, Plan, Step } from '../../src-main/contract/plan.ts';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { openHttp } from '../../src-main/transports/http.ts';
import type { HttpSession } from '../../src-main/transports/transport.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import type { OpenDevice, PlanDraft } from '../../src-main/vendors/vendor.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type RunningEngine, startEngine } from '../rigs/engine.ts';

const never = new AbortController().signal;
let backends: Backends;
let engine: RunningEngine;
let http: HttpSession;
let device: OpenDevice;

beforeEach(async () => {
  backends = await startBackends(['a', 'b']);
  const members = backends.names.map((name, index) => ({ name, address: '127.0.0.1', port: backends.ports[index] }));
  engine = await startEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members, monitors: ['health'] }],
    monitors: [{ name: 'health', type: 'http', path: '/health', intervalMs: 100 }],
  });
  const address = parseAddress(`engine+unix:${engine.socket}`);
  http = openHttp({ socketPath: engine.socket });
  const driver = drivers.find((one) => one.id === 'engine');
  if (!driver) throw new Error('the driver is not registered');
  device = driver.open({ kind: 'http', http }, address, {
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    certificate: () => undefined,
  });
});
afterEach(async () => {
  await engine.stop();
  await backends.close();
});

async function planFor(wish: unknown): Promise<Plan> {
  const reading = await device.read(never);
  const desired: Desired = desiredSchema.parse(wish);
  const edit = diffModel(reading.model, desired, 'merge');
  return whole(await device.plan(reading, edit, 'testplan', never), desired);
}
function whole(draft: PlanDraft, desired: Desired): Plan {
  const createdAt = new Date().toISOString();
  return { ...draft, version: 1, id: 'testplan', device: 'e', vendor: 'engine', createdAt, desired, changes: [] };
}
function commandsOf(steps: readonly Step[]): readonly Command[] {
  return steps.flatMap((step) => step.commands);
}
async function send(steps: readonly Step[]): Promise<void> {
  for (const command of commandsOf(steps)) {
    if (command.kind !== 'http') throw new Error('the engine takes HTTP alone');
    const { status, body } = await http.fetch(command.method, command.path, command.body);
    expect([status, body.toString()]).toEqual([expect.toSatisfy((code: number) => code < 300), expect.anything()]);
  }
}
async function paste(steps: readonly Step[]): Promise<void> {
  for (const command of commandsOf(steps)) await promisify(execFile)('sh', ['-c', command.shown]);
}
async function share(): Promise<Readonly<Record<string, number>>> {
  return (await sendRequests(engine.port, 2000)).byBackend;
}
const weightOfA = { pools: [{ name: 'app', members: [{ name: 'a', weight: 3 }] }] };

test('what the engine runs is read as the model, and what it counts is what the back ends count', async () => {
  const { model, facts } = await device.read(never);
  expect(model.pools[0]).toMatchObject({
    name: 'app',
    algorithm: 'round-robin',
    members: [
      { name: 'a', weight: 1, adminState: 'enabled' },
      { name: 'b', weight: 1, adminState: 'enabled' },
    ],
  });
  expect(facts.version).toMatch(/\d/);
  const clients = await sendRequests(engine.port, 500, { path: '/?bytes=5000', method: 'POST', body: 'x'.repeat(300) });
  const sample = await device.poll(never);
  for (const member of sample.pools[0]?.members ?? []) {
    const truth = backends.counts()[member.name];
    expect(member).toMatchObject({
      requests: String(truth?.requests),
      responses: { '2xx': String(truth?.responses['2xx']) },
      bytesIn: String(truth?.wireBytesIn),
      health: 'up',
    });
    expect(member.responseTimeMs?.p95).toBeGreaterThan(0);
    const counted = Object.values(member.responseTimeCounts ?? {}).map(Number);
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(Number(member.requests));
    expect(member.lastCheck?.result).toBeDefined();
  }
  expect(sample.virtualServers[0]).toMatchObject({
    name: 'web',
    address: '127.0.0.1',
    port: engine.port,
    requests: '500',
    bytesIn: String(Object.values(backends.counts()).reduce((sum, { wireBytesIn }) => sum + wireBytesIn, 0)),
    bytesOut: String(clients.wireBytesReceived),
  });
  const out = (sample.pools[0]?.members ?? []).map((member) => Number(member.bytesOut));
  expect(out.reduce((sum, bytes) => sum + bytes, 0)).toBe(clients.wireBytesReceived);
  expect(sample.epoch).toBe((await device.poll(never)).epoch);
});

test.each([
  ['sent', send],
  ['pasted into a shell', paste],
])(
  'weights 1:1 to 3:1 move the share of 2,000 requests exactly, and their inverse brings it back (%s)',
  async (_, run) => {
    expect(await share()).toEqual({ a: 1000, b: 1000 });
    const plan = await planFor(weightOfA);
    expect(await device.standing(plan, 'old', never)).toEqual({ file: 'old', differences: [] });
    await run(plan.steps);
    expect(await device.standing(plan, 'new', never)).toEqual({ file: 'new', differences: [] });
    expect((await device.read(never)).fingerprint).toBe(plan.resultsIn);
    expect(await share()).toEqual({ a: 1500, b: 500 });
    await run(plan.revert);
    expect(await device.standing(plan, 'old', never)).toEqual({ file: 'old', differences: [] });
    expect((await device.read(never)).fingerprint).toBe(plan.basedOn);
    expect(await share()).toEqual({ a: 1000, b: 1000 });
  },
);

test.each([
  ['sent', send],
  ['pasted into a shell', paste],
])(
  'another algorithm, an added and a removed member each land where the plan says, there and back (%s)',
  async (_, run) => {
    const third = await startBackends(["it's c"]);
    const member = { name: "it's c", address: '127.0.0.1', port: third.ports[0] };
    for (const [wish, serving] of [
      [{ pools: [{ name: 'app', algorithm: 'least-connections' }] }, ['a', 'b']],
      [{ pools: [{ name: 'app', members: [member] }] }, ['a', 'b', "it's c"]],
      [{ pools: [{ name: 'app', members: [{ name: 'b', absent: true }] }] }, ['a']],
      [
        {
          pools: [
            {
              name: 'app',
              members: [
                { name: 'a', adminState: 'disabled' },
                { name: 'b', weight: 7 },
              ],
            },
          ],
        },
        ['b'],
      ],
    ] as const) {
      const plan = await planFor(wish);
      await run(plan.steps);
      expect(await device.standing(plan, 'new', never)).toEqual({ file: 'new', differences: [] });
      const { byBackend, failures } = await sendRequests(engine.port, 300);
      expect([Object.keys(byBackend).sort(), failures]).toEqual([serving, []]);
      await run(plan.revert);
      expect(await device.standing(plan, 'old', never)).toEqual({ file: 'old', differences: [] });
    }
    await third.close();
  },
);

test('members come and go under traffic, and no request fails', async () => {
  const third = await startBackends(['c']);
  const member = { name: 'c', address: '127.0.0.1', port: third.ports[0] };
  let isOver = false;
  async function load(): Promise<readonly string[]> {
    const failures: string[] = [];
    while (!isOver) {
      const { statuses, failures: more } = await sendRequests(engine.port, 100, { path: '/?bytes=20000' });
      failures.push(...more, ...Object.keys(statuses).filter((status) => status !== '200'));
    }
    return failures;
  }
  const running = load();
  for (let round = 0; round < 5; round++) {
    const add = await planFor({ pools: [{ name: 'app', members: [member] }] });
    await send(add.steps);
    await expect.poll(() => third.counts()['c']?.requests).toBeGreaterThan(round * 50);
    const remove = await planFor({ pools: [{ name: 'app', members: [{ name: 'c', absent: true }] }] });
    await send(remove.steps);
  }
  isOver = true;
  expect(await running).toEqual([]);
  await third.close();
});

test('the connection test ends each step, and tells the first that fails', async () => {
  const steps: string[] = [];
  const { facts } = await device.test((step) => steps.push(`${step.id} ${step.state}`), never);
  expect(facts.version).toBe('0.0.0-test');
  expect(steps).toEqual(['privilege running', 'privilege done', 'version running', 'version done']);
  await engine.stop();
  await expect(device.test((step) => steps.push(`${step.id} ${step.state}`), never)).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  expect(steps.at(-1)).toBe('privilege failed');
});

test('what another hand does is seen: the fingerprint is another, and the standing is foreign', async () => {
  const plan = await planFor(weightOfA);
  await http.fetch('PATCH', '/v1/pools/app/members/b', '{"weight":9}');
  expect((await device.read(never)).fingerprint).not.toBe(plan.basedOn);
  expect(await device.standing(plan, 'old', never)).toEqual({
    file: 'foreign',
    differences: ['pools/app/members/b/weight is 9 instead of not there'],
  });
});

test('a version from history comes back as a whole', async () => {
  const { files } = await device.read(never);
  await send((await planFor(weightOfA)).steps);
  await send((await planFor({ pools: [{ name: 'app', algorithm: 'random' }] })).steps);
  const now = await device.read(never);
  if (device.planFiles === undefined) throw new Error('The engine brings whole files back.');
  const plan = whole(await device.planFiles(now, files, 'testplan', never), {});
  await send(plan.steps);
  expect((await device.read(never)).files).toEqual(files);
  await send(plan.revert);
  expect((await device.read(never)).fingerprint).toBe(now.fingerprint);
});

test('a change that the engine refuses changes nothing, and its own words say why', async () => {
  const plan = await planFor({ pools: [{ name: 'app', monitors: ['nothing'] }] });
  const [, step] = plan.steps;
  const [command] = step?.commands ?? [];
  if (command?.kind !== 'http') throw new Error('no command');
  const { status, body } = await http.fetch(command.method, command.path, command.body);
  expect(status).toBe(422);
  expect(body.toString()).toContain('nothing');
  expect((await device.read(never)).fingerprint).toBe(plan.basedOn);
});
