import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linesBack, wayBack } from '../../../../src-main/vendors/a10/history.ts';
import { parseA10 } from '../../../../src-main/vendors/a10/parse.ts';
import { fingerprintOf } from '../../../../src-main/vendors/a10/plan.ts';
import { A10Text, isSaid, pathsOf } from '../../../../src-main/vendors/a10/text.ts';
import { applied, applyTyped } from '../../../../src-main/vendors/a10/write.ts';
import { lacksRecordings, recordings } from '../../../rigs/recordings.ts';

const orchard = readFileSync(join(import.meta.dirname, '../../../fixtures/a10/orchard/running-config'), 'utf8');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
function shared(text: string) {
  return [{ partition: '', text }];
}
function typedOf(now: string, then: string): readonly string[] {
  return linesBack(shared(now), shared(then)).sent.map(({ typed }) => typed.join(' / '));
}

/** From wherever the push came to, the way back ends where it began. */
function expectWayBack(now: string, then: string, where?: string): void {
  const { sent } = linesBack(shared(now), shared(then));
  const back = sent.toReversed().flatMap(({ inverse }) => inverse);
  for (let count = 0; count <= sent.length; count += 1) {
    const partly = applyTyped(
      now,
      sent.slice(0, count).map(({ typed }) => typed),
    );
    expect(partly.refused, where).toEqual([]);
    const returned = applyTyped(partly.text, back).text;
    expect(fingerprintOf(shared(returned), sha256), where).toBe(fingerprintOf(shared(now), sha256));
  }
}

const later = applyTyped(orchard, [
  ['slb server plum 10.20.0.31', 'port 8080 tcp', 'weight 4'],
  ['slb service-group orchard_web tcp', 'member plum 8080', 'priority 3'],
  ['slb service-group orchard_web tcp', 'no member apple2 8080'],
  ['slb service-group orchard_web tcp', 'method least-request'],
  ['slb service-group orchard_web tcp', 'member pear 8080', 'enable'],
  ['slb server apple2 10.20.0.12', 'no port 8080 tcp'],
  ['no slb virtual-server orchard_six'],
  ['slb template persist cookie keep', 'expire 60'],
  ['slb virtual-server orchard 192.0.2.80', 'port 443 https', 'no template persist source-ip orchard_source'],
  ['slb virtual-server orchard 192.0.2.80', 'port 443 https', 'template persist cookie keep'],
  ['slb virtual-server orchard 192.0.2.80', 'port 8443 tcp', 'enable'],
  ['no slb template persist source-ip orchard_source'],
]).text;

test('an old version comes back block by block: what others need first, and what they no longer need last', () => {
  expect(typedOf(later, orchard)).toEqual([
    'slb template persist source-ip orchard_source',
    'slb template persist source-ip orchard_source / timeout 30',
    'slb template persist source-ip orchard_source / netmask /24',
    'slb server apple2 10.20.0.12 / port 8080 tcp',
    'slb server apple2 10.20.0.12 / port 8080 tcp / disable',
    'slb service-group orchard_web tcp / method weighted-least-connection',
    'slb service-group orchard_web tcp / member apple2 8080',
    'slb service-group orchard_web tcp / member apple2 8080 / priority 10',
    'slb service-group orchard_web tcp / member pear 8080 / disable',
    'slb virtual-server orchard 192.0.2.80 / port 443 https / no template persist cookie keep',
    'slb virtual-server orchard 192.0.2.80 / port 443 https / template persist source-ip orchard_source',
    'slb virtual-server orchard 192.0.2.80 / port 8443 tcp / disable',
    'slb virtual-server orchard_six 2001:db8:20::80',
    'slb virtual-server orchard_six 2001:db8:20::80 / port 80 http',
    'slb virtual-server orchard_six 2001:db8:20::80 / port 80 http / redirect-to-https',
    'slb virtual-server orchard_six 2001:db8:20::80 / disable',
    'slb service-group orchard_web tcp / no member plum 8080',
    'no slb server plum',
    'no slb template persist cookie keep',
  ]);
  const after = applied(shared(later), linesBack(shared(later), shared(orchard)).sent);
  expect(fingerprintOf(after, sha256)).toBe(fingerprintOf(shared(orchard), sha256));
  expectWayBack(later, orchard);
  expectWayBack(orchard, later);
});

