import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { readMaterial } from '../../../../src-main/console/certificates/material.ts';
import { type Plan, planSchema } from '../../../../src-main/contract/plan.ts';
import { parseShown } from '../../../../src-main/vendors/netscaler/certificates/show.ts';
import type { CertificateDraft, CertificateMaterial, DeviceCertificates } from '../../../../src-main/vendors/vendor.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../../../rigs/certificates.ts';
import { head, type OpenAppliance, openAppliance, orchard, send } from './appliance.ts';

vi.setConfig({ testTimeout: 60_000 });

const { signal } = new AbortController();
let authority: Authority;
let [first, second, other]: IssuedCertificate[] = [];
let opened: OpenAppliance;

beforeAll(() => {
  authority = openAuthority();
  [first, second] = ['first', 'second'].map((file) => authority.issue({ names: ['shop.example'], file }));
  other = authority.issue({ names: ['other.example'], file: 'other' });
});
afterAll(() => {
  authority.close();
});
beforeEach(async () => {
  opened = await openAppliance();
  const { appliance } = opened;
  for (const [name, file] of [
    ['orchard.crt', first?.certFile],
    ['orchard.key', first?.keyFile],
    ['ca.crt', authority.caFile],
  ] as const)
    writeFileSync(join(appliance.directory, name), readFileSync(file ?? ''));
  appliance.running = appliance.saved = `${orchard}add ssl certKey ca -cert ca.crt\nlink ssl certKey orchard-cert ca\n`;
});
afterEach(() => opened.close());

function materialOf(issued: IssuedCertificate | undefined, isWithChain = true): CertificateMaterial {
  const paths = [issued?.certFile ?? '', issued?.keyFile ?? '', ...(isWithChain ? [authority.caFile] : [])];
  const files = paths.map((path) => ({ name: path, bytes: readFileSync(path) }));
  return readMaterial(files, { now: new Date(), passphrase: undefined, isShortChainGood: true });
}

function ways(): DeviceCertificates {
  const { certificates } = opened.link.device;
  if (certificates === undefined) throw new Error('no certificates');
  return certificates;
}

async function renewal(name: string, material: CertificateMaterial): Promise<{ plan: Plan; made: CertificateDraft }> {
  const made = await ways().plan(await opened.link.device.read(signal), name, material, 'plan123', signal);
  return { made, plan: planSchema.parse({ ...made.draft, ...head, desired: {}, changes: [] }) };
}

async function addition(name: string, list: string | undefined, material: CertificateMaterial) {
  const made = await ways().add?.(await opened.link.device.read(signal), { name, list }, material, 'plan123', signal);
  if (made === undefined) throw new Error('no way to add');
  return { made, plan: planSchema.parse({ ...made.draft, ...head, desired: {}, changes: [] }) };
}

function secretsOf(made: CertificateDraft) {
  return (id: string) => made.secrets.get(id);
}

function commandsOf(plan: Plan, list: 'steps' | 'revert' = 'steps'): readonly string[] {
  return plan[list]
    .filter(({ stage }) => stage === 'send' || stage === 'candidate')
    .flatMap(({ commands }) => commands.flatMap((command) => ('text' in command ? [command.text] : [])));
}

test('certificates are listed with end, serial, issuers and who answers with them', async () => {
  const list = await ways().list(await opened.link.device.read(signal), signal);
  expect(list.map(({ name, usedBy, chain }) => [name, usedBy, chain.length])).toEqual([
    ['orchard-cert', ['cs_orchard'], 1],
    ['ca', [], 0],
  ]);
  const facts = materialOf(first).facts;
  expect(list[0]?.facts).toMatchObject({
    serial: facts.serial,
    notAfter: facts.notAfter,
    names: ['shop.example'],
    subject: 'CN=shop.example',
  });
});

