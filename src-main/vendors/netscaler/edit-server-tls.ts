import type { Pool } from '../../contract/model.ts';
import { Options } from './commands.ts';
import { subjectOf } from './objects.ts';
import { lacking, optionText, refused, type Scene, type Sent, setOptions, type Wanted } from './sent.ts';
import { quoteWord } from './write.ts';

type ServerTls = NonNullable<Pool['tls']>;

const known = new Set(['verify', 'serverName', 'sendSni', 'profile']);

/** TLS towards members: `set ssl serviceGroup`, or `set ssl service` of each service of the pool. */
export function serverTlsCommands(
  { objects }: Scene,
  virtual: string,
  group: string | undefined,
  prior: ServerTls | undefined,
  wish: ServerTls | undefined,
): readonly Sent[] {
  if (prior === undefined || wish === undefined) {
    throw refused(
      `Whether members are spoken to by TLS is the type of ${group === undefined ? 'a service' : 'a service group'} (HTTP or SSL), which cannot be changed: make another and bind that one.`,
    );
  }
  const names =
    group === undefined
      ? objects
          .of('lb vserver', virtual)
          .binds.map((bind) => subjectOf(bind).rest[0] ?? '')
          .filter((name) => objects.has('service', name))
      : [group];
  const kind = group === undefined ? 'service' : 'serviceGroup';
  const keys = [...new Set([...Object.keys(prior), ...Object.keys(wish)])] as (keyof ServerTls)[];
  const changed = keys.filter((key) => JSON.stringify(prior[key]) !== JSON.stringify(wish[key]));
  return names.flatMap((name) => {
    const of = { kind: `ssl ${kind.toLowerCase()}`, name };
    const { commands, binds } = objects.of(of.kind, name);
    const now = new Options([...commands, ...binds]);
    const profile = now.text('sslProfile');
    if (profile !== undefined && changed.some((key) => key !== 'profile')) {
      throw refused(
        `TLS of "${name}" towards its members stands in the profile ${profile}: change it there, or take the profile away first.`,
      );
    }
    return setOptions({ said: `ssl ${kind} ${quoteWord(name)}`, of }, now, wantedOf(wish, changed));
  });
}

/** The same for a group that is new. */
export function newServerTls(group: string, wish: ServerTls | undefined): readonly Sent[] {
  if (wish === undefined) return [];
  const wanted = Object.entries(wantedOf(wish, Object.keys(wish) as (keyof ServerTls)[])); // its own keys
  const words = wanted.flatMap(([name, values]) => (values === undefined ? [] : [optionText(name, values)]));
  if (words.length === 0) return [];
  const said = `ssl serviceGroup ${quoteWord(group)}`;
  const inverse = `unset ${said} ${wanted.map(([name]) => `-${name}`).join(' ')}`;
  return [{ command: `set ${said} ${words.join(' ')}`, inverse, of: { kind: 'ssl servicegroup', name: group } }];
}

function wantedOf(wish: ServerTls, keys: readonly (keyof ServerTls)[]): Wanted {
  const other = keys.find((key) => !known.has(key));
  if (other !== undefined) throw lacking(`${other} of TLS to members`);
  const options: Record<string, readonly string[] | undefined> = {
    verify: onOrOff(wish.verify),
    serverName: wish.serverName === undefined ? undefined : [wish.serverName],
    sendSni: onOrOff(wish.sendSni),
    profile: wish.profile === undefined ? undefined : [wish.profile],
  };
  return Object.fromEntries(keys.map((key) => [names[key] ?? key, options[key]]));
}

const names: Readonly<Record<string, string>> = {
  verify: 'serverAuth',
  serverName: 'commonName',
  sendSni: 'SNIEnable',
  profile: 'sslProfile',
};

function onOrOff(value: boolean | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value ? 'ENABLED' : 'DISABLED'];
}
