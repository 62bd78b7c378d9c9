import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import type { Desired } from '../../../../src-main/contract/model.ts';
import { type Plan, planSchema } from '../../../../src-main/contract/plan.ts';
import { DeviceLink } from '../../../../src-main/console/device-link.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import type { HostSession } from '../../../../src-main/transports/transport.ts';
import { countOf } from '../../../../src-main/vendors/f5/stats.ts';
import { asConfiguration } from '../../../../src-main/vendors/f5/text.ts';
import { applyTransaction, applyTmsh } from '../../../../src-main/vendors/f5/write.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';

// How the driver speaks to tmsh. What is at the other end here takes the commands as this project understands them, so it proves what is
// sent when and how answers are read, not that a device takes them.

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
const { signal } = new AbortController();

/** As tmsh lists it from the root: names without their first slash, ports by service, states as monitors found them. */
function listed(config: string): string {
  return config
    .replaceAll(' /Common/', ' Common/')
    .replaceAll(/(Common\/\S+):8080 \{/g, '$1:webcache {')
    .replaceAll(
      '            address 10.20.0.11\n',
      '            address 10.20.0.11\n            session monitor-enabled\n            state up\n',
    );
}

class Device {
  running = orchard;
  saved = orchard;
  shell: 'bash' | 'tmsh' = 'bash';
  version = '15.1.8';
  sync = 'Color    gray\nStatus   Standalone\n';
  devices = 'cm device Common/bigip1 {\n    self-device true\n}\n';
  statistics = '';
  readonly sent: string[] = [];
  /** What came by standard input. */
  typed = '';

  exec(line: string, stdin: Uint8Array = Buffer.alloc(0)): string {
    this.sent.push(line);
    this.typed += Buffer.from(stdin).toString();
    if (this.shell === 'tmsh')
      return line.startsWith('tmsh ') ? 'Syntax Error: unexpected argument "tmsh"\n' : this.#tmsh(line);
    const direct = /^tmsh -q -c '([^]*)'$/.exec(line)?.[1];
    if (direct !== undefined) return this.#tmsh(direct.replaceAll(String.raw`'\''`, "'"));
    const piped = /^printf '%s\\n' ('[^]*') \| tmsh -q$/.exec(line)?.[1];
    if (piped !== undefined) return this.#tmsh(piped.slice(1, -1).split("' '").join('; '));
    return /^(?:printf|rm) /.test(line) ? '' : `bash: ${line.split(' ')[0] ?? ''}: command not found\n`;
  }

  #tmsh(said: string): string {
    if (said === 'show sys version')
      return `\nSys::Version\nMain Package\n  Product     BIG-IP\n  Version     ${this.version}\n  Build       0.0.7\n`;
    if (said.includes('show ltm pool')) return this.statistics;
    if (said === 'show cm sync-status') return this.sync;
    if (said.includes('list cm device')) return this.devices;
    if (said.startsWith('cd /; list auth partition')) return `auth partition Common { }\n${listed(this.running)}`;
    if (said.startsWith('save sys config')) this.saved = this.running;
    if (said.startsWith('load sys config f')) return 'Validating configuration...\n';
    const inside = /^create cli transaction; ([^]*); submit cli transaction$/.exec(said)?.[1];
    if (inside !== undefined) {
      const after = applyTransaction(this.running, inside.split('; '));
      if (after === this.running) return '01020036:3: The requested Pool Member was not found.\n';
      this.running = after;
    } else if (/^(?:modify|create|delete) /.test(said)) this.running = applyTmsh(this.running, [said]).text;
    return '';
  }
}

function open() {
  const device = new Device();
  const host: HostSession = {
    exec: (command, options) => {
      const stdout = Buffer.from(device.exec(command, options?.stdin));
      return Promise.resolve({ code: 0, signal: null, stdout, stderr: Buffer.alloc(0) });
    },
    readFile: () => Promise.reject(new Error('not used')),
    request: () => Promise.reject(new Error('not used')),
    isOpen: () => true,
    close: () => undefined,
  };
  const driver = drivers.find(({ id }) => id === 'f5');
  if (driver === undefined) throw new Error('no driver');
  const tools = {
    now: () => new Date(0),
    sleep: () => Promise.resolve(),
    certificate: () => undefined,
    sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
  };
  const link = new DeviceLink(driver, parseAddress('f5+ssh://operator@192.0.2.1'), { kind: 'host', host }, tools);
  async function plan(desired: Desired): Promise<Plan> {
    const reading = await link.device.read(signal);
    const edit = diffModel(reading.model, desired, 'merge');
    const draft = await link.device.plan(reading, edit, 'plan123', signal);
    const head = { version: 1, id: 'plan123', device: 'lb', vendor: 'f5', createdAt: '2026-01-01T00:00:00.000Z' };
    return planSchema.parse({ ...draft, ...head, desired, changes: edit.changes });
  }
  return { device, link, plan };
}