test('what is not balancing, holds a secret, or has another address is not brought back, and named', () => {
  const then = orchard
    .replace('hostname orchard-adc', 'hostname elder')
    .replace('slb server pear 10.20.0.21', 'slb server pear 10.20.0.99')
    .replace(
      'health monitor ready',
      'health monitor box\n  method pop3 user a password encrypted Zm9v\n!\nhealth monitor ready',
    );
  const { sent, left } = linesBack(shared(orchard), shared(then));
  expect(left).toEqual([
    'Not brought back: hostname orchard-adc, because it is not balancing.',
    'Not brought back: hostname elder, because it is not balancing.',
    'Not brought back: health monitor box, because a line of it holds a secret.',
    'Not brought back: slb server pear, because its address or type is another one.',
  ]);
  expect(JSON.stringify([sent, left])).not.toContain('Zm9v');
});

test('each partition goes back by itself; one that was not there stays', () => {
  const now = [...shared(orchard), { partition: 'north', text: later }, { partition: 'south', text: later }];
  const then = [...shared(orchard), { partition: 'north', text: orchard }];
  const { sent, left } = linesBack(now, then);
  expect(new Set(sent.map(({ partition }) => partition))).toEqual(new Set(['north']));
  expect(left).toEqual(['Partition south stays as it is: that version had none of this name.']);
});

test('nothing to bring back is said in words', () => {
  expect(() => wayBack(shared(orchard), shared(orchard))).toThrow(/nothing to change/);
  expect(() => wayBack(shared(orchard), shared(orchard.replace('hostname orchard-adc', 'hostname elder')))).toThrow(
    /hostname elder, because it is not balancing/,
  );
});

describe.skipIf(lacksRecordings)('every two configurations of real devices', { timeout: 60_000 }, () => {
  test('lead from one to the other, but for what is named, and back from every half-way point', () => {
    const texts = [...recordings('config/a10', ''), ...recordings('cli/a10', '')]
      .map(({ path, bytes }) => ({ path, text: bytes.toString('utf8') }))
      .filter(({ path, text }) => !/_ref$|acos2$|acos_v2$|ha__/.test(path) && isListed(text));
    expect(texts.length).toBeGreaterThan(4);
    texts.forEach(({ path, text }, at) => {
      const other = texts[(at + 1) % texts.length]?.text ?? '';
      const { sent, left } = linesBack(shared(text), shared(other));
      const after = applied(shared(text), sent)[0]?.text ?? '';
      const apart = [...balancing(after)].filter((line) => !balancing(other).has(line));
      const missing = [...balancing(other)].filter((line) => !balancing(after).has(line));
      for (const line of [...apart, ...missing])
        expect(
          left.some((words) =>
            line.startsWith(
              /^Not brought back: ((?:slb|health)(?: [^\s,]+)+?)(?: \/|, because)/.exec(words)?.[1] ?? '?',
            ),
          ),
          `${path}: ${line}\n${left.join('\n')}`,
        ).toBe(true);
      expectWayBack(text, other, path);
    });
  });
});

/** As a device lists it: each block once, with nothing taken back, members of servers and ports that are there. */
function isListed(text: string): boolean {
  const heads = new A10Text(text).lines
    .map((line) => line.text.split(' ').slice(0, 3).join(' '))
    .filter((head) => head.startsWith('slb '));
  const model = parseA10([{ path: 'running-config', bytes: Buffer.from(text) }]);
  return (
    heads.length > 0 &&
    new Set(heads).size === heads.length &&
    !/^\s*no /m.test(text) &&
    model.pools.every(({ members }) => members.every(({ address }) => address !== undefined))
  );
}

function balancing(text: string): ReadonlySet<string> {
  const lines = new A10Text(text).lines.filter((line) => isSaid(line) && /^(?:slb|health) /.test(line.text));
  return new Set(lines.flatMap(pathsOf));
}
