import fc from 'fast-check';
import { BlockList, isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { isWithin, readAddress, readNetwork } from '../../../../src-main/core/find/addresses.ts';

test('one address has one spelling, with a port or without', () => {
  const digits = '20010db8000000000000000000000001';
  for (const text of [
    '2001:db8::1',
    '2001:0DB8:0:0::0:1',
    '2001:db8:0:0:0:0:0.0.0.1',
    '[2001:db8::1]',
    '2001:db8::1%eth0',
  ]) {
    expect(readAddress(text), text).toEqual({ digits });
  }
  expect(readAddress('[2001:db8::1]:443')).toEqual({ digits, port: 443 });
  expect(readAddress('10.0.0.1:80')).toEqual({ digits: '0a000001', port: 80 });
  expect(readAddress('::ffff:10.0.0.1')).toEqual({ digits: '0a000001' });
});

test('what is no address is none', () => {
  for (const text of [
    '',
    'web',
    '10.0.0',
    '10.0.0.256',
    '1.2.3.4.5',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8',
    'g::1',
    '*:80',
  ]) {
    expect(readAddress(text), text).toBeUndefined();
  }
});

test("reads exactly the IPv6 addresses that Node reads, and finds them in Node's networks", () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const text = fc.oneof(
    fc.ipV6(),
    fc.array(fc.oneof(group, fc.constant('')), { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':')),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 128 }), fc.ipV6(), (address, prefix, other) => {
      const read = readAddress(address);
      if (!address.includes(':')) return;
      expect(read !== undefined).toBe(isIPv6(address));
      const network = readNetwork(`${address}/${String(prefix)}`);
      if (read?.digits.length !== 32 || network === undefined) return;
      const list = new BlockList();
      list.addSubnet(address, prefix, 'ipv6');
      const tested = readAddress(other);
      if (tested?.digits.length === 32) expect(isWithin(network, tested.digits)).toBe(list.check(other, 'ipv6'));
      expect(isWithin(network, read.digits)).toBe(true);
    }),
  );
});

test('a network holds its own family alone', () => {
  const network = readNetwork('10.0.0.0/9');
  function inside(text: string): boolean {
    return network !== undefined && isWithin(network, readAddress(text)?.digits ?? '');
  }
  expect(['10.127.255.255', '10.128.0.0', '11.0.0.0', '::10.0.0.1', '::ffff:10.1.2.3'].map(inside)).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
  expect(readNetwork('10.0.0.0/33')).toBeUndefined();
});
