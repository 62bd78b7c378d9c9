import { afterEach, expect, test } from 'vitest';
import type { Desired } from '../../../../src-main/contract/model.ts';
import { applyCommands } from '../../../../src-main/vendors/netscaler/write.ts';
import { type OpenAppliance, openAppliance, orchard, send } from './appliance.ts';

const { signal } = new AbortController();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function open(): Promise<OpenAppliance> {
  const opened = await openAppliance();
  stops.push(opened.close);
  return opened;
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
  const reading = await link.device.read(signal);
  expect(reading.fingerprint).toBe(fingerprint);
  expect(reading.facts.capabilities.flatMap(({ id, isPresent }) => (isPresent ? [] : [id]))).toEqual([
    'write',
    'certificate-renewal',
  ]);
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
