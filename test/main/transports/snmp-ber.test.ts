import { expect, test } from 'vitest';
import { nestsExactly } from '../../../src-main/transports/snmp-ber.ts';
import { integer, oidBody, tlv } from '../../rigs/ber.ts';

const value = tlv(0x30, tlv(6, oidBody('1.3.6.1.2.1.1.5.0')), tlv(4, Buffer.alloc(300, 'a')));
const answer = tlv(0x30, integer(1), tlv(4, Buffer.from('orchard')), tlv(0xa2, integer(7), tlv(0x30, value)));

test('a message whose parts fill each other is well-formed, whatever follows it', () => {
  expect(nestsExactly(answer)).toBe(true);
  expect(nestsExactly(Buffer.concat([answer, Buffer.from('padding')]))).toBe(true);
});

test('one that is cut, or any of whose parts is said to be longer or shorter, is not', () => {
  for (let end = 0; end < answer.length; end += 1)
    expect(nestsExactly(answer.subarray(0, end)), `cut at ${end}`).toBe(false);
  // Of the message, its PDU, the list in it, and the pair in that.
  const lengths = [3, 19, 26, 30];
  for (const at of lengths) {
    for (const by of [-1, 1]) {
      const copy = Buffer.from(answer);
      copy[at] = (copy[at] ?? 0) + by;
      expect(nestsExactly(copy), `length at ${at} by ${by}`).toBe(false);
    }
  }
  for (const odd of [[], [0x30], [0x30, 0x80, 0, 0], [0x30, 0x85, 1, 1, 1, 1, 1], [0x04, 0]]) {
    expect(nestsExactly(Buffer.from(odd))).toBe(false);
  }
});
