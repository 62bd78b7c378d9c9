import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMaterial } from '../../src-main/console/certificates/material.ts';
import { DeviceLink } from '../../src-main/console/device-link.ts';
import { pushTarget } from '../../src-main/console/target.ts';
import { parseAddress } from '../../src-main/contract/address.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { Push } from '../../src-main/core/push/push.ts';
import type { PushJournal, PushTarget } from '../../src-main/core/push/target.ts';
import { HostLink } from '../../src-main/transports/host-link.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import { haproxy } from '../../src-main/vendors/haproxy/driver.ts';
import { type Authority, openAuthority } from '../rigs/certificates.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Haproxy, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { planOf, realTools } from '../rigs/push-loop.ts';
import { openRelay, type Relay } from '../rigs/relay.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

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

/** Steps with whose last command something is another than before. */
const changing = new Set(['candidate', 'replace', 'run-time']);

describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen', 'openssl', 'socat'))(
  'the renewal of a certificate over a link that is cut',
  { timeout: 300_000 },
  () => {
    const signal = AbortSignal.timeout(300_000);
    let authority: Authority;
    let sshd: Sshd;
    let relay: Relay;
    let rig: Haproxy;
    let directory = '';
    let pem = '';
    let port = 0;
    let link: DeviceLink;
    let material: ReturnType<typeof readMaterial>;
    beforeAll(async () => {
      authority = openAuthority();
      sshd = await startSshd();
      relay = await openRelay({ host: sshd.host, port: sshd.port });
      const known = `[${relay.host}]:${relay.port} ${sshd.hostKey('ed25519')}\n`;
      writeFileSync(join(sshd.directory, 'relay-hosts'), known);
      directory = mkdtempSync(join(tmpdir(), 'steelyard-crt-'));
      chmodSync(directory, 0o755);
      pem = join(directory, 'site.pem');
      const [first, second] = [
        authority.issue({ names: ['site.example'] }),
        authority.issue({ names: ['site.example'] }),
      ];
      writeFileSync(pem, bundleOf(first));
      port = await freePort();
      rig = await startHaproxy({
        sections: `frontend secure\n    bind 127.0.0.1:${port} ssl crt ${pem}\n    default_backend app\nbackend app\n    server a 127.0.0.1:1\n`,
      });
      material = readMaterial([{ name: 'second', bytes: bundleOf(second) }], { now: new Date() });
      link = openLink();
    });
    afterAll(async () => {
      link.close();
      await rig.close();
      await relay.close();
      await sshd.close();
      authority.close();
      rmSync(directory, { recursive: true, force: true });
    });

    function bundleOf({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): Buffer {
      return Buffer.concat([readFileSync(certFile), Buffer.from(authority.ca), readFileSync(keyFile)]);
    }
    function openLink(): DeviceLink {
      const session = new HostLink({ open: openThroughRelay, now: () => performance.now(), chance: Math.random });
      const address = parseAddress(
        `haproxy+ssh://${sshd.user}@127.0.0.1:${relay.port}?config=${rig.configFile}&hold=detached`,
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
    async function makePlan(id: string): Promise<{ plan: Plan; target: PushTarget }> {
      const { certificates } = link.device;
      if (certificates === undefined) throw new Error('the driver knows no certificates');
      const { draft, secrets } = await certificates.plan(await link.device.read(signal), pem, material, id, signal);
      return { plan: planOf(draft, id), target: pushTarget(link, (secret) => secrets.get(secret)) };
    }
    function served(): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
      });
    }

    test('wherever it is cut, the file is whole at once, every handshake works, and all is as it was in the end', async () => {
      const before = readFileSync(pem);
      const old = await served();
      const { plan: counted } = await makePlan('count1');
      const steps = counted.steps.flatMap((step) => step.commands.map(() => step.id));
      const numbers = steps.flatMap((id, at) => (changing.has(id) && steps[at + 1] !== id ? [at + 1] : []));
      expect(numbers.length).toBe(3);
      for (const number of numbers) {
        const where = `cut at command ${number}`;
        link.close();
        link = openLink();
        const { plan, target } = await makePlan(`cut${number}x00`);
        let sent = 0;
        const push = await Push.start(plan, 1000, {
          clock,
          journal,
          target: {
            ...target,
            send: (command, aborted) => {
              sent += 1;
              if (sent === number && number % 2 === 0) relay.cut();
              else if (sent === number) relay.cutAfter('down', 200);
              return target.send(command, aborted);
            },
          },
          onChange: () => {
            const bytes = readFileSync(pem);
            const isNew = bytes.toString() === material.leaf + material.chain + material.key;
            expect(isNew || bytes.equals(before), where).toBe(true);
          },
        });
        const state = await push.ended;
        expect(['reverted', 'refused'], `${where}: ${state.problem?.detail ?? ''}`).toContain(state.phase);
        expect(await link.device.standing(plan, 'old', signal), where).toEqual({ file: 'old', differences: [] });
        expect(await served(), where).toBe(old);
        expect(readFileSync(pem).equals(before), where).toBe(true);
        expect(readdirSync(directory), where).toEqual(['site.pem']);
      }
    });
  },
);
