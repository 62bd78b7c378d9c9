import { rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import type { Plan } from '../../../src-main/contract/plan.ts';
import { type CalledConsole, openCalledConsole } from '../console-calls.ts';
import { freePort } from '../free-port.ts';
import { type Site, startSite } from '../haproxy-site.ts';
import { isMissing } from '../need.ts';
import { canMountDisks } from '../small-disk.ts';
import { onSuddenEnd } from '../watchdog.ts';
import { type Fault, untilServing } from './faults.ts';

/** A site whose one HAProxy is two devices of the inventory: `lb`, and `lb-sudo`, to which everything goes by sudo. */
export interface Walker {
  readonly site: Site;
  /** The console that is open now: a walk that needs one in another process closes it and opens another. */
  called: CalledConsole;
  readonly reopen: () => Promise<void>;
  readonly sudoersFile: string;
  readonly allowSudo: () => void;
  /** What a plan with `needsPort` binds, and who has taken it. */
  readonly port: number;
  taker: Server | undefined;
  readonly plan: (fault: Fault) => Promise<Plan>;
  readonly close: () => Promise<void>;
}

/** What a walk takes: mounts (root), and the programs. */
export function cannotWalk(): boolean {
  return isMissing('haproxy', 'sshd', 'socat', 'sudo', 'faketime') || !canMountDisks();
}

export async function startWalker(): Promise<Walker> {
  const site = await startSite({ hasSmallDisks: true, serverWords: 'weight 1 check inter 200ms fall 2 rise 1' });
  const sudoersFile = `/etc/sudoers.d/steelyard-walk-${process.pid}-${String(site.relay.port)}`;
  const watchdog = onSuddenEnd(`rm -f ${sudoersFile}`);
  function allowSudo(): void {
    writeFileSync(sudoersFile, `${site.accounts?.pusher ?? ''} ALL=(root) NOPASSWD: ALL\n`, { mode: 0o440 });
  }
  allowSudo();
  await untilServing(site);
  const port = await freePort();
  let version = 0;
  const walker: Walker = {
    site,
    called: await openCalledConsole(site.dataDir),
    reopen: async () => {
      await walker.called.console.close();
      walker.called = await openCalledConsole(site.dataDir);
    },
    sudoersFile,
    allowSudo,
    port,
    taker: undefined,
    plan: ({ device = 'lb', needsPort }) =>
      needsPort === true
        ? walker.called.call('history.plan', { device, version })
        : walker.called.call('plan.make', {
            device,
            desired: { pools: [{ name: 'app', algorithm: 'least-connections' }] },
          }),
    close: async () => {
      await walker.called.console.close();
      watchdog.disarm();
      rmSync(sudoersFile, { force: true });
      await site.close();
    },
  };
  for (const [name, more] of [
    ['lb', ''],
    ['lb-sudo', '&sudo=1'],
  ] as const) {
    await walker.called.call('devices.add', {
      spec: { name, address: `${site.address}${more}`, environment: 'staging' },
    });
  }
  version = await makeVersion(walker);
  return walker;
}

/** A version of the history that binds the port besides; the file is as before again. */
async function makeVersion({ site, called, port }: Walker): Promise<number> {
  const old = site.haproxy.readConfig();
  writeFileSync(site.haproxy.configFile, old.replace('default_backend', `bind 127.0.0.1:${port}\n    default_backend`));
  const { fingerprint } = await called.call('devices.read', { device: 'lb' });
  writeFileSync(site.haproxy.configFile, old);
  for (;;) {
    const found = (await called.call('history.list', { device: 'lb' })).find((one) => one.fingerprint === fingerprint);
    await called.call('devices.read', { device: 'lb' });
    if (found !== undefined) return found.id;
  }
}

/** Where the console of a walk that sets clocks reads how far its own is off. */
export function jumpFile({ site }: Walker): string {
  return join(site.sshd.directory, 'jump');
}
