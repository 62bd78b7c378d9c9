import type { ClientTls } from '../../contract/model.ts';
import { type Command, Options } from './commands.ts';
import { certificateCommands } from './edit-tls-certificates.ts';
import { type Objects, subjectOf } from './objects.ts';
import { lacking, optionsText, refused, type Scene, type Sent, setOptions, type Target, type Wanted } from './sent.ts';
import { isTlsType } from './tls.ts';
import { quoteWord } from './write.ts';

const settings = new Set<keyof ClientTls>([
  'minVersion',
  'maxVersion',
  'clientAuth',
  'hsts',
  'ocspStapling',
  'sessionTickets',
  'strictSni',
]);
const bound = new Set<keyof ClientTls>(['certificates', 'caFile']);

/**
 * TLS towards clients: options and ciphers stand on the virtual server (`set ssl vserver`), or in the profile that it has, and then in
 * every other that has it; certificates are bound to the virtual server in any case.
 */
export function clientTlsCommands(
  scene: Scene,
  kind: string,
  name: string,
  prior: ClientTls | undefined,
  wish: ClientTls | undefined,
): readonly Sent[] {
  const { commands: shaping } = scene.objects.of(kind, name);
  if (wish === undefined || !isTlsType({ commands: shaping })) {
    const type = shaping.map(subjectOf).find(({ verb }) => verb === 'add')?.rest[0] ?? 'another kind';
    throw refused(
      `"${name}" is of type ${type}, and that cannot be changed. Make another virtual server ${wish === undefined ? 'without TLS' : 'with TLS'} and remove this one.`,
    );
  }
  const was = prior ?? {};
  const keys = [...new Set([...Object.keys(was), ...Object.keys(wish)])] as (keyof ClientTls)[]; // keys of both
  const changed = keys.filter((key) => JSON.stringify(was[key]) !== JSON.stringify(wish[key]));
  const other = changed.find((key) => !settings.has(key) && !bound.has(key) && key !== 'ciphers' && key !== 'profiles');
  if (other !== undefined) throw lacking(`${other} of TLS`);
  const ofVirtual = { said: `ssl vserver ${quoteWord(name)}`, of: { kind: 'ssl vserver', name } };
  const certificates = certificateCommands(scene, kind, name, wish, changed);
  if (changed.includes('profiles')) {
    if (changed.some((key) => key === 'ciphers' || settings.has(key))) {
      throw refused('Change the profile first and its settings in a second plan: with the profile all of them change.');
    }
    return [...profileCommand(scene.objects, ofVirtual, name, wish.profiles ?? []), ...certificates];
  }
  if (!changed.some((key) => key === 'ciphers' || settings.has(key))) return certificates;
  const target = targetOf(scene.objects, kind, name, ofVirtual);
  const { commands, binds } = scene.objects.of(target.of.kind, target.of.name);
  const now = new Options(commands);
  const options = Object.assign({}, ...changed.map((key) => wantedOf(key, wish, now, target))) as Wanted; // one key each
  const ciphers = changed.includes('ciphers') ? cipherCommands(target, binds, wish.ciphers ?? []) : [];
  return [...ciphers, ...setOptions(target, now, options), ...certificates];
}

/** Where the settings of a virtual server stand. */
export function targetOf(objects: Objects<Command>, kind: string, name: string, ofVirtual: Target): Target {
  const ssl = objects.of('ssl vserver', name);
  const profile = new Options([...objects.of(kind, name).commands, ...ssl.binds, ...ssl.commands]).text('sslProfile');
  const isDefault = new Options(objects.settings('ssl parameter')).text('defaultProfile')?.toUpperCase() === 'ENABLED';
  if (profile === undefined && !isDefault) return ofVirtual;
  if (profile === undefined || !objects.has('ssl profile', profile)) {
    throw refused(
      `TLS of "${name}" stands in ${profile ?? 'the default profile'}, which is the appliance's own and serves others as well. Give the virtual server a profile of its own first (add ssl profile, set ssl vserver -sslProfile).`,
    );
  }
  return { said: `ssl profile ${quoteWord(profile)}`, of: { kind: 'ssl profile', name: profile } };
}

function profileCommand(
  objects: Objects<Command>,
  target: Target,
  name: string,
  wish: readonly string[],
): readonly Sent[] {
  const [profile, ...others] = wish;
  if (others.length > 0) throw refused(`A virtual server has one TLS profile, and ${wish.join(', ')} were named.`);
  if (profile !== undefined && !objects.has('ssl profile', profile) && !profile.startsWith('ns_default_')) {
    throw lacking(`the profile ${profile}, which the appliance does not have`);
  }
  const now = new Options(objects.of('ssl vserver', name).commands);
  return setOptions(target, now, { sslProfile: profile === undefined ? undefined : [profile] });
}

function wantedOf(key: keyof ClientTls, wish: ClientTls, now: Options, { of }: Target): Wanted {
  if (key === 'minVersion' || key === 'maxVersion') return versionsOf(wish, now);
  if (key === 'clientAuth') return clientAuthOf(wish);
  if (key === 'hsts') return hstsOf(wish);
  if (key === 'ocspStapling') return { ocspStapling: onOrOff(wish.ocspStapling) };
  if (key !== 'sessionTickets' && key !== 'strictSni') return {};
  if (of.kind !== 'ssl profile')
    throw refused(`${key} stands in a profile of the appliance, and "${of.name}" has none: give it one first.`);
  return key === 'sessionTickets'
    ? { sessionTicket: onOrOff(wish.sessionTickets) }
    : { strictSNICheck: yesOrNo(wish.strictSni) };
}

