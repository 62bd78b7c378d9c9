import { AppError } from '../../src-main/contract/errors.ts';
import { endPhases, openCalledConsole } from './console-calls.ts';

/**
 * A console in a process of its own that works without end until it is killed: `busy-console.entry.ts DATADIR ENGINE-ADDRESS`. Each line on
 * stdout was fulfilled before it was printed: `set N` a setting, `secret NAME VALUE` a device with its sealed password, `kept ID` a push.
 */
const [dataDir = '', address = ''] = process.argv.slice(2);
const mostGuests = 20;
const called = await openCalledConsole(dataDir);
const known = (await called.call('devices.list', {})).map(({ spec }) => spec.name);
if (!known.includes('edge')) {
  await called.call('devices.add', { spec: { name: 'edge', address, environment: 'lab', pollIntervalMs: 100 } });
}
const guests = known.filter((name) => name.startsWith('guest'));
process.stdout.write('open\n');
let count = Number((await called.call('settings.get', {}))['count'] ?? 0);
for (;;) {
  count += 1;
  await called.call('settings.set', { key: 'count', value: String(count) });
  process.stdout.write(`set ${count}\n`);
  if (count % 3 === 0) await addGuest(`guest${count}`);
  if (count % 5 === 0) await push(1 + (count % 97));
}

async function addGuest(name: string): Promise<void> {
  const password = `pw-${name}-${Math.random()}`;
  const spec = {
    name,
    address: 'engine+unix:/nonexistent.sock',
    environment: 'lab',
    pollIntervalMs: 3_600_000,
  } as const;
  await called.call('devices.add', { spec, credentials: { password } });
  process.stdout.write(`secret ${name} ${password}\n`);
  guests.push(name);
  const oldest = guests.length > mostGuests ? guests.shift() : undefined;
  if (oldest === undefined) return;
  process.stdout.write(`leaving ${oldest}\n`);
  await called.call('devices.remove', { device: oldest });
}

async function push(weight: number): Promise<void> {
  try {
    const desired = { pools: [{ name: 'app', members: [{ name: 'a', weight }] }] };
    const plan = await called.call('plan.make', { device: 'edge', desired });
    await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'edge' });
    const { phase } = await called.pushIn(plan.id, ['waiting', ...endPhases]);
    if (phase !== 'waiting') return;
    await called.call('push.keep', { device: 'edge' });
    if ((await called.pushIn(plan.id, endPhases)).phase === 'kept') process.stdout.write(`kept ${plan.id}\n`);
  } catch (error) {
    // What the console before this one left half way is put right first.
    if (!(error instanceof AppError && ['LOCK_HELD', 'PLAN_STALE', 'PLAN_INVALID'].includes(error.code))) throw error;
  }
}
