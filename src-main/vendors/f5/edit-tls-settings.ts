import { AppError } from '../../contract/errors.ts';
import { inheritedWords, lacking, partNamed, type Scene, type Sent, setValue } from './sent.ts';
import { type Item, keyOf, type Part } from './text.ts';
import { forbids } from './tls.ts';

/** The keys that TLS towards clients and towards members have in common, as the model has them. */
export interface TlsWish {
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
  readonly ciphers?: readonly string[] | undefined;
}

/** One setting of a profile: its key, the words behind it, and those that hold where none of its line says any. */
export type Setting = readonly [key: string, value: string, rest: string];

/** Where settings are written: a profile that is there, or the one that a new profile is made from. */
export interface ProfileBase {
  readonly kind: 'client-ssl' | 'server-ssl';
  readonly name: string;
  /** Undefined where the configuration does not hold it: one that comes with the device. */
  readonly part: Part | undefined;
}

export function baseOf(scene: Scene, kind: ProfileBase['kind'], name: string): ProfileBase {
  return { kind, name, part: partNamed(scene, `ltm profile ${kind}`, name) };
}

const versions = ['1.0', '1.1', '1.2', '1.3'];
/** What options a profile has that does not say: those of the device's own (K14806). */
const restingOptions = '{ dont-insert-empty-fragments }';

/** Versions and suites, as far as they changed (`changed`: keys of the wish). */
export function commonSettings(
  scene: Scene,
  base: ProfileBase,
  wish: TlsWish,
  changed: readonly string[],
): readonly Setting[] {
  const isVersion = changed.includes('minVersion') || changed.includes('maxVersion');
  return [
    ...(changed.includes('ciphers') ? cipherSettings(scene, base, wish.ciphers) : []),
    ...(isVersion ? [optionsSetting(scene, base, wish)] : []),
  ];
}

/** Either `ciphers` or `cipher-group` holds, and the other is `none` (tmsh reference, ltm profile client-ssl). */
function cipherSettings(scene: Scene, base: ProfileBase, ciphers: readonly string[] | undefined): readonly Setting[] {
  const group = inherited(scene, base, 'cipher-group') ?? 'none';
  const value: Setting = [
    'ciphers',
    ciphers === undefined || ciphers.length === 0 ? 'DEFAULT' : ciphers.join(':'),
    inherited(scene, base, 'ciphers') ?? 'DEFAULT',
  ];
  return group === 'none' ? [value] : [['cipher-group', 'none', group], value];
}

/** Options of other meanings stay. What a version option says of versions that the wish allows goes, but for 1.3 under a lowest below it. */
function optionsSetting(scene: Scene, base: ProfileBase, { minVersion, maxVersion }: TlsWish): Setting {
  const lowest = rankOf(minVersion, 0);
  const highest = rankOf(maxVersion, versions.length - 1);
  if (lowest > highest) {
    const words = `from ${minVersion ?? ''} to ${maxVersion ?? ''}`;
    throw new AppError('PLAN_INVALID', `There is no TLS version ${words}: raise the highest (maxVersion) too.`);
  }
  const now = inherited(scene, base, 'options') ?? restingOptions;
  const options = now.split(/[\s{}]+/).filter((word) => word !== '' && word !== 'none');
  const ofVersions = new Set(Object.values(forbids));
  const off = versions
    .filter((_version, rank) => rank < lowest || rank > highest)
    .map((version) => forbids[version] ?? '');
  const kept = options.filter((word) => !ofVersions.has(word) || off.includes(word));
  const wanted = [...new Set([...kept, ...off])];
  return ['options', wanted.length === 0 ? 'none' : `{ ${wanted.join(' ')} }`, now];
}

function rankOf(version: string | undefined, rest: number): number {
  const rank = version === undefined ? rest : versions.indexOf(version);
  if (rank === -1) throw lacking(`TLS version ${version ?? ''}: it is one of ${versions.join(', ')}`);
  return rank;
}

/** What holds in a profile, its own or from those that it is made from. */
export function inherited(scene: Scene, { part }: ProfileBase, key: string): string | undefined {
  return part === undefined ? undefined : inheritedWords(scene, part, key);
}