test('where the list tells files alone each is asked for, and the serial still proves what is loaded', async () => {
  opened.appliance.isBrief = true;
  const list = await ways().list(await opened.link.device.read(signal), signal);
  expect(list.map(({ facts }) => facts?.subject)).toEqual(['CN=shop.example', 'CN=Test authority']);
  const { made, plan } = await renewal('orchard-cert', materialOf(second));
  await send(opened.link, plan.steps, secretsOf(made));
  expect(await opened.link.device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
});

test("another common name switches off the appliance's check of names, though the old name is among the new ones", async () => {
  const names = ['www.shop.example', 'shop.example'];
  const { plan } = await renewal('orchard-cert', materialOf(authority.issue({ names, file: 'www' })));
  expect(commandsOf(plan)).toContain(
    'update ssl certKey orchard-cert -cert orchard-cert-plan123.crt -key orchard-cert-plan123.key -noDomainCheck',
  );
  expect(plan.warnings).toContainEqual(expect.stringContaining('www.shop.example, shop.example'));
});

test('a renewal puts new files beside the old, loads them, and the plan holds no key', async () => {
  const material = materialOf(second);
  const { made, plan } = await renewal('orchard-cert', material);
  expect(commandsOf(plan)).toEqual([
    'scp -t /nsconfig/ssl/orchard-cert-plan123.crt',
    'scp -t /nsconfig/ssl/orchard-cert-plan123.key',
    'unlink ssl certKey orchard-cert',
    'update ssl certKey orchard-cert -cert orchard-cert-plan123.crt -key orchard-cert-plan123.key',
    'link ssl certKey orchard-cert ca',
  ]);
  const body = material.key.split('\n').filter((line) => !line.startsWith('-') && line !== '');
  expect(body.length).toBeGreaterThan(1);
  for (const line of body) expect(JSON.stringify(plan)).not.toContain(line);
  await send(opened.link, plan.steps, secretsOf(made));
  expect(await opened.link.device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
  for (const [ending, text] of [
    ['crt', material.leaf],
    ['key', material.key],
  ] as const) {
    const path = join(opened.appliance.directory, `orchard-cert-plan123.${ending}`);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
  expect(opened.appliance.saved).not.toContain('plan123');
  await send(opened.link, plan.keep);
  expect(opened.appliance.saved).toContain('-cert orchard-cert-plan123.crt -key orchard-cert-plan123.key');
  for (const sent of opened.appliance.sent) expect(sent).not.toContain(body[0]);
});

test('a renewal is taken back from wherever it came to, and its files go', async () => {
  const { made, plan } = await renewal('orchard-cert', materialOf(second));
  const all = plan.steps
    .filter(({ stage }) => stage === 'candidate' || stage === 'send')
    .flatMap(({ commands }) => commands);
  for (let count = 0; count <= all.length; count += 1) {
    await send(
      opened.link,
      [{ id: 'some', stage: 'send', title: '', isHarmless: false, commands: all.slice(0, count) }],
      secretsOf(made),
    );
    await send(opened.link, plan.revert);
    expect(await opened.link.device.standing(plan, 'old', signal), String(count)).toEqual({
      file: 'old',
      differences: [],
    });
    expect(readdirSync(opened.appliance.directory).toSorted()).toEqual(['ca.crt', 'orchard.crt', 'orchard.key']);
  }
});

test('a file that the appliance did not load is seen by its serial', async () => {
  const { made, plan } = await renewal('orchard-cert', materialOf(second));
  await send(opened.link, plan.steps, secretsOf(made));
  const path = join(opened.appliance.directory, 'orchard-cert-plan123.crt');
  writeFileSync(path, readFileSync(first?.certFile ?? ''));
  const { differences } = await opened.link.device.standing(plan, 'new', signal);
  expect(differences).toEqual([expect.stringMatching(/has serial [0-9A-F]+, not /)]);
});

test('other names switch the appliance’s check off, and the plan says so', async () => {
  const { plan } = await renewal('orchard-cert', materialOf(other));
  expect(commandsOf(plan)).toContain(
    'update ssl certKey orchard-cert -cert orchard-cert-plan123.crt -key orchard-cert-plan123.key -noDomainCheck',
  );
  expect(plan.warnings).toEqual([expect.stringContaining('other.example')]);
  expect(plan.losses).toEqual([expect.stringContaining('without the certificates of its issuers')]);
});

test('a pair of appliances gets the files too, before the commands', async () => {
  opened.appliance.isPair = true;
  const { plan } = await renewal('orchard-cert', materialOf(second));
  expect(commandsOf(plan).slice(2, 4)).toEqual(['sync HA files ssl', 'unlink ssl certKey orchard-cert']);
});

test('a new certificate comes with the issuers that the appliance lacks, and is bound by its name', async () => {
  opened.appliance.running = orchard;
  const { made, plan } = await addition('shop', 'cs_orchard', materialOf(second));
  expect(commandsOf(plan)).toEqual([
    ...['shop-plan123.crt', 'shop-plan123.key', 'shop-ca1-plan123.crt'].map((name) => `scp -t /nsconfig/ssl/${name}`),
    'add ssl certKey shop-ca1-plan123 -cert shop-ca1-plan123.crt',
    'add ssl certKey shop -cert shop-plan123.crt -key shop-plan123.key',
    'link ssl certKey shop shop-ca1-plan123',
    'set ssl vserver cs_orchard -SNIEnable ENABLED',
    'bind ssl vserver cs_orchard -certkeyName shop -SNICert',
  ]);
  await send(opened.link, plan.steps, secretsOf(made));
  expect(await opened.link.device.standing(plan, 'new', signal)).toEqual({ file: 'new', differences: [] });
  const list = await ways().list(await opened.link.device.read(signal), signal);
  expect(list.find(({ name }) => name === 'shop')).toMatchObject({ usedBy: ['cs_orchard'], chain: [{}] });
  await send(opened.link, plan.revert);
  expect(opened.appliance.running).toBe(orchard);
  expect(readdirSync(opened.appliance.directory)).toHaveLength(3);
});

test('the first certificate of a virtual server is its default', async () => {
  opened.appliance.running = `${orchard}add lb vserver tls SSL 192.0.2.9 443\n`;
  const { plan } = await addition('shop', 'tls', materialOf(second, false));
  expect(commandsOf(plan).at(-1)).toBe('bind ssl vserver tls -certkeyName shop');
  expect(plan.warnings).toEqual([expect.stringMatching(/clients that do not know it will refuse/)]);
});

test('what is there, what is not, and what could not be gone back to is refused', async () => {
  const material = materialOf(second);
  await expect(renewal('nobody', material)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(renewal('orchard-cert', materialOf(first))).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  await expect(renewal('ca', material)).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
  await expect(addition('orchard-cert', undefined, material)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  await expect(addition('new', 'nobody', material)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  opened.appliance.role = 'Secondary';
  await expect(renewal('orchard-cert', material)).rejects.toMatchObject({ code: 'CAPABILITY_MISSING' });
});

test('scp gets what its source would send', async () => {
  const { made, plan } = await renewal('orchard-cert', materialOf(second));
  const [copy] = plan.steps.find(({ id }) => id === 'candidate')?.commands ?? [];
  if (copy?.kind !== 'shell' || copy.stdin === undefined) throw new Error('no copy');
  const bytes = made.secrets.get(copy.stdin.secret) ?? Buffer.alloc(0);
  expect(bytes.length).toBe(copy.stdin.bytes);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(copy.stdin.sha256);
  expect(bytes.toString('latin1')).toMatch(/^C0600 \d+ orchard-cert-plan123\.crt\n-----BEGIN CERTIFICATE-----/);
});

test('what `show ssl certKey` tells is read, with what no certificate was read of', () => {
  const said = `1)      Name: one
  Cert Path: one.crt
  Status: Valid,   Days to expiration:89
  Serial Number: 03B2B5
  Issuer:  C=US,O=Some Authority, Inc.,CN=Authority X3
  Validity
    Not Before: Jan  5 13:34:23 2020 GMT
    Not After : Apr  4 13:34:23 2020 GMT
  Subject:  CN=acme.example
  Public Key Algorithm: rsaEncryption
  Public Key size: 2048
2)\tName: "two words"
\tCert Path: two.crt
`;
  expect(parseShown(said)).toEqual([
    {
      name: 'one',
      facts: {
        subject: 'CN=acme.example',
        issuer: 'C=US, O=Some Authority, Inc., CN=Authority X3',
        serial: '03B2B5',
        notBefore: '2020-01-05T13:34:23.000Z',
        notAfter: '2020-04-04T13:34:23.000Z',
        names: ['acme.example'],
        algorithm: 'RSA 2048',
      },
    },
    { name: '"two words"' },
  ]);
});
