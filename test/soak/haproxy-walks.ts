import { openCalledConsole } from '../rigs/console-calls.ts';
import { type FaultName, faults, judgeWalk, walkSteps } from '../rigs/failure-walk.ts';
import { startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { canMountDisks } from '../rigs/small-disk.ts';

/** Every fault at every step of a push, on a real HAProxy over a real sshd: the device is wholly old or wholly new, and nothing is left. */
const kinds = Object.keys(faults) as FaultName[]; // Object.keys gives string[]
const walks = kinds.flatMap((kind) => walkSteps.map((step) => ({ kind, step })));
const share = Number(process.env['STEELYARD_SCALE'] ?? 1);
const chosen = share >= 1 ? walks : walks.filter((_, index) => index % Math.round(1 / share) === 0);

if (isMissing('haproxy', 'sshd', 'socat') || !canMountDisks()) {
  process.stdout.write('skipped: it takes root, haproxy, sshd and socat\n');
} else {
  const failures: string[] = [];
  const site = await startSite({ hasSmallDisks: true });
  const called = await openCalledConsole(site.dataDir);
  try {
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    for (const { kind, step } of chosen) {
      const plan = await called.call('plan.make', {
        device: 'lb',
        desired: { pools: [{ name: 'app', algorithm: 'least-connections' }] },
      });
      failures.push(...(await judgeWalk(site, called, plan, step, kind)));
    }
  } finally {
    await called.console.close();
    await site.close();
  }
  process.stdout.write(`${chosen.length} walks, ${failures.length} promises broken\n`);
  for (const failure of failures) process.stdout.write(`${failure}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