async function send(link: DeviceLink, steps: Plan['steps']): Promise<void> {
  for (const step of steps) for (const command of step.commands) await link.send(command, signal);
}

const weight: Desired = {
  pools: [{ name: '/Common/orchard_web', members: [{ name: '/Common/apple1:8080', weight: 9 }] }],
};
const plum: Desired = {
  pools: [{ name: '/Common/orchard_web', members: [{ name: '/Common/plum:8080', address: '10.20.0.31', port: 8080 }] }],
};

test('the listing from the root reads as bigip.conf, names whole, ports as numbers, without what monitors found', async () => {
  const { link } = open();
  const { model, facts } = await link.device.read(signal);
  expect(facts).toMatchObject({ version: '15.1.8 build 0.0.7', weightRange: { lowest: 1, highest: 65_535 } });
  expect(model.pools.find(({ name }) => name === '/Common/orchard_web')?.members).toMatchObject([
    { name: '/Common/apple1:8080', port: 8080, weight: 3, priority: 10 },
    { name: '/Common/apple2:8080', adminState: 'draining' },
    { name: '/Common/pear%3:8080', adminState: 'disabled' },
  ]);
  expect(model.virtualServers[0]).toMatchObject({
    pool: '/Common/orchard_web',
    persistence: { method: 'cookie-insert' },
  });
});

