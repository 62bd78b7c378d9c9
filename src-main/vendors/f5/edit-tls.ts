import { AppError } from '../../contract/errors.ts';
import type { ClientTls } from '../../contract/model.ts';
import { isBuiltInProfile } from './built-in.ts';
import { certificateItems, clientSslFormIn } from './certificates/forms.ts';
import { pointCommand } from './certificates/point.ts';
import { certificateUses } from './certificates/uses.ts';
import {
  baseOf,
  commonSettings,
  inherited,
  newProfile,
  type ProfileBase,
  type Setting,
  setSettings,
  swapProfiles,
  trustSetting,
} from './edit-tls-settings.ts';
import { created, lacking, partNamed, type Scene, type Sent, setValue, wordsOf } from './sent.ts';
import type { Part } from './text.ts';

/** The keys of TLS towards clients that can be written here. */
export const writtenTlsKeys = [
  'minVersion',
  'maxVersion',
  'ciphers',
  'clientAuth',
  'caFile',
  'crlFile',
  'sessionTickets',
  'strictSni',
] as const;
const known: ReadonlySet<string> = new Set([...writtenTlsKeys, 'profiles', 'certificates']);

/**
 * TLS towards clients stands in client-ssl profiles. The profile that is changed is the first of the virtual server's (its default), and
 * every other virtual server with it changes too. One that comes with the device is left alone: a profile is made from it for this
 * virtual server, and takes its place there.
 */
export function tlsCommands(
  scene: Scene,
  virtual: Part,
  prior: ClientTls,
  wish: ClientTls | undefined,
): readonly Sent[] {
  const now = prior.profiles ?? [];
  if (wish === undefined || Object.keys(wish).length === 0) return swapProfiles(virtual, now, [], 'clientside');
  const keys = Object.keys({ ...prior, ...wish }) as (keyof ClientTls)[]; // keys of the checked schema
  const changed = keys.filter((key) => JSON.stringify(prior[key]) !== JSON.stringify(wish[key]));
  const other = changed.find((key) => !known.has(key));
  if (other !== undefined) throw lacking(`${other} of TLS`);
  refuseBlindTrust(wish, changed);
  const wanted = wish.profiles ?? now;
  for (const name of wanted) refuseMissing(scene, name, now);
  const isOwn = !changed.some((key) => key !== 'profiles' && key !== 'certificates');
  const base = baseOf(scene, 'client-ssl', wanted[0] ?? '/Common/clientssl');
  const hasOwn = base.part !== undefined && !isBuiltInProfile(base.name);
  if (hasOwn || (isOwn && !changed.includes('certificates'))) {
    return [
      ...(changed.includes('certificates') ? certificateCommands(scene, wanted, prior, wish) : []),
      ...(base.part === undefined ? [] : setSettings(base.part, settingsOf(scene, base, wish, changed))),
      ...attached(scene, virtual, now, wanted),
    ];
  }
  if (wanted[0] !== undefined && base.part === undefined && !isBuiltInProfile(base.name))
    throw lacking(`TLS settings in ${base.name}, which the device does not list`);
  return withNewProfile(scene, virtual, base, { prior, wish, changed, wanted });
}

interface Change {
  readonly prior: ClientTls;
  readonly wish: ClientTls;
  readonly changed: readonly (keyof ClientTls)[];
  readonly wanted: readonly string[];
}

/** Made once: a second change finds it there. */
function withNewProfile(
  scene: Scene,
  virtual: Part,
  base: ProfileBase,
  { prior, wish, changed, wanted }: Change,
): readonly Sent[] {
  const name = `${virtual.words.at(-1) ?? ''}_clientssl`;
  const certificates = changed.includes('certificates') ? (wish.certificates ?? []) : [];
  if (certificates.length > 1)
    throw lacking('several certificates in a new profile: add the others by "certificates add"');
  if (wanted.length === 0 && certificates.length === 0) {
    throw new AppError(
      'PLAN_INVALID',
      'TLS of a virtual server takes a certificate: name one of the device (certificates), or a client-ssl profile (profiles).',
    );
  }
  const now = prior.profiles ?? [];
  const next = [name, ...wanted.slice(1)];
  const settings = settingsOf(scene, base, wish, changed);
  const there = partNamed(scene, 'ltm profile client-ssl', name);
  if (there !== undefined) {
    const old = { ...baseOf(scene, 'client-ssl', name), part: there };
    const again = setSettings(there, settingsOf(scene, old, wish, changed));
    return [...again, ...attached(scene, virtual, now, next)];
  }
  const said = certificates.flatMap(({ name: cert = '', keyFile, chainFile = 'none' }) => {
    const objects = { cert, key: keyFile ?? keyBeside(cert), chain: chainFile };
    return certificateItems(clientSslFormIn(scene.text), 'own', objects);
  });
  return [created(newProfile(base, name, settings, said)), ...attached(scene, virtual, now, next, name)];
}

