import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerChannel } from 'ssh2';
import { afterEach, expect, test } from 'vitest';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import type { Desired } from '../../../../src-main/contract/model.ts';
import { type Plan, planSchema } from '../../../../src-main/contract/plan.ts';
import { DeviceLink } from '../../../../src-main/console/device-link.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { openSsh } from '../../../../src-main/transports/ssh-connect.ts';
import { terminalSession } from '../../../../src-main/transports/terminal.ts';
import { a10Terminal } from '../../../../src-main/vendors/a10/terminal.ts';
import { applyTyped } from '../../../../src-main/vendors/a10/write.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import type { CertificateMaterial, SourceFile } from '../../../../src-main/vendors/vendor.ts';
import { startFakeSsh } from '../../../rigs/fake-ssh.ts';

// How the driver speaks to ACOS at a terminal. What is at the other end here takes the lines as this project understands them, so it proves
// how prompts, pagers and questions are met and what is typed when, not that a device takes it.

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/a10/orchard/running-config'), 'utf8');
const { signal } = new AbortController();
const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

class Thunder {
  /** By partition; '' is the shared one. */
  readonly configs = new Map([['', { running: orchard, saved: orchard }]]);
  /** The partition that the account begins in. */
  home = '';
  state = '';
  enablePassword = '';
  question: string | undefined;
  readonly typed: string[] = [];

  get running(): string {
    return this.configs.get('')?.running ?? '';
  }
  set running(text: string) {
    this.of('').running = text;
  }
  get saved(): string {
    return this.configs.get('')?.saved ?? '';
  }
  set saved(text: string) {
    this.of('').saved = text;
  }

  of(partition: string): { running: string; saved: string } {
    const found = this.configs.get(partition);
    if (found === undefined) throw new Error(`no partition ${partition}`);
    return found;
  }

  /** One terminal: it echoes, pages what is long until told not to, and cuts what it says into small pieces. */
  serve(channel: ServerChannel): void {
    let [mode, input, pages] = ['>', '', true];
    let asks: ((line: string) => void) | undefined;
    const modes: string[] = [];
    let active = this.home;
    function say(text: string): void {
      const all = text.replaceAll('\n', '\r\n');
      for (let at = 0; at < all.length; at += 700) channel.write(all.slice(at, at + 700));
    }
    const prompt = (): void => {
      const config = mode === '(config)#' ? '(config)#' : mode;
      say(`orchard${this.state}${active === '' ? '' : `[${active}]`}${config}`);
    };
    function page(text: string): void {
      if (!pages || text.split('\n').length < 24) {
        say(text);
        prompt();
        return;
      }
      const lines = text.split('\n');
      say(`${lines.slice(0, 20).join('\n')}\n--MORE--`);
      asks = () => {
        channel.write('\r        \r');
        page(lines.slice(20).join('\n'));
      };
    }
    const run = (line: string): void => {
      this.typed.push(line);
      if (line === 'enable' && mode === '>') {
        say('Password:');
        asks = (secret) => {
          if (secret === this.enablePassword) mode = '#';
          say(secret === this.enablePassword ? '\n' : '\n% Bad password\n');
          prompt();
        };
        return;
      }
      if (line === 'terminal length 0') pages = false;
      else if (line === 'configure') mode = '(config)#';
      else if (line === 'end') [mode] = ['#'];
      else if (line === 'exit') modes.pop();
      else if (mode === '(config)#') {
        const opens = /^(?:slb |port |member )/.test(line);
        const own = this.of(active);
        const done = applyTyped(own.running, [[...modes, line]]);
        if (done.refused.length > 0)
          say("                ^\n% Unrecognized command.Invalid input detected at '^' marker.\n");
        else own.running = done.text;
        if (opens && done.refused.length === 0) modes.push(line);
      } else if (line === 'show running-config') {
        page(`${this.of(active).running.trimEnd()}\n`);
        return;
      } else if (line.startsWith('active-partition ')) {
        const wanted = line.slice(17) === 'shared' ? '' : line.slice(17);
        if (this.home === '' && this.configs.has(wanted)) {
          active = wanted;
          say(`Current active partition: ${line.slice(17)}\n`);
        } else say(`Partition '${line.slice(17)}' does not exist\n`);
      } else if (line === 'show startup-config') {
        page(`${this.of(active).saved.trimEnd()}\n`);
        return;
      } else if (line === 'show version')
        say('Thunder Series\n  64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)\n');
      else if (line === 'show slb virtual-server') say('*vip 192.0.2.80  All Up\n   port 443  https   2  9  1  1  0\n');
      else if (line === 'show slb service-group') say('*orchard_web  State: All Up\nerror1:80   2  9  1  1  0\n');
      else if (line === 'show slb server') say('error1:80/tcp  2  9  1  1  0  Up\n');
      else if (line === 'show pki cert')
        // As vThunder 4.1.4 lists them (public transcript).
        say(
          active === ''
            ? 'Name: orchard.crt  Type: certificate  Expiration: Sep  8 13:12:30 2029 GMT [Unexpired, Bound]\nName: orchard.key  Type: key  [Bound]\n'
            : 'Name: orchard.crt  Type: certificate  Expiration: Jan 31 00:00:00 2031 GMT [Unexpired, Unbound]\n',
        );
      else if (line === 'write memory all-partitions' || line === 'write memory') {
        if (this.question !== undefined) {
          say(this.question);
          asks = () => undefined;
          return;
        }
        const all = line === 'write memory' ? [this.of(active)] : this.configs.values();
        for (const one of all) one.saved = one.running;
        say('Building configuration...\nWrite configuration to default primary startup-config\n[OK]\n');
      }
      prompt();
    };
    say('ACOS system is ready now.\n\n[type ? for help]\n\n');
    prompt();
    channel.on('data', (chunk: Buffer) => {
      input += chunk.toString();
      if (asks !== undefined && input === ' ') input = ' \n';
      for (let end = input.indexOf('\n'); end !== -1; end = input.indexOf('\n')) {
        const line = input.slice(0, end);
        input = input.slice(end + 1);
        const answer = asks;
        asks = undefined;
        if (answer !== undefined) answer(line);
        else {
          say(`${line}\n`);
          run(line);
        }
      }
    });
  }
}

