import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RemoteFile } from '../../../../src-main/simulate/a10/import.ts';
import { type Authority, openAuthority } from '../../../rigs/certificates.ts';
import { configuring, type Typist } from './vthunder.ts';

let authority: Authority;
let files: Readonly<Record<string, string>> = {};
beforeAll(() => {
  authority = openAuthority();
  const issued = ['shop', 'other'].map((file) => authority.issue({ names: [`${file}.example`], file }));
  files = Object.fromEntries([
    ['/ca.pem', authority.ca] as const,
    ['/notes.txt', 'nothing\n'] as const,
    ...issued.flatMap(({ certFile, keyFile }) =>
      [certFile, keyFile].map((file) => [file.replace(/^.*\//, '/'), readFileSync(file, 'utf8')] as const),
    ),
  ]);
});
afterAll(() => {
  authority.close();
});

async function open(): Promise<Typist & { readonly asked: readonly RemoteFile[] }> {
  const asked: RemoteFile[] = [];
  const typist = await configuring(
    {},
    {
      fetch: (file) => {
        asked.push(file);
        const text = files[file.path];
        return text === undefined ? Promise.reject(new Error('There is no such file.')) : Promise.resolve(text);
      },
    },
  );
  return { ...typist, asked };
}

async function typeAll(typist: Typist, ...lines: readonly string[]): Promise<string> {
  let all = '';
  for (const line of lines) all += await typist.type(line, 'apple');
  return all;
}

const imports = [
  'import cert shop scp://me@192.0.2.5:2222/shop.pem',
  'import key shop scp://me@192.0.2.5:2222/shop.key',
  'import ca-cert root scp://me@192.0.2.5:2222/ca.pem',
];

test('import asks for what the address lacks, and gets the file', async () => {
  const typist = await open();
  expect(await typist.type('import cert shop use-mgmt-port scp:', '192.0.2.5', 'me', 'apple', '/shop.pem')).toBe(
    'Address or name of remote host []?User name []?Password []?File name [/]?\nImporting ... Done.\n',
  );
  expect(await typist.type('import key shop scp://me@192.0.2.5:2222/shop.key', 'apple')).toBe(
    'Password []?\nImporting ... Done.\n',
  );
  expect(typist.asked).toEqual([
    { host: '192.0.2.5', user: 'me', password: 'apple', path: '/shop.pem', port: 22 },
    { host: '192.0.2.5', user: 'me', password: 'apple', path: '/shop.key', port: 2222 },
  ]);
  expect(await typist.type('show pki cert')).toMatch(
    /^Name: shop {2}Type: certificate\/key {2}Expiration: \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT \[Unexpired, Unbound\]\n$/,
  );
});

test.each([
  ['import cert a scp://me@192.0.2.5/gone.pem', 'Password []?\nCommunication with the remote host failed\n'],
  ['import cert a scp://me@192.0.2.5/notes.txt', 'Password []?\nFile a is not a valid certificate.\n'],
  ['import key a scp://me@192.0.2.5/notes.txt', 'Password []?\nFile a is not a valid private key.\n'],
  ['import cert shop scp://me@192.0.2.5/other.pem', 'File shop already exists. Use overwrite to replace it.\n'],
  ['import cert a certificate-type pfx scp://me@192.0.2.5/shop.pem', 'Only PEM files are simulated.\n'],
  ['import cert a', '% Incomplete command.\n'],
  ['pki delete certificate nope', 'Object specified does not exist (object: nope)\n'],
])('%s is refused', async (line, words) => {
  const typist = await open();
  await typeAll(typist, ...imports);
  expect(await typist.type(line, 'apple')).toBe(words);
  expect([...typist.device.pki('shared').certificates.keys()]).toEqual(['shop']);
});

test('a port serves the bytes that its client-ssl template names, with versions and suites', async () => {
  const typist = await open();
  await typeAll(typist, ...imports, 'slb virtual-server vip1', 'port 443 https', 'exit', 'exit');
  expect(typist.device.tls('shared', 'vip1', '443')).toBeUndefined();
  const said = await typeAll(
    typist,
    'slb template cipher suites',
    'no TLS1_RSA_AES_128_SHA',
    'TLS1_ECDHE_RSA_AES_128_GCM_SHA256 priority 5',
    'TLS1_ECDHE_RSA_AES_256_GCM_SHA384 priority 9',
    'slb template client-ssl t1',
    'cert shop',
    'key shop',
    'chain-cert root',
    'version 33 32',
    'template cipher suites',
    'client-certificate Require',
    'ca-cert root',
    'slb virtual-server vip1',
    'port 443 https',
    'template client-ssl t1',
  );
  expect(said).toBe('');
  expect(typist.device.tls('shared', 'vip1', '443')).toEqual({
    certificates: [
      { name: 'shop', chain: [files['/shop.pem'], files['/ca.pem']], key: files['/shop.key'], isForName: false },
    ],
    versions: ['TLSv1.1', 'TLSv1.2'],
    ciphers: ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-GCM-SHA256'],
    clientCertificate: 'required',
    authorities: [files['/ca.pem']],
  });
  expect(await typist.type('pki delete certificate shop')).toBe('File shop is in use.\n');
  expect(await typist.type('show pki cert shop')).toContain('[Unexpired, Bound]');
});

test('a certificate is renewed by overwriting it, and serves nothing until its key is there too', async () => {
  const typist = await open();
  await typeAll(typist, ...imports);
  await typeAll(typist, 'slb template client-ssl t1', 'cert shop', 'key shop', 'exit');
  await typeAll(typist, 'slb virtual-server vip1', 'port 443 https', 'template client-ssl t1', 'exit', 'exit');
  await typeAll(typist, 'import cert shop overwrite scp://me@192.0.2.5/other.pem');
  expect(typist.device.tls('shared', 'vip1', '443')?.certificates).toEqual([]);
  await typeAll(typist, 'import key shop overwrite scp://me@192.0.2.5/other.key');
  expect(typist.device.tls('shared', 'vip1', '443')?.certificates[0]?.chain).toEqual([files['/other.pem']]);
});

test('certificates for names stand beside its own, and one that is not there is not served', async () => {
  const typist = await open();
  await typeAll(typist, ...imports, 'import cert other scp://me@h/other.pem', 'import key other scp://me@h/other.key');
  expect(await typeAll(typist, 'slb template client-ssl t1', 'cert nope', 'key nope')).toBe('');
  await typeAll(
    typist,
    'certificate shop key shop',
    'server-name other.example cert other key other',
    'slb virtual-server vip1',
    'port 443 https',
    'template client-ssl t1',
  );
  expect(
    typist.device.tls('shared', 'vip1', '443')?.certificates.map(({ name, isForName }) => [name, isForName]),
  ).toEqual([
    ['shop', false],
    ['other', true],
  ]);
});
