import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../../src-main/contract/plan.ts';
import { planAddition } from '../../../../src-main/vendors/f5/certificates/add.ts';
import { certificatesOfReading } from '../../../../src-main/vendors/f5/certificates/list.ts';
import { type CertificateContext, planRenewal } from '../../../../src-main/vendors/f5/certificates/plan.ts';
import { certificateUses } from '../../../../src-main/vendors/f5/certificates/uses.ts';
import { isBuiltInProfile } from '../../../../src-main/vendors/f5/built-in.ts';
import { parseBigip } from '../../../../src-main/vendors/f5/parse.ts';
import { fingerprintOf, type Place, standingOf } from '../../../../src-main/vendors/f5/plan.ts';
import { BigipText } from '../../../../src-main/vendors/f5/text.ts';
import { applyTmsh, applyTransaction } from '../../../../src-main/vendors/f5/write.ts';
import type { CertificateDraft, CertificateMaterial } from '../../../../src-main/vendors/vendor.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/f5/orchard/bigip.conf'), 'utf8');
const place: Place = {
  shell: 'bash',
  version: [15, 1],
  group: { self: undefined, name: undefined, isAutomatic: false, status: 'Standalone', newer: [], isConflict: false },
  planId: 'abc123',
};
const material: CertificateMaterial = {
  leaf: '-----BEGIN CERTIFICATE-----\nbGVhZg==\n-----END CERTIFICATE-----\n',
  chain: '-----BEGIN CERTIFICATE-----\nY2hhaW4=\n-----END CERTIFICATE-----\n',
  key: '-----BEGIN PRIVATE KEY-----\nVEhFIEtFWQ==\n-----END PRIVATE KEY-----\n',
  facts: {
    subject: 'CN=orchard.example',
    issuer: 'CN=An authority',
    serial: '0A',
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2027-01-01T00:00:00.000Z',
    names: ['orchard.example', 'www.orchard.example'],
    algorithm: 'RSA 2048',
  },
  sha256: 'feed00c0ffee'.padEnd(64, '0'),
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const offers = { weightRange: { lowest: 1, highest: 2 }, algorithms: [] } as const;

function contextOf(text: string, at: Partial<Place> = {}): CertificateContext {
  const files = [{ path: 'bigip.conf', bytes: Buffer.from(text) }];
  const facts = { vendor: 'f5', label: '', product: '', version: '', capabilities: [], ...offers } as const;
  const model = parseBigip(files);
  return { reading: { files, fingerprint: '', facts, model }, place: { ...place, ...at }, sha256 };
}

/** The lines that go to tmsh in the one transaction of these steps. */
function transactionOf(steps: Plan['steps']): string[] {
  const texts = steps.flatMap(({ commands }) => commands.map((one) => ('text' in one ? one.text : '')));
  const piped = texts.map((text) => /^printf '%s\\n' '([^]*)' \| tmsh -q$/.exec(text)?.[1]).find((one) => one);
  return piped?.split("' '").slice(1, -1) ?? [];
}

/** What the device lists again: keys are not asked for. */
function listed(text: string): string {
  const config = new BigipText(text);
  for (const part of config.parts.filter(({ words }) => words[2] === 'ssl-key')) config.remove(part);
  return config.toString();
}

/** All of it is there or none; and by single commands it goes back from wherever they ended. */
function expectWayBack(text: string, { draft }: CertificateDraft, where?: string): void {
  const [commands, back] = [transactionOf(draft.steps), transactionOf(draft.revert)];
  const before = listed(text);
  for (let count = 0; count <= commands.length; count += 1) {
    const partly = applyTmsh(text, commands.slice(0, count));
    expect(partly.refused, where).toEqual([]);
    const returned = applyTmsh(applyTransaction(partly.text, back), back).text;
    expect(standingOf(draft, 'old', listed(returned), sha256), where).toEqual({ file: 'old', differences: [] });
    expect(parseBigip([{ path: '', bytes: Buffer.from(listed(returned)) }]).virtualServers, where).toEqual(
      parseBigip([{ path: '', bytes: Buffer.from(before) }]).virtualServers,
    );
    expect(fingerprintOf(listed(returned), sha256), where).toBe(draft.basedOn);
    if (count === commands.length) {
      const after = listed(partly.text);
      expect(standingOf(draft, 'new', after, sha256), where).toEqual({ file: 'new', differences: [] });
      expect(fingerprintOf(after, sha256), where).toBe(draft.resultsIn);
    }
  }
}

const [cert, key, chain] = ['crt', 'key', 'chain'].map((ending) => `/var/tmp/steelyard-abc123.${ending}`);

test('a renewal is new objects from files and profiles pointed at them in one transaction, and back', () => {
  const made = planRenewal(contextOf(orchard), '/Common/orchard.crt', material);
  const name = '/Common/orchard_feed00c0ffee';
  expect(transactionOf(made.draft.steps)).toEqual([
    `create sys file ssl-key ${name}.key source-path file:${key ?? ''}`,
    `create sys file ssl-cert ${name}.crt source-path file:${cert ?? ''}`,
    `create sys file ssl-cert ${name}-chain.crt source-path file:${chain ?? ''}`,
    `modify ltm profile client-ssl /Common/orchard-tls cert-key-chain modify { orchard { cert ${name}.crt chain ${name}-chain.crt key ${name}.key } }`,
  ]);
  expect(transactionOf(made.draft.revert)).toEqual([
    'modify ltm profile client-ssl /Common/orchard-tls cert-key-chain modify { orchard { cert /Common/orchard.crt chain /Common/orchard-chain.crt key /Common/orchard.key } }',
    `delete sys file ssl-cert ${name}-chain.crt`,
    `delete sys file ssl-cert ${name}.crt`,
    `delete sys file ssl-key ${name}.key`,
  ]);
  expect(made.draft.affects).toEqual([
    { kind: 'profile', name: '/Common/orchard-tls', why: 'names the certificate' },
    { kind: 'virtualServer', name: '/Common/orchard_https', why: 'has such a profile' },
  ]);
  expectWayBack(orchard, made);
});

test('the bytes come by standard input, are read again, and their files go before the change is looked at', () => {
  const { draft, secrets } = planRenewal(contextOf(orchard), '/Common/orchard.crt', material);
  expect(draft.steps.map(({ id }) => id)).toEqual([
    'fingerprint',
    'candidate',
    'check',
    'hold',
    'send',
    'forget',
    'verify',
  ]);
  const bring = draft.steps.find(({ id }) => id === 'candidate')?.commands ?? [];
  expect(bring[0]).toMatchObject({
    text: `umask 077 && cat > ${key ?? ''}`,
    stdin: { secret: 'abc123/key', sha256: sha256(Buffer.from(material.key)), bytes: material.key.length },
  });
  expect(bring.map((one) => ('text' in one ? one.text : ''))).toEqual(
    [key, cert, chain].flatMap((path) => [`umask 077 && cat > ${path ?? ''}`, `sha256sum -- ${path ?? ''}`]),
  );
  const expected = new RegExp(bring[1]?.kind === 'shell' ? (bring[1].expect ?? '') : '', 'u');
  expect(expected.test(`${sha256(Buffer.from(material.key))}  ${key ?? ''}\n`)).toBe(true);
  expect(expected.test(`${sha256(Buffer.from(material.leaf))}  ${key ?? ''}\n`)).toBe(false);
  const remove = { text: `rm -f -- ${key ?? ''} ${cert ?? ''} ${chain ?? ''}` };
  expect(draft.steps.find(({ id }) => id === 'forget')?.commands).toMatchObject([remove]);
  expect(draft.revert[0]?.commands).toMatchObject([remove]);
  expect(draft.keep.map(({ commands }) => commands[0])).toMatchObject([
    { text: "tmsh -q -c 'save sys config'" },
    remove,
  ]);
  expect([...secrets.keys()]).toEqual(['abc123/key', 'abc123/certificate', 'abc123/chain']);
  expect(JSON.stringify(draft)).not.toMatch(/PRIVATE KEY|VEhFIEtFWQ/);
});

const flat = `ltm profile client-ssl /Common/old-tls {
    cert /Common/old.crt
    chain /Common/old-chain.crt
    defaults-from /Common/clientssl
    key /Common/old.key
}
ltm profile server-ssl /Common/back-tls {
    cert /Common/old.crt
    defaults-from /Common/serverssl
    key /Common/old.key
}
ltm virtual /Common/v {
    destination /Common/192.0.2.1:443
    profiles {
        /Common/back-tls {
            context serverside
        }
    }
}
ltm monitor https /Common/m {
    cert /Common/old.crt
    defaults-from /Common/https
}
`;

test('where a profile itself names the certificate, and towards members, it is pointed as a whole', () => {
  const made = planRenewal(contextOf(flat, { version: [11, 4] }), '/Common/old.crt', { ...material, chain: '' });
  const name = '/Common/old_feed00c0ffee';
  expect(transactionOf(made.draft.steps).slice(2)).toEqual([
    `modify ltm profile client-ssl /Common/old-tls cert ${name}.crt chain none key ${name}.key`,
    `modify ltm profile server-ssl /Common/back-tls cert ${name}.crt chain none key ${name}.key`,
  ]);
  expect(made.draft.affects).toContainEqual({ kind: 'virtualServer', name: '/Common/v', why: 'has such a profile' });
  expect(made.draft.warnings).toContainEqual('ltm monitor https /Common/m names /Common/old.crt too, and keeps it.');
  expectWayBack(flat, made);
});

const family = `ltm profile client-ssl /Common/child {
    cert-key-chain {
        one {
            cert /Common/one.crt
            key /Common/one.key
        }
    }
    defaults-from /Common/parent
    inherit-certkeychain true
}
ltm profile client-ssl /Common/parent {
    cert /Common/one.crt
    cert-key-chain {
        one {
            cert /Common/one.crt
            key /Common/one.key
        }
    }
    defaults-from /Common/clientssl
    inherit-certkeychain false
    key /Common/one.key
}
ltm virtual /Common/v {
    destination /Common/192.0.2.1:443
    profiles {
        /Common/child {
            context clientside
        }
    }
}
`;

test('a profile that inherits the certificate is left alone, named, and follows without being another hand', () => {
  const made = planRenewal(contextOf(family), '/Common/one.crt', material);
  const sent = transactionOf(made.draft.steps);
  expect(sent.filter((line) => line.startsWith('modify'))).toEqual([expect.stringContaining('/Common/parent ')]);
  expect(made.draft.affects).toEqual([
    { kind: 'profile', name: '/Common/parent', why: 'names the certificate' },
    { kind: 'profile', name: '/Common/child', why: 'inherits the certificate of /Common/parent' },
    { kind: 'virtualServer', name: '/Common/v', why: 'has such a profile' },
  ]);
  const after = listed(applyTmsh(family, sent).text).replaceAll(
    '/Common/one.crt',
    '/Common/one_feed00c0ffee.crt', // the copies of the child, and the parent's own repetition
  );
  expect(standingOf(made.draft, 'new', after, sha256)).toEqual({ file: 'new', differences: [] });
  expectWayBack(family, made);
});

const told = `sys file ssl-cert /Common/orchard.crt {
    certificate-key-size 2048
    checksum SHA1:1155:a240a45f0396e7f742d6ba0eb29157eb46e93862
    create-time 2026-01-01:10:00:00
    created-by admin
    expiration-date 1798405586
    expiration-string "Dec 27 21:06:26 2026 GMT"
    fingerprint SHA256/6D:82:3D:2E:43:F5:46:D2:CB:E5:AD:0F:2B:5F:FD:7B:D0:84:A8:6F:FD:C8:0D:4E:CA:85:63:72:1F:59:ED:0B
    is-bundle false
    issuer "CN=An authority,O=Example Ltd"
    key-type rsa-public
    serial-number 0a:b0:07:c2
    subject CN=orchard.example
    subject-alternative-name "DNS:orchard.example, DNS:WWW.orchard.example"
    version 3
}
sys file ssl-cert /Common/orchard-chain.crt {
    expiration-string "Dec 27 21:06:26 2030 GMT"
    issuer "CN=A root"
    subject "CN=An authority,O=Example Ltd"
}
`;

test('certificates are listed with what the device tells of them and who answers with them', () => {
  expect(certificatesOfReading(orchard + told)).toEqual([
    {
      name: '/Common/orchard.crt',
      facts: {
        subject: 'CN=orchard.example',
        issuer: 'CN=An authority, O=Example Ltd',
        serial: '0AB007C2',
        notAfter: '2026-12-27T21:06:26.000Z',
        names: ['orchard.example', 'www.orchard.example'],
        algorithm: 'RSA 2048',
        sha256: '6D823D2E43F546D2CBE5AD0F2B5FFD7BD084A86FFDC80D4ECA8563721F59ED0B',
      },
      chain: [{ subject: 'CN=An authority, O=Example Ltd', issuer: 'CN=A root' }],
      usedBy: ['/Common/orchard_https'],
    },
    expect.objectContaining({ name: '/Common/orchard-chain.crt', usedBy: [] }),
  ]);
  expect(certificatesOfReading(orchard)[0]?.problem).toMatch(/lists no certificate of this name/);
});

test('a new certificate is made alone, beside one of another kind of key, or for a virtual server by its name', () => {
  const alone = planAddition(contextOf(orchard), { name: 'shop.crt' }, material);
  expect(transactionOf(alone.draft.steps)).toHaveLength(3);
  expect(alone.draft.warnings).toEqual([expect.stringMatching(/No profile names it/)]);
  const entry = 'modify ltm profile client-ssl /Common/orchard-tls cert-key-chain';
  const ec = { ...material, facts: { ...material.facts, algorithm: 'EC prime256v1' } };
  const beside = planAddition(contextOf(orchard + told), { name: '/Common/shop', list: 'orchard-tls' }, ec);
  expect(transactionOf(beside.draft.steps).at(-1)).toBe(
    `${entry} add { shop { cert /Common/shop.crt chain /Common/shop-chain.crt key /Common/shop.key } }`,
  );
  expect(transactionOf(beside.draft.revert)[0]).toBe(`${entry} delete { shop }`);
  const virtual = planAddition(contextOf(orchard), { name: '/Common/shop', list: '/Common/orchard_https' }, material);
  expect(transactionOf(virtual.draft.steps).slice(3)).toEqual([
    'create ltm profile client-ssl /Common/shop_clientssl { cert-key-chain replace-all-with { shop { cert /Common/shop.crt chain /Common/shop-chain.crt key /Common/shop.key } } defaults-from /Common/clientssl server-name orchard.example }',
    'modify ltm profile client-ssl /Common/orchard-tls sni-default true',
    'modify ltm virtual /Common/orchard_https profiles add { /Common/shop_clientssl { context clientside } }',
  ]);
  const early = planAddition(contextOf(flat, { version: [11, 4] }), { name: 'shop', list: '/Common/v' }, material);
  expect(transactionOf(early.draft.steps)[3]).toBe(
    'create ltm profile client-ssl /Common/shop_clientssl { cert /Common/shop.crt chain /Common/shop-chain.crt key /Common/shop.key defaults-from /Common/clientssl }',
  );
  for (const [text, made] of [
    [orchard, alone],
    [orchard + told, beside],
    [orchard, virtual],
  ] as const)
    // prettier-ignore
    expect(standingOf(made.draft, 'new', listed(applyTmsh(text, transactionOf(made.draft.steps)).text), sha256)).toEqual(
      { file: 'new', differences: [] },
    );
  const more = listed(applyTmsh(orchard, transactionOf(alone.draft.steps)).text).replaceAll(
    /(ssl-cert \/Common\/shop\S* \{\n)/g,
    '$1    subject CN=orchard.example\n',
  );
  expect(standingOf(alone.draft, 'new', more, sha256)).toEqual({ file: 'new', differences: [] });
  expect(standingOf(alone.draft, 'old', more, sha256).file).toBe('new');
  expectWayBack(orchard, alone);
  expectWayBack(orchard + told, beside);
});

test('a key that an old version may refuse alone is told', () => {
  const ec = { ...material, facts: { ...material.facts, algorithm: 'EC prime256v1' } };
  function warned(major: number, of: CertificateMaterial): boolean {
    const { draft } = planRenewal(contextOf(orchard, { version: [major, 0] }), '/Common/orchard.crt', of);
    return draft.warnings.some((one) => one.includes('without an RSA one'));
  }
  expect([warned(13, ec), warned(13, material), warned(14, ec)]).toEqual([true, false, false]);
});

const passphrase = orchard.replace(
  'key /Common/orchard.key\n',
  'key /Common/orchard.key\n            passphrase $M$x\n',
);
test.each([
  ['unknown', () => planRenewal(contextOf(orchard), '/Common/none.crt', material), /no certificate/],
  ['unused', () => planRenewal(contextOf(orchard + told), '/Common/orchard-chain.crt', material), /no client-ssl/],
  [
    'of tmsh',
    () => planRenewal(contextOf(orchard, { shell: 'tmsh' }), '/Common/orchard.crt', material),
    /takes no file/,
  ],
  ['with a passphrase', () => planRenewal(contextOf(passphrase), '/Common/orchard.crt', material), /passphrase/],
  [
    'of the device itself',
    () => planRenewal(contextOf(family.replaceAll('/Common/parent', '/Common/clientssl')), '/Common/one.crt', material),
    /only profiles do that come with the device/,
  ],
  ['there already', () => planAddition(contextOf(orchard + told), { name: 'orchard.crt' }, material), /already/],
  [
    'of a kind that is there',
    () => planAddition(contextOf(orchard + told), { name: 'x', list: 'orchard-tls' }, material),
    /one certificate per kind of key/,
  ],
  [
    'in no place',
    () => planAddition(contextOf(orchard), { name: 'x', list: 'nowhere' }, material),
    /no client-ssl prof/,
  ],
  ['oddly named', () => planAddition(contextOf(orchard), { name: 'x; delete' }, material), /no name of a cert/],
])('a certificate %s is refused in words', (_title, make, words) => {
  expect(make).toThrow(words);
});

describe.skipIf(lacksRecordings)('every configuration of a real device', { timeout: 120_000 }, () => {
  test('has its certificates renewed profile by profile, and given back from every half-way point', () => {
    let renewed = 0;
    for (const { path, bytes } of recordings('config/f5', '')) {
      if (!bytes.includes('cert')) continue;
      const text = listed(bytes.toString('utf8'));
      const uses = certificateUses(new BigipText(text));
      const own = uses.filter(
        ({ cert: name, isInherited }) =>
          !isInherited &&
          name.startsWith('/') &&
          uses.every(
            (one) => one.cert !== name || (!one.hasPassphrase && !isBuiltInProfile(one.profile.words[3] ?? '')),
          ),
      );
      for (const name of new Set(own.map((one) => one.cert))) {
        const made = planRenewal(contextOf(text), name, material);
        const lines = transactionOf(made.draft.steps);
        const after = certificateUses(new BigipText(applyTmsh(text, lines).text));
        expect(
          after.filter((one) => one.cert === name && !one.isInherited),
          path,
        ).toEqual([]);
        expectWayBack(text, made, path);
        renewed += 1;
      }
    }
    expect(renewed).toBeGreaterThan(5);
  });
});
