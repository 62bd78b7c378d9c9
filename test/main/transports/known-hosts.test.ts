import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fingerprintOf,
  hostAndPort,
  type HostName,
  judgeHostKey,
  keyType,
  parseKnownHosts,
  preferHostKeyAlgorithms,
  renderKnownHost,
} from '../../../src-main/transports/known-hosts.ts';

const lb1: HostName = { host: 'lb1.example.com', port: 22 };
const ed = blob('ssh-ed25519', 1);
const otherEd = blob('ssh-ed25519', 2);
const ecdsa = blob('ecdsa-sha2-nistp256', 3);
const rsa = blob('ssh-rsa', 4);

describe('which lines count', () => {
  test('comments, empty lines, damaged keys, SSH-1 keys and unknown markers are passed over', () => {
    const lines = parse(
      '',
      '# lb1.example.com ssh-ed25519 AAAA',
      'lb1.example.com ssh-ed25519',
      'lb1.example.com ssh-ed25519 no*base64',
      'lb1.example.com 2048 35 1234567',
      `lb1.example.com ssh-rsa ${ed.toString('base64')}`,
      `@trusted lb1.example.com ssh-ed25519 ${ed.toString('base64')}`,
    );
    expect(lines).toEqual([]);
  });

  test('a comment after the key, tabs and a carriage return do no harm', () => {
    const [line] = parse(`lb1.example.com\tssh-ed25519 ${ed.toString('base64')} root@lb1 (old)\r`);
    expect(line).toMatchObject({ file: 'kh', line: 1, algorithm: 'ssh-ed25519', key: ed });
  });

  test('line numbers count all lines', () => {
    expect(parse('', '#', entry('lb1.example.com', ed))[0]?.line).toBe(3);
  });
});

describe('which host a line names', () => {
  test.each([
    ['lb1.example.com', true],
    ['LB1.Example.Com', true],
    ['a,lb1.example.com,b', true],
    ['*.example.com', true],
    ['lb?.example.com', true],
    ['lb??.example.com', false],
    ['*', true],
    ['*.example.com,!lb1.*', false],
    ['!lb1.example.com', false],
    ['!lb2.example.com', false],
    ['[lb1.example.com]:2222', false],
    ['lb1', false],
    ['', false],
  ])('%s names lb1.example.com on port 22: %s', (names, isNamed) => {
    expect(judgeHostKey(parse(entry(names, ed)), lb1, ed).kind).toBe(isNamed ? 'known' : 'unknown');
  });

  test('the case of the name that was typed does not matter', () => {
    const lines = parse(entry('lb1.example.com', ed), entry(hashed('lb2.example.com'), ed));
    expect(judgeHostKey(lines, { host: 'LB1.example.COM', port: 22 }, ed).kind).toBe('known');
    expect(judgeHostKey(lines, { host: 'LB2.example.COM', port: 22 }, ed).kind).toBe('known');
  });

  test('another port is part of the name', () => {
    const lines = parse(entry('[lb1.example.com]:2222', ed));
    expect(judgeHostKey(lines, { ...lb1, port: 2222 }, ed).kind).toBe('known');
    expect(judgeHostKey(lines, { ...lb1, port: 2223 }, ed).kind).toBe('unknown');
  });

  test('a key known for the bare name is taken on another port, and never blocks there', () => {
    const lines = parse(entry('lb1.example.com', ed));
    expect(judgeHostKey(lines, { ...lb1, port: 2222 }, ed).kind).toBe('known');
    expect(judgeHostKey(lines, { ...lb1, port: 2222 }, otherEd).kind).toBe('unknown');
  });

  test('a hashed name is found by its HMAC, with the port in it', () => {
    const lines = parse(entry(hashed('[lb1.example.com]:2222'), ed));
    expect(judgeHostKey(lines, { ...lb1, port: 2222 }, ed).kind).toBe('known');
    expect(judgeHostKey(lines, lb1, ed).kind).toBe('unknown');
  });

  test('a pattern made to backtrack is answered at once', () => {
    const lines = parse(entry(`${'*a'.repeat(200)}b`, ed));
    expect(judgeHostKey(lines, { host: 'a'.repeat(250), port: 22 }, ed).kind).toBe('unknown');
  });
});

describe('what is said of a key', () => {
  test('any of several keys of a host will do', () => {
    const lines = parse(entry('lb1.example.com', otherEd), entry('lb1.example.com', ed));
    expect(judgeHostKey(lines, lb1, ed)).toMatchObject({ kind: 'known', line: { line: 2 } });
  });

  test('a key other than the known one has changed, and the old line is named', () => {
    const lines = parse(entry('lb1.example.com', ecdsa), entry('lb1.example.com', otherEd));
    expect(judgeHostKey(lines, lb1, ed)).toMatchObject({ kind: 'changed', lines: [{ line: 2 }, { line: 1 }] });
  });

  test('a key of another type than all known ones has changed too', () => {
    expect(judgeHostKey(parse(entry('lb1.example.com', ecdsa)), lb1, ed).kind).toBe('changed');
  });

  test('keys of types that cannot be negotiated do not make a change', () => {
    const lines = parse(entry('lb1.example.com', blob('ssh-dss', 1)));
    expect(judgeHostKey(lines, lb1, ed).kind).toBe('unknown');
  });

  test('a revoked key is refused even where another line knows it', () => {
    const lines = parse(entry('lb1.example.com', ed), `@revoked * ${typed(ed)}`);
    expect(judgeHostKey(lines, lb1, ed)).toMatchObject({ kind: 'revoked', line: { line: 2 } });
    expect(judgeHostKey(lines, lb1, otherEd).kind).toBe('changed');
  });

  test('a certificate authority does not make a key known, and is told', () => {
    const lines = parse(`@cert-authority *.example.com ${typed(ed)}`);
    expect(judgeHostKey(lines, lb1, ed)).toMatchObject({ kind: 'unknown', authorities: [{ line: 1 }] });
  });
});