test.each(['bash', 'tmsh'] as const)(
  'by %s a new member is planned, sent, verified, kept, and only then saved',
  async (shell) => {
    const { device, link, plan } = open();
    device.shell = shell;
    const made = await plan(plum);
    await send(link, made.steps);
    expect(await link.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
    expect((await link.device.read(signal)).fingerprint).toBe(made.resultsIn);
    expect(device.saved).toBe(orchard);
    const checked = shell === 'tmsh' ? device.typed : device.sent.join('\n');
    expect(checked).toMatch(
      /ltm pool \/Common\/orchard_web \{[^]*\/Common\/plum:8080 \{[^]*ltm node \/Common\/plum \{|ltm node \/Common\/plum \{[^]*\/Common\/plum:8080 \{/,
    );
    await send(link, made.keep);
    expect(device.saved).toContain('/Common/plum:8080');
    await send(link, made.revert);
    expect(await link.device.standing(made, 'old', signal)).toEqual({ file: 'old', differences: [] });
    await send(link, made.revert);
    expect((await link.device.read(signal)).fingerprint).toBe(made.basedOn);
  },
);

test('a shell that takes no file is told before a certificate is picked', async () => {
  const { device, link } = open();
  device.shell = 'tmsh';
  const { capabilities } = (await link.device.read(signal)).facts;
  expect(capabilities.find(({ id }) => id === 'certificates')?.isPresent).toBe(true);
  expect(capabilities.find(({ id }) => id === 'certificate-renewal')).toMatchObject({
    isPresent: false,
    why: expect.stringMatching(/whose shell is bash/) as string,
  });
});

test('a version from history comes back by one transaction, and the plan says what does not', async () => {
  const { device, link, plan } = open();
  const { files } = await link.device.read(signal);
  const made = await plan(plum);
  await send(link, [...made.steps, ...made.keep]);
  device.running = device.running.replace('503 content', '504 content');
  const now = await link.device.read(signal);
  if (link.device.planFiles === undefined) throw new Error('A BIG-IP brings versions back.');
  const draft = await link.device.planFiles(now, files, 'back123', signal);
  expect(draft.steps.find(({ stage }) => stage === 'send')?.commands[0]).toMatchObject({
    shown:
      "printf '%s\\n' 'create cli transaction' 'modify ltm pool /Common/orchard_web members delete { /Common/plum:8080 }' 'delete ltm node /Common/plum' 'submit cli transaction' | tmsh -q",
  });
  expect(draft.warnings).toEqual([
    'Not brought back: ltm rule /Common/orchard-maintenance, because programs are never written.',
  ]);
  await send(link, draft.steps);
  expect(await link.device.standing({ ...made, ...draft }, 'new', signal)).toEqual({ file: 'new', differences: [] });
  expect(device.running).not.toContain('plum');
  await send(link, draft.revert);
  expect(await link.device.standing({ ...made, ...draft }, 'old', signal)).toEqual({ file: 'old', differences: [] });
});

test('a unit that has the newest changes gives them to its group after they are kept; one that has not is refused', async () => {
  const { device, link, plan } = open();
  device.devices +=
    'cm device-group Common/DG1 {\n    devices {\n        Common/bigip1 { }\n    }\n    type sync-failover\n}\n';
  device.sync = 'Status   In Sync\n';
  const made = await plan(weight);
  expect(made.keep.map(({ commands }) => commands[0])).toMatchObject([
    { text: "tmsh -q -c 'save sys config'" },
    { text: "tmsh -q -c 'run cm config-sync to-group DG1'" },
    {},
  ]);
  await send(link, made.steps.slice(0, 2));
  const theirs = 'Status   Changes Pending\n  - Recommended action: Synchronize bigip2 to group DG1\n';
  device.sync = theirs;
  await expect(send(link, made.steps.slice(0, 2))).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
  await expect(plan(weight)).rejects.toMatchObject({
    code: 'CAPABILITY_MISSING',
    detail: expect.stringMatching(/bigip2 has changes/) as string,
  });
  device.sync = theirs.replace('bigip2', 'bigip1');
  expect((await plan(weight)).warnings).toContainEqual(expect.stringMatching(/does not have yet/));
});

test.each([
  ['10.2.4', /This is version 10\.2\.4/],
  ['20.3.0', /BIG-IP Next has none/],
])('version %s is refused', async (version, words) => {
  const { device, link } = open();
  device.version = version;
  await expect(link.device.read(signal)).rejects.toMatchObject({
    code: 'VERSION_UNSUPPORTED',
    detail: expect.stringMatching(words) as string,
  });
});

test('without tmsh it is told that BIG-IP Next has none', async () => {
  const { device, link } = open();
  device.exec = (line) => `bash: ${line.split(' ')[0] ?? ''}: command not found\n`;
  await expect(link.device.read(signal)).rejects.toMatchObject({
    code: 'VERSION_UNSUPPORTED',
    detail: expect.stringMatching(/BIG-IP Next/) as string,
  });
});

test('statistics: abbreviated counters, bits as bytes, what disabled and forced offline are', async () => {
  expect(['36.2K', '7.8M', '12', 'none'].map(countOf)).toEqual([36_200, 7_800_000, 12, undefined]);
  const { device, link } = open();
  const member =
    'addr 10.0.0.1\n port http\n serverside.bits-in 36.2K\n serverside.bits-out 80\n serverside.cur-conns 2\n serverside.tot-conns 1.4K\n status.availability-state';
  device.statistics = `ltm pool Common/p {
 members {
  Common/a:http {
   ${member} available
   monitor-status up
   session-status enabled
   status.status-reason Pool member is available
  }
  Common/b:http {
   ${member} offline
   monitor-status forced-down
   session-status user-disabled
  }
 }
 status.availability-state available
}
ltm virtual Common/v {
 clientside.bits-in 16
 clientside.cur-conns 1
 status.availability-state available
 status.enabled-state enabled
}

---
CM::Failover Status
---
Color    gray
Status   STANDBY
Summary  1/1 standby
`;
  const { pools, virtualServers, device: unit } = await link.device.poll(signal);
  expect(unit).toMatchObject({ failover: 'standby' });
  expect(pools).toMatchObject([
    {
      name: '/Common/p',
      members: [
        {
          name: '/Common/a:80',
          port: 80,
          health: 'up',
          bytesIn: '4525',
          bytesOut: '10',
          totalConnections: '1400',
          currentConnections: 2,
          adminState: 'enabled',
          lastCheck: { result: 'Pool member is available' },
        },
        { name: '/Common/b:80', health: 'down', adminState: 'disabled' },
      ],
    },
  ]);
  expect(virtualServers).toMatchObject([{ name: '/Common/v', health: 'up', bytesIn: '2' }]);
});

test('a description keeps its words, a program its text', () => {
  const listing =
    'ltm node Common/a {\n    address 10.0.0.1\n    description Common/x\n}\nltm rule Common/r {\nwhen X { pool Common/p }\n}\n';
  expect(asConfiguration(listing)).toBe(
    'ltm node /Common/a {\n    address 10.0.0.1\n    description Common/x\n}\nltm rule /Common/r {\nwhen X { pool Common/p }\n}\n',
  );
});