/** Certificates that come with the device, and stand in no bigip.conf. */
const ofDevice = new Set(['ca-bundle', 'default', 'f5-ca-bundle', 'f5-irule'].map((name) => `/Common/${name}.crt`));

/** A certificate of the device that others are trusted by. Throws PLAN_INVALID where the device lists its certificates and not this one. */
export function trustSetting(scene: Scene, base: ProfileBase, key: string, name: string | undefined): Setting {
  const isListed = scene.text.parts.some(({ words }) => words.slice(0, 3).join(' ') === 'sys file ssl-cert');
  const isThere = ofDevice.has(name ?? '') || scene.target.certificates.some((one) => one.name === name);
  if (key === 'ca-file' && name !== undefined && isListed && !isThere) {
    const how = 'add it to the device first ("certificates list" names those that are there)';
    throw new AppError('PLAN_INVALID', `The device has no certificate ${name} for ${key}: ${how}.`);
  }
  return [key, name ?? 'none', inherited(scene, base, key) ?? 'none'];
}

/** Settings of a profile that is there. Suites go with their group in one command, as one of both must hold at each moment. */
export function setSettings(part: Part, settings: readonly Setting[]): readonly Sent[] {
  function isOfCiphers([key]: Setting): boolean {
    return key === 'cipher-group' || key === 'ciphers';
  }
  const ciphers = settings.filter(isOfCiphers);
  const others = settings.filter((one) => !isOfCiphers(one));
  const one = ciphers.flatMap(([key, value, rest]) => setValue(part, key, value, rest));
  const [first] = one;
  const head = `modify ${keyOf(part)} `;
  function joined(pick: (sent: Sent) => string): string {
    return head + one.map((sent) => pick(sent).slice(head.length)).join(' ');
  }
  return [
    ...(first === undefined
      ? []
      : [{ ...first, command: joined(({ command }) => command), inverse: joined(({ inverse }) => inverse) }]),
    ...others.flatMap(([key, value, rest]) => setValue(part, key, value, rest)),
  ];
}

/** A new profile with what differs from the one that it is made from. */
export function newProfile(
  base: ProfileBase,
  name: string,
  settings: readonly Setting[],
  more: readonly Item[] = [],
): Item {
  const said = settings.filter(([, value, rest]) => value !== rest).map(([key, value]) => ({ words: [key, value] }));
  const body = [{ words: ['defaults-from', base.name] }, ...more, ...said];
  return {
    words: ['ltm', 'profile', base.kind, name],
    body: body.sort((a, b) => ((a.words[0] ?? '') < (b.words[0] ?? '') ? -1 : 1)),
  };
}

/** Profiles of a virtual server that go and that come, as one list: a handshake never finds both or neither. */
export function swapProfiles(
  virtual: Part,
  gone: readonly string[],
  come: readonly string[],
  context: 'clientside' | 'serverside',
): readonly Sent[] {
  const list = virtual.body?.find(({ words }) => words[0] === 'profiles')?.body ?? [];
  const there = new Set(list.map(keyOf));
  const wanted = come.filter((name) => !there.has(name) || gone.includes(name));
  const kept = list.filter((item) => !gone.includes(keyOf(item)) || wanted.includes(keyOf(item)));
  const added = wanted.filter((name) => !there.has(name));
  if (added.length === 0 && kept.length === list.length) return [];
  const of = keyOf(virtual);
  const next = [...kept.map(profileText), ...added.map((name) => `${name} { context ${context} }`)];
  return [{ command: profilesText(of, next), inverse: profilesText(of, list.map(profileText)), of }];
}

function profilesText(of: string, list: readonly string[]): string {
  return list.length === 0
    ? `modify ${of} profiles none`
    : `modify ${of} profiles replace-all-with { ${list.join(' ')} }`;
}

function profileText(item: Item): string {
  const body = (item.body ?? []).map(keyOf);
  return body.length === 0 ? `${keyOf(item)} { }` : `${keyOf(item)} { ${body.join(' ')} }`;
}