async function open(secret?: string) {
  const thunder = new Thunder();
  const fake = await startFakeSsh({
    onSocket: (socket) => {
      socket.setNoDelay(true); // as sshd has it for terminals
    },
    onSession: (session) => {
      session.on('pty', (accept) => {
        accept();
      });
      session.on('shell', (accept) => {
        const channel = accept();
        channel.on('error', () => undefined);
        thunder.serve(channel);
      });
    },
  });
  stops.push(fake.close);
  const ssh = await openSsh(fake.options());
  stops.push(ssh.close);
  const host = terminalSession(ssh, a10Terminal, () => Promise.resolve(secret));
  const driver = drivers.find(({ id }) => id === 'a10');
  if (driver === undefined) throw new Error('no driver');
  const tools = {
    now: () => new Date(0),
    sleep: () => Promise.resolve(),
    certificate: () => undefined,
    sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
  };
  const address = parseAddress(`a10+ssh://operator@127.0.0.1:${String(fake.port)}`);
  const link = new DeviceLink(driver, address, { kind: 'host', host }, tools);
  async function plan(desired: Desired): Promise<Plan> {
    const reading = await link.device.read(signal);
    const edit = diffModel(reading.model, desired, 'merge');
    const draft = await link.device.plan(reading, edit, 'plan123', signal);
    const head = { version: 1, id: 'plan123', device: 'lb', vendor: 'a10', createdAt: '2026-01-01T00:00:00.000Z' };
    return planSchema.parse({ ...draft, ...head, desired, changes: edit.changes });
  }
  async function planBack(files: readonly SourceFile[]): Promise<Plan> {
    const reading = await link.device.read(signal);
    const draft = await link.device.planFiles?.(reading, files, 'back123', signal);
    const head = { version: 1, id: 'back123', device: 'lb', vendor: 'a10', createdAt: '2026-01-01T00:00:00.000Z' };
    return planSchema.parse({ ...draft, ...head, desired: {}, changes: [] });
  }
  return { thunder, link, plan, planBack, host };
}

