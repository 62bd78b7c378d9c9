import type { DeviceCertificate } from '$contract/certificates.ts';
import { plural } from '../format/number.ts';

export const certificatesText = {
  title: 'Certificates',
  sub: (count: number) => `${plural(count, 'certificate')}, by the device’s own words`,
  waiting: (device: string) => `Asking ${device} for its certificates`,
  noRenewal: 'Renewed elsewhere',
  empty: 'This device holds no certificate.',
  failed: 'The certificates could not be read',
  again: 'Ask again',
  raw: 'Raw answer',
  name: 'Name',
  names: 'For',
  ends: 'Ends',
  chain: 'Issuer and chain',
  usedBy: 'Used by',
  daysLeft: (days: number) => (days < 0 ? `expired ${plural(-days, 'day')} ago` : `in ${plural(days, 'day')}`),
  noNames: 'no name',
  unused: 'nobody',
  /** What is stapled, and how long it may still be. */
  ocsp: ({ status, nextUpdate }: NonNullable<DeviceCertificate['ocsp']>, nowMs: number) => {
    if (nextUpdate === undefined) return `OCSP ${status}`;
    const days = Math.floor((Date.parse(nextUpdate) - nowMs) / 86_400_000);
    const left = days < 0 ? `out of date for ${plural(-days, 'day')}` : `for ${plural(days, 'more day')}`;
    return `OCSP ${status}, ${left}`;
  },
  chainOf: (count: number) => (count === 0 ? 'no chain' : `${count} in its chain`),
  renew: 'Renew',
  renewOf: (name: string) => `Renew ${name}`,
  restore: 'Put back',
  restoreOf: (name: string) => `Put back the one before ${name}`,
  dialog: (name: string) => `Renew ${name}`,
  add: 'Add…',
  addDialog: (device: string) => `Add a certificate to ${device}`,
  newName: 'Where it is to stand, on the device',
  newNameHelp:
    'As the device calls it: a file in a directory of certificates, or one that a list will name; an object (/Common/shop.crt).',
  list: 'List that names it, if it is to be in one',
  listHelp:
    'Left empty where a directory is loaded whole. A BIG-IP takes the name of a client-ssl profile or of a virtual server, a NetScaler that of a virtual server.',
  files: 'Key, certificate and chain',
  filesHelp:
    'PEM, DER or PKCS#12 (.pfx), in any order; an OCSP answer (DER) too. They go to the console and from there to the device, never back.',
  passphrase: 'Passphrase',
  passphraseHelp: 'Of a PKCS#12 file or an encrypted key; else leave it empty.',
  shortChain: 'The chain may end before a root that is known (a private authority)',
  cancel: 'Cancel',
  submit: 'Check and plan',
  checking: 'Checking',
} as const;
