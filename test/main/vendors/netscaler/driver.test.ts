import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import type { Desired } from '../../../../src-main/contract/model.ts';
import { type Plan, planSchema } from '../../../../src-main/contract/plan.ts';
import { DeviceLink } from '../../../../src-main/console/device-link.ts';
import { diffModel } from '../../../../src-main/core/plan/diff.ts';
import { openSsh } from '../../../../src-main/transports/ssh-connect.ts';
import { applyCommands } from '../../../../src-main/vendors/netscaler/write.ts';
import { drivers } from '../../../../src-main/vendors/registry.ts';
import { type Fake, startFakeSsh } from '../../../rigs/fake-ssh.ts';

// How the driver speaks to the command line over SSH. What is at the other end here takes the commands as this project understands
// them, so it proves how answers are read and what is sent when, not that an appliance takes them.

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/netscaler/orchard/ns.conf'), 'utf8');
const { signal } = new AbortController();
const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

class Appliance {
  running = orchard;
  saved = orchard;
  role = 'Primary';
  readonly sent: string[] = [];
  refuses: string | undefined;

  answer(command: string): string {
    this.sent.push(command);
    if (command === this.refuses) return 'ERROR: Internal error while processing the request\n';
    const warning = this.role === 'Secondary' ? 'Warning: You are connected to a secondary node\n' : '';
    if (command === 'show ns runningConfig') return `${warning}${this.running} Done\n`;
    if (command === 'show ns ns.conf') return `${this.saved} Done\n`;
    if (command === 'show ns version')
      return '\tNetScaler NS13.1: Build 37.38.nc, Date: Nov 23 2022, 04:21:25   (64-bit)\n Done\n';
    if (command === 'show ha node') return `1)\tNode ID:      0\n\tMaster State: ${this.role}\n Done\n`;
    if (command === 'save ns config') this.saved = this.running;
    const before = this.running;
    this.running = applyCommands(this.running, [command]);
    const isAgain = before === this.running && /^(?:add|bind|unbind) /.test(command);
    return isAgain ? 'ERROR: No such resource\n' : ' Done\n';
  }
}

async function open(): Promise<{ appliance: Appliance; link: DeviceLink; plan: (desired: Desired) => Promise<Plan> }> {
  const appliance = new Appliance();
  const fake: Fake = await startFakeSsh({
    onExec: (command, channel) => {
      channel.write(appliance.answer(command));
      channel.exit(0);
      channel.end();
    },
  });
  stops.push(fake.close);
  const host = await openSsh(fake.options());
  stops.push(host.close);
  const driver = drivers.find(({ id }) => id === 'netscaler');
  if (driver === undefined) throw new Error('no driver');
  const tools = {
    now: () => new Date(0),
    sleep: () => Promise.resolve(),
    certificate: () => undefined,
    sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex'),
  };
  const address = parseAddress(`netscaler+ssh://operator@127.0.0.1:${String(fake.port)}`);
  const link = new DeviceLink(driver, address, { kind: 'host', host }, tools);
  return {
    appliance,
    link,
    plan: async (desired) => {
      const reading = await link.device.read(signal);
      const edit = diffModel(reading.model, desired, 'merge');
      const draft = await link.device.plan(reading, edit, 'plan123', signal);
      const head = {
        version: 1,
        id: 'plan123',
        device: 'adc',
        vendor: 'netscaler',
        createdAt: '2026-01-01T00:00:00.000Z',
      };
      return planSchema.parse({ ...draft, ...head, desired, changes: edit.changes });
    },
  };
}

async function send(link: DeviceLink, steps: Plan['steps']): Promise<void> {
  for (const step of steps) for (const command of step.commands) await link.send(command, signal);
}

const weight: Desired = { pools: [{ name: 'lb_web/sg_web', members: [{ name: 'apple1:8080', weight: 7 }] }] };
const plum: Desired = {
  pools: [
    {
      name: 'lb_web/sg_web',
      members: [{ name: 'plum:8080', node: 'plum', address: '10.20.0.31', port: 8080, maxConnections: 500 }],
    },
  ],
};

test('reads version, role, configuration and model', async () => {
  const { link } = await open();
  const reading = await link.device.read(signal);
  expect(reading.facts).toMatchObject({ version: 'NS13.1: Build 37.38.nc', weightRange: { lowest: 1, highest: 100 } });
  expect(reading.model.pools.map(({ name }) => name)).toContain('lb_web/sg_web');
  expect(reading.model.unmodelled).toHaveLength(1);
});

test('a weight is planned, sent, verified, kept and only then saved', async () => {
  const { appliance, link, plan } = await open();
  const made = await plan(weight);
  expect(made.steps.map(({ stage }) => stage)).toEqual(['fingerprint', 'check', 'hold', 'send', 'verify']);
  await send(link, made.steps);
  expect(await link.device.standing(made, 'new', signal)).toEqual({ file: 'new', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(made.resultsIn);
  expect(appliance.saved).toBe(orchard);
  await send(link, made.keep);
  expect(appliance.saved).toContain('bind serviceGroup sg_web apple1 8080 -weight 7');
});

test('a push that broke off after its first command is taken back, whatever had not been done yet', async () => {
  const { appliance, link, plan } = await open();
  const made = await plan(plum);
  appliance.refuses = 'bind serviceGroup sg_web plum 8080';
  await expect(send(link, made.steps)).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
    raw: expect.stringMatching(/Internal error/) as string,
  });
  expect((await link.device.standing(made, 'old', signal)).differences).not.toEqual([]);
  await send(link, made.revert);
  expect(await link.device.standing(made, 'old', signal)).toEqual({ file: 'old', differences: [] });
  expect((await link.device.read(signal)).fingerprint).toBe(made.basedOn);
});

test('another hand’s change is seen as such', async () => {
  const { appliance, link, plan } = await open();
  const made = await plan(weight);
  appliance.running = applyCommands(appliance.running, ['set lb vserver lb_api -cltTimeout 99']);
  expect((await link.device.standing(made, 'old', signal)).file).toBe('foreign');
});

test('on a secondary nothing is planned, and unsaved changes of others are told', async () => {
  const { appliance, link, plan } = await open();
  appliance.saved = applyCommands(orchard, ['set lb vserver lb_api -cltTimeout 99']);
  expect((await plan(weight)).warnings).toEqual([expect.stringMatching(/nobody has saved yet/)]);
  const { fingerprint } = await link.device.read(signal);
  appliance.role = 'Secondary';
  expect((await link.device.read(signal)).fingerprint).toBe(fingerprint);
  await expect(plan(weight)).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
});

test('what does not answer as a NetScaler is told with its words', async () => {
  const { appliance, link } = await open();
  appliance.answer = () => 'sh: show: not found\n';
  await expect(link.device.read(signal)).rejects.toMatchObject({
    code: 'OUTPUT_UNPARSED',
    raw: expect.stringMatching(/not found/) as string,
  });
  appliance.answer = () => ' ERROR: Not authorized to execute this command [show ns version]\n';
  await expect(link.device.read(signal)).rejects.toMatchObject({
    code: 'COMMAND_REJECTED',
    detail: expect.stringMatching(/Not authorized/) as string,
  });
});
