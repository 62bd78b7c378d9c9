import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressMap } from '../../../src-main/core/recording/address-map.ts';
import { Scrubber } from '../../../src-main/core/recording/scrubber.ts';

function digest(text: string): string {
  return createHash('sha256').update(`salt${text}`).digest('hex');
}
function scrubber(secrets: readonly string[] = []): Scrubber {
  return new Scrubber({ digest, secrets, mask: (text) => text });
}
function bits(address: string): string {
  return address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('');
}
function shared(one: string, other: string): number {
  const at = Array.from(bits(one)).findIndex((bit, place) => bit !== bits(other)[place]);
  return at < 0 ? 32 : at;
}

describe('addresses', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const address = fc.tuple(fc.constantFrom(10, 44, 172, 192, 203), octet, octet, octet).map((parts) => parts.join('.'));

  test('of one subnet have substitutes of one subnet, of any length from 8 bits on, and no two the same', () => {
    const map = new AddressMap(digest);
    fc.assert(
      fc.property(address, address, (one, other) => {
        const [left, right] = [map.ipv4(one), map.ipv4(other)];
        const [before, after] = [shared(one, other), shared(left, right)];
        expect(before >= 8 ? after : Math.min(before, 8)).toBe(before >= 8 ? before : Math.min(before, 8));
        expect(left === right).toBe(one === other);
      }),
      { numRuns: 500 },
    );
  });

  test('that mean something to everybody stay: loopback, masks, multicast, none, and the private ranges', () => {
    const map = new AddressMap(digest);
    for (const one of ['127.0.0.1', '255.255.255.0', '0.0.0.0', '224.0.0.18', '255.255.255.255'])
      expect(map.ipv4(one)).toBe(one);
    expect(map.ipv4('10.1.2.3')).toMatch(/^10\./);
    expect(map.ipv4('192.168.7.8')).toMatch(/^192\.168\./);
    expect(map.ipv4('172.20.1.1')).toMatch(/^172\.(1[6-9]|2\d|3[01])\./);
    expect(map.ipv6('::1')).toBe('::1');
    expect(map.ipv6('fe80::12').startsWith('fe80:')).toBe(true);
  });

  test('of networks keep their zeros behind the prefix', () => {
    expect(scrubber().text('route 10.44.0.0/16 via 10.44.0.1')).toMatch(
      /^route 10\.\d+\.0\.0\/16 via 10\.\d+\.\d+\.\d+$/,
    );
  });
});

describe('a text', () => {
  const secret = 'Zx9Qk2Lm7Wp4';
  const forms = [
    (word: string) => `password ${word}`,
    (word: string) => `  set passphrase "${word}"`,
    (word: string) => `snmp-server community ${word} ro`,
    (word: string) => `api_key=${word}`,
    (word: string) => `"auth-key": "${word}"`,
    (word: string) => `client-secret: '${word}'`,
    (word: string) => `Authorization: Bearer ${word}`,
    (word: string) => `url https://jo:${word}@api.initech.com/x`,
    (word: string) => `# the password was ${word} once`,
    (word: string) => `server a 10.0.0.1:80 # ${word}`,
    (word: string) => `description "call ${word} at night"`,
    (word: string) => `sysContact ${word}`,
    (word: string) => `-----BEGIN PRIVATE KEY-----\n${word}\n${word}==\n-----END PRIVATE KEY-----`,
    (word: string) => `hash $6$salt$${word}${word}`,
    (word: string) => `x ${word.repeat(3)}`,
    (word: string) => `mail ${word}@initech.com`,
    (word: string) => `host ${word}.initech.com`,
    (word: string) => `user ${word} insecure`,
    (word: string) => `cmdline ${Buffer.from(`--password ${word}`).toString('hex')}`,
  ];
  const fixtures = [
    'haproxy/shop.cfg',
    'netscaler/orchard/ns.conf',
    'f5/orchard/bigip.conf',
    'nginx/orchard/nginx.conf',
  ].map((file) => readFileSync(join(import.meta.dirname, '../../fixtures', file), 'utf8'));

  test('has no secret left in any of the ways in which one may stand, planted at any line of a configuration', () => {
    for (const text of fixtures) {
      const lines = text.split('\n');
      for (const form of forms) {
        for (let at = 0; at < lines.length; at += 7) {
          const planted = [...lines.slice(0, at), form(secret), ...lines.slice(at)].join('\n');
          const out = scrubber().text(planted);
          const clear = out.replaceAll(/(?:[0-9a-f]{2}){6,}/g, (hex) => Buffer.from(hex, 'hex').toString('latin1'));
          expect({ form: form('...'), isThere: clear.includes(secret) }).toEqual({ form: form('...'), isThere: false });
        }
      }
    }
  });

  test('has no known password left, wherever it stands', () => {
    expect(scrubber(['tps-reports']).text('xxtps-reportsyy')).toBe('xxscrubbedyy');
  });

  test('keeps what is one object one object, whole words alone, keywords as they are', () => {
    const own = scrubber();
    for (const [kind, name] of [
      ['pool', 'payroll'],
      ['pool', 'payroll-archive'],
      ['virtual', 'http'],
      ['member', '/Common/db1:5432'],
    ] as const)
      own.addName(kind, name);
    expect(own.text('mode http\nuse payroll if payroll-archive payrolls /Common/db1:5432 db1')).toBe(
      'mode http\nuse pool-0001 if pool-0002 payrolls /Common/member-0001:5432 member-0001',
    );
  });

  test('names of an agent’s rows keep their order, so that the rows do', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{2,12}[a-z0-9]$/), { minLength: 2, maxLength: 20 }),
        (names) => {
          const own = scrubber();
          for (const name of names) own.addName('pool', name);
          const sorted = [...own.names].toSorted(
            ([one], [other]) => one.length - other.length || (one < other ? -1 : 1),
          );
          expect(sorted.map(([, substitute]) => substitute)).toEqual(
            sorted.map(([, substitute]) => substitute).toSorted(),
          );
        },
      ),
    );
  });
});