async function send(link: DeviceLink, steps: Plan['steps']): Promise<void> {
  for (const step of steps) for (const command of step.commands) await link.send(command, signal);
}

const plum: Desired = {
  pools: [{ name: 'orchard_web', members: [{ name: 'plum:8080', address: '10.20.0.31', port: 8080, weight: 4 }] }],
};

test('the configuration is read whole, with neither echo, pager nor prompt in it', async () => {
  const { link, host } = await open();
  const { files, facts, model } = await link.device.read(signal);
  expect(files[0]?.bytes.toString().trim()).toBe(orchard.trim());
  expect(facts).toMatchObject({ version: 'ACOS 4.1.4-GR1 build 78' });
  expect(model.pools.map(({ name }) => name)).toEqual(['orchard_web', 'orchard_api']);
  expect((await host.exec('')).stdout.toString()).toBe('orchard#');
});

test('pages are turned where the device pages on', async () => {
  const thunder = new Thunder();
  const fake = await startFakeSsh({
    onSocket: (socket) => {
      socket.setNoDelay(true); // as sshd has it for terminals
    },
    onSession: (session) => {
      session.on('pty', (accept) => {
        accept();
      });
      session.on('shell', (accept) => {
        thunder.serve(accept());
      });
    },
  });
  stops.push(fake.close);
  const ssh = await openSsh(fake.options());
  stops.push(ssh.close);
  const paging = terminalSession(ssh, { ...a10Terminal, opening: [] }, () => Promise.resolve(undefined));
  expect((await paging.exec('show running-config')).stdout.toString().trim()).toBe(orchard.trim());
});

test('a new member is planned, typed, verified, kept, and only then saved; taken back from anywhere', async () => {
  const { thunder, link, plan } = await open();
  const made = await plan(plum);
  expect(made.steps.map(({ stage }) => stage)).toEqual(['fingerprint', 'check', 'hold', 'send', 'verify']);
  await send(link, made.steps);
  expect(await link.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(made.resultsIn);
  expect(thunder.saved).toBe(orchard);
  await send(link, made.keep);
  expect(thunder.saved).toContain('member plum 8080');
  await send(link, made.revert);
  expect((await link.device.read(signal)).fingerprint).toBe(made.basedOn);
  await send(link, made.revert);
  expect(await link.device.standing(made, 'old', signal)).toEqual({ file: 'old', differences: [] });
});

test('a line that is refused ends the session: nothing after it is typed, and the words are told', async () => {
  const { thunder, link, plan } = await open();
  const made = await plan(plum);
  thunder.running = thunder.running.replace('slb service-group orchard_web tcp', 'slb service-group other tcp');
  thunder.running = applyTyped(thunder.running, [
    ['slb server plum 10.20.0.31'],
    ['slb server plum 10.20.0.31', 'no port 8080 tcp'],
  ]).text;
  const wrong = { ...made, steps: made.steps.filter(({ stage }) => stage === 'send') };
  const [step] = wrong.steps;
  const command = step?.commands[0];
  if (command?.kind !== 'shell') throw new Error('no command');
  const broken = { ...command, text: command.text.replace('port 8080 tcp', 'no port 9 tcp') };
  const before = thunder.typed.length;
  await expect(link.send(broken, signal)).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
    raw: expect.stringMatching(/Unrecognized/) as string,
  });
  expect(thunder.typed.slice(before).at(-1)).toBe('no port 9 tcp');
});

test('the second password is given where enable asks for it', async () => {
  const { thunder, link } = await open('core');
  thunder.enablePassword = 'core';
  expect((await link.device.read(signal)).facts.capabilities[0]).toMatchObject({ id: 'write', isPresent: true });
  expect(thunder.typed.join(' ')).not.toContain('core');
});

test.each([
  ['-Standby', /standby by VRRP-A/],
  ['-Active-vBlade[1/2]', /vBlade/],
])('a device that says %s is read, and takes no change', async (state, words) => {
  const { thunder, link, plan } = await open();
  thunder.state = state;
  expect((await link.device.read(signal)).model.pools).toHaveLength(2);
  await expect(plan(plum)).rejects.toMatchObject({
    code: 'CAPABILITY_MISSING',
    detail: expect.stringMatching(words) as string,
  });
});