const versions = [
  ['1.0', 'tls1'],
  ['1.1', 'tls11'],
  ['1.2', 'tls12'],
  ['1.3', 'tls13'],
] as const;

/** Each version between lowest and highest is on, every other off, SSL 3 too; what is as it should be is not said. */
function versionsOf({ minVersion = '1.0', maxVersion }: ClientTls, now: Options): Wanted {
  function isOn(option: string): boolean {
    return now.text(option)?.toUpperCase() === 'ENABLED' || (!now.has(option) && option !== 'tls13');
  }
  const lowest = placeOf(minVersion);
  const highest = maxVersion === undefined ? (isOn('tls13') || lowest === 3 ? 3 : 2) : placeOf(maxVersion);
  if (lowest > highest) throw refused(`TLS from ${minVersion} to ${maxVersion ?? ''} leaves no version.`);
  const changed = versions.filter(([, option], at) => (at >= lowest && at <= highest) !== isOn(option));
  const wanted = changed.map(([, option]) => [option, [isOn(option) ? 'DISABLED' : 'ENABLED']] as const);
  const ssl3 = now.text('ssl3')?.toUpperCase() === 'DISABLED' ? [] : [['ssl3', ['DISABLED']] as const];
  return Object.fromEntries([...ssl3, ...wanted]);
}

function placeOf(version: string): number {
  const at = versions.findIndex(([name]) => name === version);
  if (at === -1)
    throw refused(`"${version}" is no version of TLS: it is one of ${versions.map(([name]) => name).join(', ')}.`);
  return at;
}

function clientAuthOf({ clientAuth }: ClientTls): Wanted {
  if (clientAuth === undefined) return { clientAuth: undefined, clientCert: undefined };
  if (clientAuth === 'none') return { clientAuth: ['DISABLED'] };
  return { clientAuth: ['ENABLED'], clientCert: [clientAuth === 'required' ? 'Mandatory' : 'Optional'] };
}

function hstsOf({ hsts }: ClientTls): Wanted {
  if (hsts === undefined)
    return { HSTS: undefined, maxage: undefined, IncludeSubdomains: undefined, preload: undefined };
  return {
    HSTS: ['ENABLED'],
    maxage: hsts.maxAgeS === undefined ? undefined : [String(hsts.maxAgeS)],
    IncludeSubdomains: yesOrNo(hsts.includeSubDomains === true ? true : undefined),
    preload: yesOrNo(hsts.preload === true ? true : undefined),
  };
}

function onOrOff(value: boolean | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value ? 'ENABLED' : 'DISABLED'];
}

function yesOrNo(value: boolean | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value ? 'YES' : 'NO'];
}

/** The group of ciphers that is bound where nobody has chosen. */
const restingCipher = 'DEFAULT';

/** A cipher or group that is bound, and the command that binds it. */
interface CipherBind {
  readonly cipher: string;
  readonly bind: string;
}

function cipherCommands(target: Target, binds: readonly Command[], wish: readonly string[]): readonly Sent[] {
  const was = boundCiphers(target, binds);
  const will = (wish.length === 0 ? [restingCipher] : wish).map((cipher, at) => {
    const order = target.of.kind === 'ssl profile' ? ` -cipherPriority ${String(at + 1)}` : '';
    return { cipher, bind: `bind ${target.said} -cipherName ${quoteWord(cipher)}${order}` };
  });
  return exchangeCiphers(target, was, will, ({ cipher }) => cipher);
}

/** From the ciphers of some bindings to those of others, as these say them. */
export function ciphersBack(target: Target, is: readonly Command[], was: readonly Command[]): readonly Sent[] {
  return exchangeCiphers(target, boundCiphers(target, is), boundCiphers(target, was), ({ bind }) => bind);
}

/** In their order. Where none is named, the group is bound that nobody chose. */
function boundCiphers({ said }: Target, binds: readonly Command[]): readonly CipherBind[] {
  const bound = binds.flatMap((bind): CipherBind[] => {
    const cipher = new Options([bind]).text('cipherName');
    return cipher === undefined ? [] : [{ cipher, bind: ['bind', said, ...optionsText(bind)].join(' ') }];
  });
  if (bound.length > 0) return bound;
  return [{ cipher: restingCipher, bind: `bind ${said} -cipherName ${restingCipher}` }];
}

/**
 * Ciphers are tried in the order of their binding, so from the first that differs on all are bound anew; the way back binds them in
 * their old order. A new first one comes before the old ones go, so that there is always something to agree on.
 */
function exchangeCiphers(
  { said, of }: Target,
  was: readonly CipherBind[],
  will: readonly CipherBind[],
  keyOf: (bound: CipherBind) => string,
): readonly Sent[] {
  const [old, wanted] = [was.map(keyOf), will.map(keyOf)];
  const from = old.findIndex((key, at) => key !== wanted[at]);
  const same = from === -1 ? was.length : from;
  function unbindOf({ cipher }: CipherBind): string {
    return `unbind ${said} -cipherName ${quoteWord(cipher)}`;
  }
  const added = will.slice(same).map((one): Sent => ({ command: one.bind, inverse: unbindOf(one), of }));
  const isBare = same === 0 && was.some(({ cipher }) => cipher === will[0]?.cipher);
  const taken = was.slice(same).map((one): Sent => {
    const loss = 'new TLS handshakes fail for the moment in which the ciphers are bound anew';
    return { command: unbindOf(one), inverse: one.bind, of, ...(isBare ? { loss } : {}) };
  });
  const [first, ...rest] = added;
  if (same > 0 || isBare || first === undefined) return [...taken.toReversed(), ...added];
  return [first, ...taken.toReversed(), ...rest];
}
