import type { DeviceFacts } from '$contract/api.ts';
import type { ClientTls } from '$contract/model.ts';
import { isProfile, mozillaProfiles, tlsVersions } from '$contract/tls-profiles.ts';
import type { FieldValues, SettingField } from './form.ts';
import type { SettingsForm } from './settings-form.ts';

type TlsKey = Exclude<keyof ClientTls, 'certificates'>;

/** How each key is asked for, and what stands between the words of a list. */
const kinds: readonly (SettingField & { readonly key: TlsKey; readonly separator?: string })[] = [
  { key: 'minVersion', kind: 'choice', choices: tlsVersions, isNeeded: false },
  { key: 'maxVersion', kind: 'choice', choices: tlsVersions, isNeeded: false },
  { key: 'ciphers', kind: 'text', isNeeded: false, separator: ':' },
  { key: 'cipherSuites', kind: 'text', isNeeded: false, separator: ':' },
  { key: 'groups', kind: 'text', isNeeded: false, separator: ':' },
  { key: 'alpn', kind: 'text', isNeeded: false, separator: ',' },
  { key: 'clientAuth', kind: 'choice', choices: ['none', 'optional', 'required'], isNeeded: false },
  { key: 'caFile', kind: 'text', isNeeded: false },
  { key: 'crlFile', kind: 'text', isNeeded: false },
];

/** What a profile decides. Its groups it does not: a balancer whose TLS library is older than they are would not start. */
const profileKeys = ['minVersion', 'maxVersion', 'ciphers', 'cipherSuites'] as const;
const profiles = Object.keys(mozillaProfiles).filter(isProfile);

/**
 * TLS towards the clients of a virtual server that speaks it: the keys that this device takes. A profile of Mozilla's fills in what it
 * names; what is changed afterwards is no profile any more. What the form does not ask for, certificates above all, stays.
 */
export function clientTlsForm(tls: ClientTls, writes: DeviceFacts['writes']): SettingsForm {
  const asked = kinds.filter(({ key }) => writes?.includes(`virtualServer.tls.${key}`) === true);
  const hasProfiles = profileKeys.every((key) => asked.some((field) => field.key === key));
  const profile: SettingField = { key: 'profile', kind: 'choice', choices: profiles, isNeeded: false };
  const values = Object.fromEntries(asked.map(({ key, separator }) => [key, wordsOf(tls[key], separator)]));
  return {
    fields: (current) => [...(hasProfiles ? [profile] : []), ...asked.filter(({ key }) => isShown(key, current))],
    values: { ...values, profile: profileOf(values) },
    follow: (current, key) => {
      if (key !== 'profile') return { ...current, profile: profileOf(current) };
      const name = String(current['profile']);
      return isProfile(name) ? { ...current, ...profileValues(name) } : current;
    },
    read: (current) => {
      const settings: Record<string, unknown> = { ...tls };
      for (const { key, separator } of asked) {
        const text = textOf(current[key]).trim();
        if (!isShown(key, current)) continue;
        if (separator === undefined && /\s/.test(text)) return { wrong: key };
        Reflect.deleteProperty(settings, key);
        const words = separator === undefined ? text : text.split(/[\s:,]+/).filter((word) => word !== '');
        if (words.length > 0) settings[key] = words;
      }
      const wrong = contradiction(settings);
      return wrong === undefined ? { settings: { tls: settings } } : { wrong };
    },
  };
}

/** Whom to trust is asked for where clients may show certificates. */
function isShown(key: TlsKey, values: FieldValues): boolean {
  return (key !== 'caFile' && key !== 'crlFile') || asksClients(values['clientAuth']);
}

function asksClients(clientAuth: unknown): boolean {
  return clientAuth === 'optional' || clientAuth === 'required';
}

/** The field that does not go with the others. */
function contradiction({ minVersion, maxVersion, clientAuth, caFile }: Readonly<Record<string, unknown>>) {
  if (asksClients(clientAuth) && caFile === undefined) return 'caFile';
  const isEmpty = typeof minVersion === 'string' && typeof maxVersion === 'string' && minVersion > maxVersion;
  return isEmpty ? 'maxVersion' : undefined;
}

function profileValues(name: keyof typeof mozillaProfiles): FieldValues {
  return Object.fromEntries(profileKeys.map((key) => [key, wordsOf(mozillaProfiles[name][key], ':')]));
}

/** The profile that the values are, whole; empty where they are none. */
function profileOf(values: FieldValues): string {
  const found = profiles.find((name) => {
    const wanted = profileValues(name);
    return profileKeys.every((key) => textOf(values[key]).trim() === wanted[key]);
  });
  return found ?? '';
}

function wordsOf(value: unknown, separator = ' '): string {
  if (Array.isArray(value)) return value.join(separator);
  return typeof value === 'string' ? value : '';
}

function textOf(value: string | boolean | undefined): string {
  return typeof value === 'string' ? value : '';
}
