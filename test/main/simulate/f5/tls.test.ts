import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Appliance } from '../../../../src-main/simulate/f5/appliance.ts';
import { clientTlsOf } from '../../../../src-main/simulate/f5/carried-tls.ts';
import { type Authority, openAuthority } from '../../../rigs/certificates.ts';
import { startShop } from './shop.ts';

let authority: Authority;
let disk: readonly (readonly [path: string, text: string])[] = [];
beforeAll(() => {
  authority = openAuthority();
  const issued = ['shop', 'other'].map((file) => authority.issue({ names: [`${file}.example`], file }));
  const locked = join(authority.directory, 'locked.key');
  const own = issued[0]?.keyFile ?? '';
  execFileSync('openssl', ['pkey', '-in', own, '-aes256', '-passout', 'pass:orchard7', '-out', locked]);
  const files = [authority.caFile, locked, ...issued.flatMap(({ certFile, keyFile }) => [certFile, keyFile])];
  disk = files.map((file) => [`/var/tmp/${basename(file)}`, readFileSync(file, 'utf8')]);
});
afterAll(() => {
  authority.close();
});

function open() {
  const shop = startShop();
  for (const [path, text] of disk) shop.appliance.files.write(path, text);
  function run(...lines: readonly string[]): string {
    return lines.map((line) => shop.tmsh.run(line)).reduce((all, { text, error }) => all + text + error, '');
  }
  return { ...shop, run };
}

/** Certificates and keys of the profile c1, as whoever carries traffic gets them. */
function served(appliance: Appliance) {
  const by = { config: appliance.config(), isBroken: () => false, read: () => undefined };
  return clientTlsOf(by, ['/Common/c1'])?.certificates;
}

const installs = [
  'install sys crypto key shop from-local-file /var/tmp/shop.key',
  'install sys crypto cert shop from-local-file /var/tmp/shop.pem',
  'install sys crypto cert ca from-local-file /var/tmp/ca.pem',
];
const entry = 'cert-key-chain add { own { cert shop.crt key shop.key chain ca.crt } }';

test('what a profile names is held as the bytes that were installed, and no command shows them', () => {
  const { appliance, run } = open();
  expect(run(...installs, `create ltm profile client-ssl c1 ${entry}`)).toBe('');
  const files = new Map(disk);
  expect(served(appliance)).toMatchObject([
    {
      name: '/Common/shop.crt',
      chain: [files.get('/var/tmp/shop.pem'), files.get('/var/tmp/ca.pem')],
      key: files.get('/var/tmp/shop.key'),
    },
  ]);
  expect(run('list sys file ssl-key shop.key all-properties', 'list sys file ssl-cert')).not.toMatch(/BEGIN|-pem/);
  expect(appliance.running()).not.toMatch(/BEGIN|-pem/);
});

test('in one transaction certificate and key are replaced together; one alone is refused', () => {
  const { appliance, run } = open();
  run(...installs, `create ltm profile client-ssl c1 ${entry}`);
  const cert = 'modify sys file ssl-cert shop.crt source-path file:/var/tmp/other.pem';
  const refusal =
    "01070317:3: profile /Common/c1's key(/Common/shop.key) and certificate(/Common/shop.crt) do not match.\n";
  expect(run(cert)).toBe(refusal);
  expect(run('create cli transaction', cert, 'submit cli transaction')).toContain(`transaction failed:${refusal}`);
  expect(
    run(
      'create cli transaction',
      cert,
      'modify sys file ssl-key shop.key source-path file:///var/tmp/other.key',
      'submit cli transaction',
    ),
  ).not.toContain('failed');
  expect(served(appliance)?.[0]?.chain).toContain(new Map(disk).get('/var/tmp/other.pem'));
  expect(run('delete sys crypto cert ca.crt')).toMatch(/^01070265/);
  expect(run('delete sys file ssl-cert shop.crt')).toMatch(/^01070265:3: The Certificate File \(\/Common\/shop.crt\)/);
});

test('certificates and keys are deleted by either of their names', () => {
  const { run } = open();
  run(...installs);
  expect(
    run('delete sys crypto cert shop.crt', 'delete sys crypto key shop.key', 'delete sys file ssl-cert ca.crt'),
  ).toBe('');
  expect(run('list sys file ssl-cert', 'list sys file ssl-key')).not.toMatch(/shop|ca\.crt/);
});

test('a key behind a passphrase opens with that of its profile alone', () => {
  const { run } = open();
  run('install sys crypto key shop from-local-file /var/tmp/locked.key', ...installs.slice(1));
  const create = 'create ltm profile client-ssl c1 cert-key-chain add { own { cert shop.crt key shop.key';
  expect(run(`${create} passphrase wrong } }`)).toMatch(/^01070313:3: Error reading key PEM file \/Common\/shop.key/);
  expect(run(`${create} passphrase orchard7 } }`)).toBe('');
  const shown = run('list ltm profile client-ssl c1 cert-key-chain');
  expect(shown).not.toContain('orchard7');
  // What is shown may be given back.
  const [covered = ''] = /\$M\$\S+/.exec(shown) ?? [];
  expect(run(`modify ltm profile client-ssl c1 cert-key-chain modify { own { passphrase ${covered} } }`)).toBe('');
});