/** The device's own naming of a pair that was imported together. */
function keyBeside(cert: string): string {
  return `${cert.replace(/\.(?:crt|cer|pem)$/, '')}.key`;
}

function settingsOf(
  scene: Scene,
  base: ProfileBase,
  wish: ClientTls,
  changed: readonly (keyof ClientTls)[],
): readonly Setting[] {
  const has = new Set(changed);
  const mode = { none: 'ignore', optional: 'request', required: 'require' }[wish.clientAuth ?? 'none'];
  return [
    ...commonSettings(scene, base, wish, changed),
    ...(has.has('clientAuth') ? [setting(scene, base, 'peer-cert-mode', mode, 'ignore')] : []),
    ...(has.has('caFile') ? [trustSetting(scene, base, 'ca-file', wish.caFile)] : []),
    ...(has.has('crlFile') ? [trustSetting(scene, base, 'crl-file', wish.crlFile)] : []),
    ...(has.has('sessionTickets')
      ? [setting(scene, base, 'session-ticket', wish.sessionTickets === true ? 'enabled' : 'disabled', 'disabled')]
      : []),
    ...(has.has('strictSni')
      ? [setting(scene, base, 'sni-require', wish.strictSni === true ? 'true' : 'false', 'false')]
      : []),
  ];
}

function setting(scene: Scene, base: ProfileBase, key: string, value: string, rest: string): Setting {
  return [key, value, inherited(scene, base, key) ?? rest];
}

function refuseMissing(scene: Scene, name: string, now: readonly string[]): void {
  if (partNamed(scene, 'ltm profile client-ssl', name) !== undefined || now.includes(name)) return;
  if (!isBuiltInProfile(name)) throw lacking(`the profile ${name}, which the device does not list`);
}

/** Nobody could come in, as no certificate would be trusted. */
function refuseBlindTrust({ clientAuth, caFile }: ClientTls, changed: readonly string[]): void {
  if (
    clientAuth !== 'required' ||
    caFile !== undefined ||
    !changed.some((key) => key === 'clientAuth' || key === 'caFile')
  )
    return;
  throw new AppError(
    'PLAN_INVALID',
    'Certificates of clients are required, and nothing says whom to trust: name a certificate of the device (caFile).',
  );
}

/** The list of the virtual server; of several its first is the one for clients that name no server (`sni-default`). */
function attached(
  scene: Scene,
  virtual: Part,
  now: readonly string[],
  wanted: readonly string[],
  made?: string,
): readonly Sent[] {
  const gone = now.filter((name) => !wanted.includes(name));
  const sent = swapProfiles(virtual, gone, wanted, 'clientside');
  const isSame = now.join(' ') === wanted.join(' ');
  if (isSame || wanted.length < 2) return sent;
  const [first = ''] = wanted;
  if (isBuiltInProfile(first)) throw lacking(`${first} as the default of several profiles: it comes with the device`);
  return [...sniCommands(scene, wanted, made), ...sent];
}

function sniCommands(scene: Scene, [first = '', ...others]: readonly string[], made?: string): readonly Sent[] {
  if (first === made)
    throw lacking(`a new profile as the default of several: choose one of them for its settings first`);
  const old = others.flatMap((name) => {
    const part = partNamed(scene, 'ltm profile client-ssl', name);
    return part !== undefined && wordsOf(part, 'sni-default') === 'true' ? [part] : [];
  });
  const chosen = partNamed(scene, 'ltm profile client-ssl', first);
  return [
    ...old.flatMap((part) => setValue(part, 'sni-default', 'false', 'false')),
    ...(chosen === undefined ? [] : setValue(chosen, 'sni-default', 'true', 'false')),
  ];
}

/** Other objects of the device in the places of those that profiles name now; as many as before. */
function certificateCommands(
  scene: Scene,
  profiles: readonly string[],
  prior: ClientTls,
  wish: ClientTls,
): readonly Sent[] {
  const [before, after] = [prior.certificates ?? [], wish.certificates ?? []];
  const all = certificateUses(scene.text).filter(({ kind }) => kind === 'client-ssl');
  const uses = profiles.flatMap((name) => all.filter(({ profile }) => profile.words[3] === name));
  if (before.length !== after.length || uses.length !== after.length)
    throw lacking('another number of certificates: use "certificates add", or other profiles');
  return uses.flatMap((use, at) => {
    const one = after[at];
    if (JSON.stringify(one) === JSON.stringify(before[at]) || one?.name === undefined) return [];
    if (use.isInherited || isBuiltInProfile(use.profile.words[3] ?? ''))
      throw lacking(`the certificate of ${use.profile.words[3] ?? ''}, which is not its own`);
    const key = one.keyFile ?? keyBeside(one.name);
    return [pointCommand(use, { cert: one.name, key, chain: one.chainFile ?? 'none' })];
  });
}
