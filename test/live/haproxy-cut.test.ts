import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeviceLink } from '../../src-main/console/device-link.ts';
import { pushTarget } from '../../src-main/console/target.ts';
import { parseAddress } from '../../src-main/contract/address.ts';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { Push } from '../../src-main/core/push/push.ts';
import type { PushJournal, PushTarget } from '../../src-main/core/push/target.ts';
import { HostLink } from '../../src-main/transports/host-link.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import { haproxy } from '../../src-main/vendors/haproxy/driver.ts';
import { type Accounts, makeAccountsIfRoot } from '../rigs/accounts.ts';
import { type Haproxy, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { planOf, realTools } from '../rigs/push-loop.ts';
import { openRelay, type Relay } from '../rigs/relay.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const signal = AbortSignal.timeout(900_000);
const clock = {
  now: () => Date.now(),
  setTimer: (ms: number, action: () => void) => {
    const timer = setTimeout(action, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
const journal: PushJournal = {
  begin: () => Promise.resolve(),
  note: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

/** What is done to the link as a command is sent; the commands of a plan take turns, for time. */
function cutBefore(relay: Relay): void {
  relay.cut();
}
function cutAtAnswer(relay: Relay): void {
  relay.cutAfter('down', 200);
}

describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen'))(
  'a push over a link that is cut',
  { timeout: 600_000 },
  () => {
    let sshd: Sshd;
    let relay: Relay;
    let rig: Haproxy;
    let link: DeviceLink;
    let accounts: Accounts | undefined;
    beforeEach(async () => {
      accounts = makeAccountsIfRoot();
      sshd = await startSshd({ accounts });
      relay = await openRelay({ host: sshd.host, port: sshd.port });
      const known = `[${relay.host}]:${relay.port} ${sshd.hostKey('ed25519')}\n`;
      writeFileSync(join(sshd.directory, 'relay-hosts'), known);
      rig = await startHaproxy({
        accounts,
        sections: 'backend app\n    balance roundrobin\n    server a 127.0.0.1:1\n    server b 127.0.0.1:2\n',
      });
      link = openLink();
    });
    afterEach(async () => {
      link.close();
      await rig.close();
      await relay.close();
      await sshd.close();
      accounts?.close();
    });

    /** Anew for each cut: a link that is cut again and again waits longer each time. */
    function openLink(): DeviceLink {
      const session = new HostLink({ open: openThroughRelay, now: () => performance.now(), chance: Math.random });
      const address = parseAddress(
        `haproxy+ssh://${sshd.user}@127.0.0.1:${relay.port}?config=${rig.configFile}&socket=${rig.socket}&hold=detached`,
      );
      return new DeviceLink(haproxy, address, { kind: 'host', host: session }, realTools);
    }
    function openThroughRelay(aborted: AbortSignal) {
      return openSsh({
        host: relay.host,
        port: relay.port,
        user: sshd.user,
        credentials: { keyFile: sshd.keyFile },
        knownHosts: { own: join(sshd.directory, 'relay-hosts'), others: [] },
        signal: aborted,
      });
    }
    async function makePlan(desired: Desired, id: string): Promise<Plan> {
      const reading = await link.device.read(signal);
      return planOf(await link.device.plan(reading, diffModel(reading.model, desired, 'merge'), id, signal), id);
    }
    /** A target whose link is cut once, as the command of this number is sent. */
    function cutAt(number: number, cut: (relay: Relay) => void): PushTarget {
      const target = pushTarget(link);
      let sent = 0;
      return {
        ...target,
        send: (command, aborted) => {
          sent += 1;
          if (sent === number) cut(relay);
          return target.send(command, aborted);
        },
      };
    }

    test.each([
      ['a weight', { pools: [{ name: 'app', members: [{ name: 'a', weight: 3 }] }] }],
      ['an algorithm', { pools: [{ name: 'app', algorithm: 'least-connections' as const }] }],
    ])('%s: wherever it is cut, the file is whole at once and all is as it was in the end', async (_, desired) => {
      const before = rig.readConfig();
      const count = (await makePlan(desired, 'count1')).steps.flatMap((step) => step.commands).length;
      for (let number = 1; number <= count; number += 1) {
        const cut = number % 2 === 0 ? cutBefore : cutAtAnswer;
        const where = `cut at command ${number}`;
        link.close();
        link = openLink();
        const plan = await makePlan(desired, `cut${number}x00`);
        const wholes = new Set([plan.driver['before'], plan.driver['after']]);
        const push = await Push.start(plan, 1000, {
          clock,
          journal,
          target: cutAt(number, cut),
          onChange: () => {
            expect(wholes.has(realTools.sha256(Buffer.from(rig.readConfig()))), where).toBe(true);
          },
        });
        const state = await push.ended;
        // A cut that no command felt is a push that nobody kept.
        expect(['reverted', 'refused'], `${where}: ${state.problem?.detail ?? ''}`).toContain(state.phase);
        expect(await link.device.standing(plan, 'old', signal), where).toEqual({ file: 'old', differences: [] });
        expect(rig.readConfig(), where).toBe(before);
        expect(
          readdirSync(rig.directory).filter((name) => name.endsWith('.old')),
          where,
        ).toEqual([]);
      }
    });
  },
);
