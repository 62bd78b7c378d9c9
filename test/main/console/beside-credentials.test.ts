import { expect, test } from 'vitest';
import { besideCredentials } from '../../../src-main/console/handlers.ts';
import { parseAddress } from '../../../src-main/contract/address.ts';

const clear = parseAddress('netscaler+snmp://lb');
const sealed = parseAddress('netscaler+snmpv3://ops@lb?auth=SHA-256');

test('the password of an account is never sent as a community', () => {
  expect(besideCredentials({ password: 'orchard' }, clear)).toEqual({});
  expect(besideCredentials({ password: 'orchard', pollPassword: 'pears' }, clear)).toEqual({ password: 'pears' });
});

test('an agent of SNMPv3 has passwords of its own, or those of the device', () => {
  expect(besideCredentials({ password: 'orchard' }, sealed)).toEqual({ password: 'orchard' });
  const own = { password: 'orchard', pollPassword: 'pears', pollPrivacyPassword: 'plums' };
  expect(besideCredentials(own, sealed)).toEqual({ password: 'pears', privacyPassword: 'plums' });
});
