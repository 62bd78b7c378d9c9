import type { Credentials } from '$contract/api.ts';

export const snmpVersions = ['2c', '1', '3'] as const;
export type SnmpVersion = (typeof snmpVersions)[number];

/** How an agent of SNMP is signed in to. */
export interface SnmpSignIn {
  snmpVersion: SnmpVersion;
  community: string;
  user: string;
  authProtocol: string;
  password: string;
  privProtocol: string;
  privacyPassword: string;
}

/** An agent that is polled beside another way into the same device. */
export class PollDraft implements SnmpSignIn {
  isWanted = $state(false);
  port = $state('');
  snmpVersion = $state<SnmpVersion>('2c');
  community = $state('');
  user = $state('');
  authProtocol = $state('SHA-256');
  password = $state('');
  privProtocol = $state('AES');
  privacyPassword = $state('');

  /** Of what it says, `pollPassword` and `pollPrivacyPassword`. */
  get credentials(): Credentials {
    const { password, privacyPassword } = snmpCredentials(this) ?? {};
    return {
      ...(password === undefined ? {} : { pollPassword: password }),
      ...(privacyPassword === undefined ? {} : { pollPrivacyPassword: privacyPassword }),
    };
  }

  forget(): void {
    this.community = '';
    this.password = '';
    this.privacyPassword = '';
  }
}

/** A community goes to the console sealed, as the password does, and stands in no address. */
export function snmpAddress(draft: SnmpSignIn, place: string): string {
  if (draft.snmpVersion !== '3') return `snmp://${place}${draft.snmpVersion === '1' ? '?version=1' : ''}`;
  const options = new URLSearchParams();
  if (draft.password !== '') options.set('auth', draft.authProtocol);
  if (draft.privacyPassword !== '') options.set('priv', draft.privProtocol);
  const text = options.toString();
  return `snmpv3://${encodeURIComponent(draft.user.trim())}@${place}${text === '' ? '' : `?${text}`}`;
}

export function snmpCredentials(draft: SnmpSignIn): Credentials | undefined {
  if (draft.snmpVersion !== '3') return draft.community === '' ? undefined : { password: draft.community };
  if (draft.password === '') return undefined;
  return {
    password: draft.password,
    ...(draft.privacyPassword === '' ? {} : { privacyPassword: draft.privacyPassword }),
  };
}
