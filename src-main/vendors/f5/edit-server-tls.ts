import { AppError } from '../../contract/errors.ts';
import type { DevicePool } from '../../contract/model.ts';
import { isBuiltInServerSsl } from './built-in.ts';
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
import { created, lacking, type Scene, type Sent, settingOf } from './sent.ts';
import { keyOf, type Part } from './text.ts';
import { handsTo } from './tls.ts';

type ServerTls = NonNullable<DevicePool['tls']>;
const known: ReadonlySet<string> = new Set(
  'profile verify caFile serverName sendSni minVersion maxVersion ciphers'.split(' '),
);

/**
 * TLS towards the members of a pool stands in the server-ssl profile of every virtual server that hands to it. Its own profile is
 * changed; one that comes with the device is left alone, and one is made from it. What else those virtual servers hand to, and who
 * else has the profile, changes too and is named.
 */
export function memberTlsCommands(
  scene: Scene,
  pool: string,
  prior: ServerTls | undefined,
  wish: ServerTls | undefined,
): readonly Sent[] {
  const virtuals = virtualsOf(scene, pool);
  const now = oneProfile(scene, virtuals);
  if (wish === undefined) return swapAll(scene, virtuals, pool, now, undefined);
  const changed = changedKeys(prior ?? {}, wish);
  const wanted = wish.profile ?? now ?? '/Common/serverssl';
  const base = baseOf(scene, 'server-ssl', wanted);
  if (base.part === undefined && !isBuiltInServerSsl(wanted))
    throw lacking(`the profile ${wanted}, which the device does not list`);
  refuseBlindTrust(scene, base, wish, changed);
  const settings = settingsOf(scene, base, wish, changed);
  const isOwn = base.part !== undefined && !isBuiltInServerSsl(wanted);
  if (isOwn || settings.every(([, value, rest]) => value === rest)) {
    const set = base.part === undefined || !isOwn ? [] : setSettings(base.part, settings);
    return [...set, ...swapAll(scene, virtuals, pool, now, wanted)];
  }
  const name = `${pool}_serverssl`;
  const there = baseOf(scene, 'server-ssl', name);
  const made =
    there.part === undefined
      ? [created(newProfile(base, name, settings))]
      : setSettings(there.part, settingsOf(scene, there, wish, changed));
  return [...made, ...swapAll(scene, virtuals, pool, now, name)];
}

/** The virtual servers that hand to it. Throws CAPABILITY_MISSING where there is none. */
function virtualsOf(scene: Scene, pool: string): readonly Part[] {
  const found = scene.target.virtualServers
    .filter((one) => handsTo(one, pool))
    .flatMap(({ name }) => scene.text.find(`ltm virtual ${name}`) ?? []);
  if (found.length > 0) return found;
  throw lacking(`TLS towards the members of ${pool}, which no virtual server hands to: it stands there`);
}

/** Throws CAPABILITY_MISSING where they differ: one wish would change what another virtual server was given on purpose. */
function oneProfile(scene: Scene, virtuals: readonly Part[]): string | undefined {
  const found = virtuals.map((one) => serverSslOf(scene, one));
  const [first] = found;
  const other = found.findIndex((name) => name !== first);
  if (other === -1) return first;
  const said = [0, other].map((at) => `${found[at] ?? 'none'} on ${virtuals[at]?.words[2] ?? ''}`).join(', ');
  throw lacking(`TLS towards members where virtual servers have different server-ssl profiles (${said})`);
}

function serverSslOf(scene: Scene, virtual: Part): string | undefined {
  return settingOf(virtual, 'profiles')
    ?.body?.map(keyOf)
    .find((name) => isBuiltInServerSsl(name) || scene.text.find(`ltm profile server-ssl ${name}`) !== undefined);
}

function changedKeys(prior: ServerTls, wish: ServerTls): readonly string[] {
  const keys = Object.keys({ ...prior, ...wish }) as (keyof ServerTls)[]; // keys of the checked schema
  const changed = keys.filter((key) => JSON.stringify(prior[key]) !== JSON.stringify(wish[key]));
  const other = changed.find((key) => !known.has(key));
  if (other !== undefined) throw lacking(`${other} of TLS towards members`);
  return changed;
}

/**
 * `server-name` is what is asked for (SNI, where `sendSni` says so), `authenticate-name` what the certificate must be for: it stands
 * where members are verified, and where the name would stand nowhere else.
 */
function settingsOf(scene: Scene, base: ProfileBase, wish: ServerTls, changed: readonly string[]): readonly Setting[] {
  const { verify, caFile, serverName = 'none', sendSni } = wish;
  if (sendSni === true && wish.serverName === undefined)
    throw lacking('a name that is asked of members (SNI) without the name: say it (serverName)');
  function setting(key: string, value: string, rest: string): Setting {
    return [key, value, inherited(scene, base, key) ?? rest];
  }
  const isOfNames = ['serverName', 'sendSni', 'verify'].some((key) => changed.includes(key));
  const [, , must] = setting('authenticate-name', serverName, 'none');
  const isKept = verify === true || sendSni !== true || must !== 'none';
  return [
    ...commonSettings(scene, base, wish, changed),
    ...(changed.includes('verify')
      ? [setting('peer-cert-mode', verify === true ? 'require' : 'ignore', 'ignore')]
      : []),
    ...(changed.includes('caFile') ? [trustSetting(scene, base, 'ca-file', caFile)] : []),
    ...(isOfNames ? [setting('server-name', sendSni === true ? serverName : 'none', 'none')] : []),
    ...(isOfNames && isKept ? [setting('authenticate-name', serverName, 'none')] : []),
  ];
}

/** Every connection would fail, as no certificate would be trusted. */
function refuseBlindTrust(scene: Scene, base: ProfileBase, wish: ServerTls, changed: readonly string[]): void {
  if (wish.verify !== true || !changed.some((key) => key === 'verify' || key === 'caFile')) return;
  const there = changed.includes('caFile') ? undefined : inherited(scene, base, 'ca-file');
  if (wish.caFile !== undefined || (there !== undefined && there !== 'none')) return;
  throw new AppError(
    'PLAN_INVALID',
    'Members are to be verified, and nothing says whom to trust: name a certificate of the device (caFile).',
  );
}

function swapAll(
  scene: Scene,
  virtuals: readonly Part[],
  pool: string,
  now: string | undefined,
  wanted: string | undefined,
): readonly Sent[] {
  if (now === wanted) return [];
  return virtuals.flatMap((virtual) => {
    const name = virtual.words[2] ?? '';
    const target = scene.target.virtualServers.find((one) => one.name === name);
    const pools = [target?.pool, ...(target?.routes ?? []).map((route) => route.pool)];
    const others = new Set(pools.filter((one) => one !== undefined && one !== pool));
    const affects = [
      { kind: 'virtualServer', name, why: `hands to ${pool}` },
      ...[...others].map((other) => ({ kind: 'pool', name: other ?? '', why: `${name} hands to it too` })),
    ];
    const sent = swapProfiles(
      virtual,
      now === undefined ? [] : [now],
      wanted === undefined ? [] : [wanted],
      'serverside',
    );
    return sent.map((one) => ({ ...one, affects }));
  });
}