test('a question that nobody knows is told with its words, and not answered', async () => {
  const { thunder, link, plan } = await open();
  const made = await plan(plum);
  thunder.question = 'Overwrite what another user saved? [yes/no]:';
  await expect(send(link, made.keep)).rejects.toMatchObject({
    code: 'PROMPT_UNKNOWN',
    detail: expect.stringMatching(/Overwrite what another user saved/) as string,
  });
  expect(thunder.saved).toBe(orchard);
});

test('unsaved changes of others, and a peer that gets nothing by itself, are told', async () => {
  const { thunder, plan } = await open();
  thunder.state = '-Active';
  thunder.saved = applyTyped(orchard, [['slb service-group orchard_api tcp', 'method least-request']]).text;
  expect((await plan(plum)).warnings).toEqual([
    expect.stringMatching(/nobody has saved yet/),
    expect.stringMatching(/configure sync all all-partitions auto-authentication ADDRESS-OF-THE-PEER$/),
  ]);
});

test('the plan says what to type for the peer of a pair, with the partition and the address', async () => {
  const { thunder, plan } = await openNorth();
  thunder.state = '-Active';
  for (const text of ['running', 'saved'] as const)
    thunder[text] = `vrrp-a peer-group\n  peer 192.0.2.2\n!\n${thunder[text]}`;
  const inNorth = await plan({ pools: [{ name: 'north/orchard_web', algorithm: 'least-requests' }] });
  expect(inNorth.warnings).toEqual([
    expect.stringMatching(/shared partition: configure sync all partition north auto-authentication 192\.0\.2\.2$/),
  ]);
  expect((await plan(both)).warnings[0]).toMatch(/configure sync all all-partitions auto-authentication 192\.0\.2\.2$/);
});

const north = `!
slb server plum1 10.30.0.11
  port 80 tcp
!
slb service-group orchard_web tcp
  member plum1 80
!
slb virtual-server plums 192.0.2.81
  port 80 http
    service-group orchard_web
!
end
`;

async function openNorth() {
  const opened = await open();
  opened.thunder.running = orchard.replace('hostname', 'partition north id 1 application-type adc\n!\nhostname');
  opened.thunder.saved = opened.thunder.running;
  opened.thunder.configs.set('north', { running: north, saved: north });
  return opened;
}

const both: Desired = {
  pools: [
    { name: 'orchard_api', algorithm: 'least-requests' },
    { name: 'north/orchard_web', members: [{ name: 'north/plum2:80', address: '10.30.0.12', port: 80, weight: 4 }] },
  ],
};

test('each partition is read, and what stands in one carries its name', async () => {
  const { link } = await openNorth();
  const { files, model } = await link.device.read(signal);
  expect(files.map(({ path }) => path)).toEqual(['running-config', 'running-config@north']);
  expect(model.pools.map(({ name, members }) => [name, members[0]?.name, members[0]?.node])).toEqual([
    ['orchard_web', 'apple1:8080', 'apple1'],
    ['orchard_api', 'apple1:8443', 'apple1'],
    ['north/orchard_web', 'north/plum1:80', 'north/plum1'],
  ]);
  expect(model.virtualServers.at(-1)).toMatchObject({ name: 'north/plums:80', pool: 'north/orchard_web' });
});

