import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, test } from 'vitest';
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
import { type Accounts, makeAccountsIfRoot } from '../rigs/accounts.ts';
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

/** Steps with whose last command something is another than before, or would be if it were left. */
const changing = new Set(['candidate', 'try', 'replace', 'run-time']);

interface Case {
  readonly kind: string;
  /** The name that clients ask for. */
  readonly serverName: string;
  /** Under the directory: the file as HAProxy calls the certificate, and the list that an addition goes into. */
  readonly file: string;
  readonly list?: string;
  readonly words: string;
  /** An OCSP answer beside the old certificate, which goes with it, or one that comes with the new. */
  readonly answer?: 'old' | 'new';
}
const cases: readonly Case[] = [
  { kind: 'renewed', serverName: 'site.example', file: 'site.pem', words: 'crt site.pem' },
  {
    kind: 'renewed without its answer',
    serverName: 'site.example',
    file: 'site.pem',
    words: 'crt site.pem',
    answer: 'old',
  },
  {
    kind: 'added to a directory with its answer',
    serverName: 'new.example',
    file: 'folder/new.pem',
    words: 'crt folder/',
    answer: 'new',
  },
  {
    kind: 'added to a crt-list',
    serverName: 'new.example',
    file: 'more.pem',
    list: 'list.txt',
    words: 'crt-list list.txt',
  },
];
interface Rig {
  readonly haproxy: Haproxy;
  readonly relay: Relay;
  readonly directory: string;
  readonly port: number;
  readonly link: () => DeviceLink;
  readonly close: () => Promise<void>;
}
type Material = ReturnType<typeof readMaterial>;

const signal = AbortSignal.timeout(300_000);

describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen', 'openssl', 'socat'))(
  'a certificate pushed over a link that is cut',
  { timeout: 300_000 },
  () => {
    let authority: Authority;
    let accounts: Accounts | undefined;
    let sshd: Sshd;
    const opened: Rig[] = [];
    beforeAll(async () => {
      authority = openAuthority();
      accounts = makeAccountsIfRoot();
      sshd = await startSshd({ accounts });
    });
    afterAll(async () => {
      for (const rig of opened) await rig.close();
      await sshd.close();
      accounts?.close();
      authority.close();
    });

    async function start({ words, answer }: Case): Promise<Rig> {
      const directory = mkdtempSync(join(tmpdir(), 'steelyard-crt-'));
      chmodSync(directory, 0o755);
      const issued = authority.issue({ names: ['site.example'] });
      const first = bundleOf(issued);
      const [pem, list] = [join(directory, 'site.pem'), join(directory, 'list.txt')];
      const folder = join(directory, 'folder');
      mkdirSync(folder);
      for (const file of [pem, join(folder, 'first.pem')]) writeFileSync(file, first);
      writeFileSync(list, `${pem} site.example\n`);
      const answers = answer === 'old' ? [`${pem}.ocsp`] : [];
      for (const file of answers) copyFileSync(authority.answer(issued, { days: 5 }), file);
      accounts?.own(folder, []);
      accounts?.own(directory, [pem, join(folder, 'first.pem'), list, ...answers]);
      const port = await freePort();
      const rig = await startHaproxy({
        accounts,
        sections: `frontend secure
    bind 127.0.0.1:${port} ssl ${words.replace(' ', ` ${directory}/`)}
    default_backend app
backend app
    server a 127.0.0.1:1
`,
      });
      const relay = await openRelay({ host: sshd.host, port: sshd.port });
      const known = join(directory, '..', `steelyard-hosts-${relay.port}`);
      writeFileSync(known, `[${relay.host}]:${relay.port} ${sshd.hostKey('ed25519')}\n`);
      function openThroughRelay(aborted: AbortSignal) {
        return openSsh({
          host: relay.host,
          port: relay.port,
          user: sshd.user,
          credentials: { keyFile: sshd.keyFile },
          knownHosts: { own: known, others: [] },
          signal: aborted,
        });
      }
      const made: Rig = {
        haproxy: rig,
        relay,
        directory,
        port,
        link: () => {
          const session = new HostLink({ open: openThroughRelay, now: () => performance.now(), chance: Math.random });
          const address = parseAddress(
            `haproxy+ssh://${sshd.user}@127.0.0.1:${relay.port}?config=${rig.configFile}&socket=${rig.socket}&hold=detached`,
          );
          return new DeviceLink(haproxy, address, { kind: 'host', host: session }, realTools);
        },
        close: async () => {
          await rig.close();
          await relay.close();
          rmSync(directory, { recursive: true, force: true });
          rmSync(known, { force: true });
        },
      };
      opened.push(made);
      return made;
    }
    function bundleOf({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): Buffer {
      return Buffer.concat([readFileSync(certFile), Buffer.from(authority.ca), readFileSync(keyFile)]);
    }

    // Each has a HAProxy and a link of its own, and mostly waits.
    test.concurrent.for(cases)(
      '$kind: wherever it is cut, every file is whole at once, and all is as it was in the end',
      async (one, { expect }) => {
        const rig = await start(one);
        const issued = authority.issue({ names: [one.serverName] });
        const files = one.answer === 'new' ? [readFileSync(authority.answer(issued, { days: 5 }))] : [];
        const material = readMaterial(
          [bundleOf(issued), ...files].map((bytes, index) => ({ name: `given ${index}`, bytes })),
          { now: new Date() },
        );
        const before = await seen(rig, one);
        let link = rig.link();
        const { plan: counted } = await makePlan(link, rig, one, material, 'count1');
        const steps = counted.steps.flatMap((step) => step.commands.map(() => step.id));
        const numbers = steps.flatMap((id, at) => (changing.has(id) && steps[at + 1] !== id ? [at + 1] : []));
        expect(numbers.length, steps.join(' ')).toBe(4);
        for (const [turn, number] of numbers.entries()) {
          const where = `cut at command ${number}, ${steps[number - 1] ?? ''}`;
          // Anew for each cut: a link that is cut again and again waits longer each time.
          link.close();
          link = rig.link();
          const { plan, target } = await makePlan(link, rig, one, material, `cut${number}x00`);
          let sent = 0;
          const push = await Push.start(plan, 1000, {
            clock,
            journal,
            target: {
              ...target,
              send: (command, aborted) => {
                sent += 1;
                if (sent === number && turn % 2 === 0) rig.relay.cutAfter('down', 200);
                else if (sent === number) rig.relay.cut();
                return target.send(command, aborted);
              },
            },
            onChange: () => {
              expect(halfWritten(plan), where).toEqual([]);
            },
          });
          const state = await push.ended;
          expect(sent, where).toBeGreaterThanOrEqual(number);
          expect(['reverted', 'refused'], `${where}: ${state.problem?.detail ?? ''}`).toContain(state.phase);
          expect(await link.device.standing(plan, 'old', signal), where).toEqual({ file: 'old', differences: [] });
          expect(await seen(rig, one), where).toEqual(before);
        }
        link.close();
      },
    );

    async function makePlan(
      link: DeviceLink,
      { directory }: Rig,
      { kind, file, list }: Case,
      material: Material,
      id: string,
    ): Promise<{ plan: Plan; target: PushTarget }> {
      const { certificates } = link.device;
      if (certificates?.add === undefined) throw new Error('the driver knows no way to add certificates');
      const name = join(directory, file);
      const reading = await link.device.read(signal);
      const wish = { name, list: list === undefined ? undefined : join(directory, list) };
      const { draft, secrets } = await (kind.startsWith('renewed')
        ? certificates.plan(reading, name, material, id, signal)
        : certificates.add(reading, wish, material, id, signal));
      return { plan: planOf(draft, id), target: pushTarget(link, (secret) => secrets.get(secret)) };
    }
    /** Every file by path, with its bytes; the names that the process has certificates and answers under; what a handshake shows. */
    async function seen({ directory, haproxy: process, port }: Rig, { serverName, answer }: Case): Promise<unknown> {
      const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
      const paths = found.map((one) => join(one.parentPath, one.name)).toSorted();
      const names = (await process.ask('show ssl cert')).split('\n').filter((line) => line.startsWith('/'));
      // Of a certificate that is deleted HAProxy 2.6 keeps the answer in memory, though nobody is shown it.
      const answers = answer === 'old' ? await process.ask('show ssl ocsp-response') : '';
      return [
        paths.map((path) => [path, readFileSync(path, 'latin1')]),
        names,
        answers,
        await served(port, serverName),
      ];
    }
    /** Files of the plan that are neither as before nor as after. */
    function halfWritten(plan: Plan): readonly string[] {
      const files = plan.driver['files'] as readonly { readonly real: string; before: string; after: string }[]; // the driver's own
      return files
        .filter(({ real, before, after }) => {
          const now = existsSync(real) ? realTools.sha256(readFileSync(real)) : 'absent';
          return now !== before && now !== after;
        })
        .map(({ real }) => real);
    }
  },
);

/** SHA-256 of the certificate that a client gets who asks for the name. */
function served(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
