import type { Route } from '../../../contract/model.ts';
import { type Reading } from './reading.ts';
import type { Setting, Settings } from './settings.ts';

type Match = Omit<Route, 'pool' | 'native'>;

/** One alternative of a condition: all of its matches must hold. */
type Alternatives = readonly Match[];

/** More alternatives than this are told in the device's own words. */
const mostAlternatives = 32;

/** `use_backend` rules, first match first. A condition that the model has no words for stands in `native` as written. */
export function readRoutes(reading: Reading, settings: Settings): readonly Route[] {
  const routes: Route[] = [];
  const acls = new Map<string, Setting[]>();
  for (const acl of settings.own('acl')) {
    const name = acl.args[0] ?? '';
    const found = acls.get(name);
    if (found) found.push(acl);
    else acls.set(name, [acl]);
  }
  for (const setting of settings.own('use_backend')) {
    const [pool = '', word, ...condition] = setting.args;
    if (pool === '' || pool.includes('%[') || pool.length > 1_000) {
      reading.whys.set(setting.statement, 'the pool is chosen by an expression at run time');
      continue;
    }
    reading.used.add(setting.statement);
    if (word === undefined) {
      routes.push({ pool });
      continue;
    }
    const alternatives = word === 'if' ? readCondition(condition, acls) : undefined;
    if (alternatives === undefined) routes.push({ pool, native: [word, ...condition].join(' ') });
    else {
      routes.push(...alternatives.map((match) => ({ ...match, pool })));
      for (const name of condition) for (const acl of acls.get(name) ?? []) reading.used.add(acl.statement);
    }
  }
  return routes;
}

/** `a b or c { path_beg /x }` as alternatives, undefined where a term has no neutral word (manual 7.2). */
function readCondition(
  words: readonly string[],
  acls: ReadonlyMap<string, readonly Setting[]>,
): Alternatives | undefined {
  const all: Match[] = [];
  let group: Alternatives | undefined = [{}];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === 'or' || word === '||') {
      all.push(...group);
      group = [{}];
      continue;
    }
    const close = word === '{' ? words.indexOf('}', at) : -1;
    const term = word === '{' ? readTest(words.slice(at + 1, close < 0 ? undefined : close)) : readAcl(word, acls);
    if (word === '{' && close < 0) return undefined;
    if (close >= 0) at = close;
    group = term === undefined ? undefined : combine(group, term);
    if (group === undefined || group.length + all.length > mostAlternatives) return undefined;
  }
  all.push(...group);
  return all.every((match) => Object.keys(match).length > 0) ? all : undefined;
}

function readAcl(name: string, acls: ReadonlyMap<string, readonly Setting[]>): Alternatives | undefined {
  const lines = acls.get(name);
  if (lines === undefined || lines.length > mostAlternatives) return undefined;
  const found = lines.map((line) => readTest(line.args.slice(1)));
  return found.every((alternatives) => alternatives !== undefined) ? found.flat() : undefined;
}

/** Every pair of alternatives together; undefined where both speak of one field. */
function combine(left: Alternatives, right: Alternatives): Alternatives | undefined {
  const pairs = left.flatMap((a) => right.map((b) => ({ a, b })));
  if (pairs.some(({ a, b }) => Object.keys(a).some((key) => Object.hasOwn(b, key)))) return undefined;
  return pairs.map(({ a, b }) => ({ ...a, ...b }));
}

/** A test such as `hdr(host) -i a.example b.example`: an alternative for each of its values. */
function readTest([fetch = '', ...rest]: readonly string[]): Alternatives | undefined {
  const flags: string[] = [];
  let at = 0;
  for (; rest[at]?.startsWith('-') === true; at += 1) {
    const flag = rest[at] ?? '';
    if (flag === '--') break;
    flags.push(flag === '-m' ? `-m ${rest[at + 1] ?? ''}` : flag);
    if (flag === '-m') at += 1;
    else if (flag !== '-i') return undefined;
  }
  const values = rest.slice(rest[at] === '--' ? at + 1 : at);
  const how = flags.find((flag) => flag.startsWith('-m'))?.slice(3);
  const build = matcher(fetch, how, flags.includes('-i'));
  return build === undefined || values.length === 0 || values.length > mostAlternatives ? undefined : values.map(build);
}

function matcher(fetch: string, how: string | undefined, ignoresCase: boolean): ((value: string) => Match) | undefined {
  const isExact = how === undefined || how === 'str';
  const header = /^(?:req\.)?f?hdr\(([^(),]+)\)$/.exec(fetch)?.[1];
  if (header?.toLowerCase() === 'host') return isExact ? (host) => ({ host }) : undefined;
  if (/^(ssl_fc_sni|req\.ssl_sni|req_ssl_sni)$/.test(fetch)) return isExact ? (sni) => ({ sni }) : undefined;
  if (fetch === 'method') return isExact ? (method) => ({ method }) : undefined;
  if (ignoresCase) return undefined;
  if (header !== undefined) return isExact ? (value) => ({ header: `${header}: ${value}` }) : undefined;
  if (fetch === 'path_beg' || (fetch === 'path' && how === 'beg')) return (pathPrefix) => ({ pathPrefix });
  if (fetch === 'path_reg' || (fetch === 'path' && how === 'reg')) return (pathRegex) => ({ pathRegex });
  if (fetch === 'path_end' || (fetch === 'path' && how === 'end'))
    return (end) => ({ pathRegex: `${escapeRegex(end)}$` });
  return fetch === 'path' && isExact ? (path) => ({ pathRegex: `^${escapeRegex(path)}$` }) : undefined;
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