test('a change is typed in the partition that its object stands in, and taken back there', async () => {
  const { thunder, link, plan } = await openNorth();
  const made = await plan(both);
  const before = [thunder.running, thunder.of('north').running];
  await send(link, made.steps);
  expect(thunder.running).toContain('  method least-request\n');
  expect(thunder.of('north').running).toContain('  member plum2 80\n');
  expect(thunder.running).not.toContain('plum2');
  expect(await link.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(made.resultsIn);
  await send(link, made.revert);
  expect(await link.device.standing(made, 'old', signal)).toEqual({ file: 'old', differences: [] });
  expect([thunder.running, thunder.of('north').running]).toEqual(before);
});

test('another hand in another partition is seen; what it left unsaved there is told before it is saved too', async () => {
  const { thunder, link, plan } = await openNorth();
  const made = await plan(both);
  expect(made.warnings).toEqual([]);
  thunder.of('north').running = north.replace('10.30.0.11', '10.30.0.99');
  expect(await link.device.standing(made, 'old', signal)).toMatchObject({ file: 'foreign' });
  const [warning, ...others] = (await plan({ pools: [{ name: 'orchard_api', algorithm: 'least-requests' }] })).warnings;
  expect([warning, others]).toEqual([expect.stringMatching(/nobody has saved yet \(partition north\)/), []]);
});

test('an account of one partition reads and saves that one alone, and needs not enter it', async () => {
  const { thunder, link, plan } = await openNorth();
  thunder.home = 'north';
  const made = await plan({ pools: [{ name: 'north/orchard_web', algorithm: 'least-requests' }] });
  await send(link, [...made.steps, ...made.keep]);
  expect(thunder.of('north').saved).toContain('method least-request');
  expect(thunder.typed.filter((line) => /active-partition|all-partitions/.test(line))).toEqual([]);
});

test('a name that leads into another partition is refused', async () => {
  const { plan } = await openNorth();
  const wrong: Desired = { virtualServers: [{ name: 'north/plums:80', pool: 'orchard_api' }] };
  await expect(plan(wrong)).rejects.toMatchObject({
    code: 'PLAN_INVALID',
    detail: expect.stringMatching(/"orchard_api" does not stand in partition "north"/) as string,
  });
});

test('certificates are listed with their ends and who answers with them; none is taken by this connection', async () => {
  const { link } = await openNorth();
  const reading = await link.device.read(signal);
  const { certificates } = link.device;
  expect(await certificates?.list(reading, signal)).toMatchObject([
    { name: 'orchard.crt', facts: { notAfter: '2029-09-08T13:12:30.000Z' }, usedBy: ['orchard:443'] },
    { name: 'north/orchard.crt', facts: { notAfter: '2031-01-31T00:00:00.000Z' }, usedBy: [] },
  ]);
  const material = {} as CertificateMaterial; // refused before it is looked at
  await expect(certificates?.plan(reading, 'orchard.crt', material, 'plan123', signal)).rejects.toMatchObject({
    code: 'CAPABILITY_MISSING',
    detail: expect.stringMatching(/import cert NAME use-mgmt-port/) as string,
  });
  await expect(certificates?.add?.(reading, { name: 'new' }, material, 'plan123', signal)).rejects.toMatchObject({
    code: 'CAPABILITY_MISSING',
  });
});

test('a version from history comes back in every partition, and what does not is told', async () => {
  const { thunder, link, plan, planBack } = await openNorth();
  const { files, fingerprint } = await link.device.read(signal);
  const changed = await plan(both);
  await send(link, [...changed.steps, ...changed.keep]);
  const made = await planBack(files);
  expect([made.resultsIn, made.warnings]).toEqual([fingerprint, []]);
  await send(link, made.steps);
  expect(await link.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
  expect(thunder.of('north').running).not.toContain('plum2');
  const elder = files.map(({ path, bytes }) => ({
    path,
    bytes: Buffer.from(
      bytes
        .toString()
        .replace('method src-ip-only-hash', 'method least-request')
        .replace('hostname orchard-adc', 'hostname elder'),
    ),
  }));
  expect((await planBack(elder)).warnings).toEqual([
    expect.stringMatching(/nobody has saved yet/),
    'Not brought back: hostname orchard-adc, because it is not balancing.',
    'Not brought back: hostname elder, because it is not balancing.',
  ]);
});

test('figures are polled in each partition without reading all of it again', async () => {
  const { thunder, link } = await openNorth();
  await link.device.poll(signal);
  const before = thunder.typed.length;
  const { device, pools, virtualServers } = await link.device.poll(signal);
  expect(device).toEqual({ vendor: 'a10', product: 'Thunder', version: 'ACOS 4.1.4-GR1 build 78' });
  expect(virtualServers.map(({ name }) => name)).toEqual(['vip:443', 'north/vip:443']);
  expect(pools.map(({ members }) => [members[0]?.name, members[0]?.health])).toEqual([
    ['error1:80', 'up'],
    ['north/error1:80', 'up'],
  ]);
  expect(thunder.typed.slice(before).filter((line) => line.startsWith('show '))).toHaveLength(6);
});
