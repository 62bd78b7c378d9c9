import { expect, test } from 'vitest';
import { scrubbedRows } from '../../../src-main/transports/snmp-scrub.ts';

/** 10.0.0.x is 10.9.9.x, the name `pear` is `member-0001`. */
const met = new Map<string, string>();
function ipv4(address: string): string {
  const substitute = address.replace(/^10\.0\.0\./, '10.9.9.');
  met.set(address, substitute);
  return substitute;
}
const scrub = {
  text: (text: string) => text.replaceAll('pear', 'member-0001').replace(/10\.0\.0\.\d+/g, ipv4),
  ipv4,
  ipv6: (address: string) => address.replace(/^2001:db8/, 'fd00:1'),
  addresses: () => met,
};
const table = '1.3.6.1.4.1.9.9.161';
function name(word: string): string {
  return [word.length, ...Buffer.from(word)].join('.');
}
function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

test('rows are scrubbed in their values and in their indexes, and stand in the order of an agent', () => {
  const recording = [
    'walk 1.3.6.1.4.1.9',
    `${table}.1.${name('pear')}.80|4x|${hex('pear at 10.0.0.7')}`,
    `${table}.2.1.4.10.0.0.7.80|2|1`,
    `${table}.3.1.10.0.0.7.80|65|12`,
    `${table}.4.1|64|10.0.0.7`,
    `${table}.5.1|4x|0a000007`,
    `${table}.6.1|4x|20010db8000000000000000000000001`,
    `${table}.7.1|4x|0102030405`,
    `1.3.6.1.2.1.1.6.0|4x|${hex('under the stairs')}`,
    `1.3.6.1.2.1.1.2.0|6|${table}`,
    '',
    'get 1.3.6.1.9.9.0',
    'error TIMED_OUT "at 10.0.0.7"',
  ].join('\n');
  expect(scrubbedRows(recording, scrub)).toBe(
    [
      `1.3.6.1.2.1.1.2.0|6|${table}`,
      `1.3.6.1.2.1.1.6.0|4x|${hex('location')}`,
      `${table}.1.${name('member-0001')}.80|4x|${hex('member-0001 at 10.9.9.7')}`,
      `${table}.2.1.4.10.9.9.7.80|2|1`,
      `${table}.3.1.10.9.9.7.80|65|12`,
      `${table}.4.1|64|10.9.9.7`,
      `${table}.5.1|4x|0a090907`,
      `${table}.6.1|4x|fd000001000000000000000000000001`,
      `${table}.7.1|4x|0000000000`,
      '',
    ].join('\n'),
  );
});