describe('which algorithms are asked for', () => {
  test('those of known keys come first, and RSA keys are asked for with SHA-2', () => {
    const lines = parse(entry('lb1.example.com', rsa));
    expect(preferHostKeyAlgorithms(lines, lb1).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  });

  test('none is left out, so that a changed host still shows its key', () => {
    const all = preferHostKeyAlgorithms([], lb1);
    expect([...preferHostKeyAlgorithms(parse(entry('lb1.example.com', ecdsa)), lb1)].sort()).toEqual([...all].sort());
    expect(all[0]).toBe('ssh-ed25519');
  });

  test('revoked lines and authorities are no reason to ask for a type', () => {
    const lines = parse(`@cert-authority * ${typed(rsa)}`, `@revoked * ${typed(ecdsa)}`);
    expect(preferHostKeyAlgorithms(lines, lb1)).toEqual(preferHostKeyAlgorithms([], lb1));
  });
});

test('a fingerprint is written as ssh-keygen writes it', () => {
  // Key and fingerprint from `ssh-keygen -l` of OpenSSH 9.2.
  const key = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIE8/LpfKzGRB0+dUPANQBum6jPUpWX5wi8BZZ9mORbcZ', 'base64');
  expect(fingerprintOf(key)).toBe('SHA256:CT2QN0EcobBeVtzptByHUvm8Q/fOzxNC524ET9b9YHE');
  expect(keyType(key)).toBe('ssh-ed25519');
});

describe('properties', () => {
  const name = fc.record({
    host: fc.stringMatching(/^[a-z0-9][a-z0-9.:-]{0,30}$/),
    port: fc.integer({ min: 1, max: 65_535 }),
  });
  const key = fc
    .tuple(fc.constantFrom('ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'), fc.integer({ min: 0, max: 255 }))
    .map(([type, fill]) => blob(type, fill));

  test('a written line is read back and makes exactly its key known for exactly its host', () => {
    fc.assert(
      fc.property(name, name, key, key, (host, otherHost, hostKey, otherKey) => {
        const lines = parseKnownHosts('kh', renderKnownHost(host, hostKey));
        expect(judgeHostKey(lines, host, hostKey).kind).toBe('known');
        if (!otherKey.equals(hostKey)) expect(judgeHostKey(lines, host, otherKey).kind).toBe('changed');
        if (otherHost.host !== host.host) expect(judgeHostKey(lines, otherHost, hostKey).kind).toBe('unknown');
      }),
    );
  });

  test('a hashed name means what the plain name means', () => {
    fc.assert(
      fc.property(name, name, key, (host, asked, hostKey) => {
        const plain = parse(`${hostAndPort(host)} ${typed(hostKey)}`);
        const hidden = parse(entry(hashed(hostAndPort(host)), hostKey));
        expect(judgeHostKey(hidden, asked, hostKey).kind).toBe(judgeHostKey(plain, asked, hostKey).kind);
      }),
    );
  });

  test('wildcards match as the same pattern does as a regular expression', () => {
    const pattern = fc.stringMatching(/^[ab*?]{1,8}$/);
    const host = fc.stringMatching(/^[ab]{1,8}$/);
    fc.assert(
      fc.property(pattern, host, (names, text) => {
        const wanted = new RegExp(`^${names.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);
        const verdict = judgeHostKey(parse(entry(names, ed)), { host: text, port: 22 }, ed);
        expect(verdict.kind === 'known').toBe(wanted);
      }),
    );
  });

  test('no file makes the reader throw, and no line of rubbish makes a key known', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('@revoked', '|1|', '|1|a|b', '!', '*', 'ssh-ed25519', '\0', '#'),
    );
    const line = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(
        fc.array(line).map((lines) => lines.join('\n')),
        (text) => {
          expect(judgeHostKey(parseKnownHosts('kh', text), lb1, ed).kind).not.toBe('known');
        },
      ),
    );
  });
});

function parse(...lines: readonly string[]): ReturnType<typeof parseKnownHosts> {
  return parseKnownHosts('kh', lines.join('\n'));
}

function entry(names: string, key: Buffer): string {
  return `${names} ${typed(key)}`;
}

function typed(key: Buffer): string {
  return `${keyType(key)} ${key.toString('base64')}`;
}

/** A public key blob of that type; what follows the type matters to nobody here. */
function blob(type: string, fill: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.alloc(32, fill)]);
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}
