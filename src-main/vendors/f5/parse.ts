import type { DeviceModel, Unmodelled } from '../../contract/model.ts';
import { maskWith } from '../mask.ts';
import type { SourceFile } from '../vendor.ts';
import { factsOfListed } from './certificates/facts.ts';
import { monitorOf } from './monitors.ts';
import { nodeOf, poolOf } from './pools.ts';
import { readTree, Settings, type Statement } from './tree.ts';
import { certificatesOf, withMemberTls } from './tls.ts';
import { type Named, virtualServerOf } from './virtuals.ts';

interface Placed {
  readonly statement: Statement;
  readonly file: string;
  readonly lines: readonly string[];
}
/** Secrets of a configuration: encrypted keys (`$M$`), passphrases, SNMP communities. */
export const f5Secrets: readonly RegExp[] = [
  /\$M\$\S+/g,
  /(?<=\b(?:passphrase|password|encrypted-password|secret|auth-password|privacy-password|community-name) )\S+/g,
];

/** bigip.conf, bigip_base.conf and single-configuration files as a model; what has no place in it is kept with its lines. */
export function parseBigip(files: readonly SourceFile[]): DeviceModel {
  const placed = files.flatMap(({ path, bytes }): Placed[] => {
    const text = maskWith(f5Secrets, bytes.toString('utf8'));
    const lines = text.split('\n');
    return readTree(text).map((statement) => ({ statement, file: path, lines }));
  });
  const named = namesOf(placed.map(({ statement }) => statement));
  function found(kind: string): readonly Statement[] {
    return placed.flatMap(({ statement }) => (isA(statement, kind) && isModelled(statement) ? [statement] : []));
  }
  const virtualServers = distinct(found('ltm virtual').map((one) => virtualServerOf(one, named)));
  return {
    virtualServers,
    pools: withMemberTls(distinct(found('ltm pool').map(poolOf)), virtualServers, named.serverSsl),
    monitors: distinct(found('ltm monitor').map(monitorOf)),
    nodes: distinct(found('ltm node').map(nodeOf)),
    profiles: [...found('ltm profile').map(profileOf), ...found('ltm persistence').map(persistenceProfile)],
    certificates: certificates(found('ltm profile'), found('sys file ssl-cert')),
    unmodelled: placed.filter(({ statement }) => !isModelled(statement)).map(unmodelledOf),
  };
}

const kinds = [
  'ltm virtual',
  'ltm pool',
  'ltm monitor',
  'ltm node',
  'ltm profile',
  'ltm persistence',
  'ltm policy',
  'sys file ssl-cert',
];

/** The words of the kind, then a name (monitors, profiles and persistence: their own kind, then the name). */
function isA({ words }: Statement, kind: string): boolean {
  return `${words.join(' ')} `.startsWith(`${kind} `);
}

/** What has no name is a setting of the whole device (`ltm persistence global-settings`). */
function isModelled(statement: Statement): boolean {
  return kinds.some((kind) => isA(statement, kind)) && nameOf(statement) !== '';
}

function nameOf({ words }: Statement): string {
  return (['profile', 'monitor', 'persistence', 'file'].includes(words[1] ?? '') ? words[3] : words[2]) ?? '';
}

function namesOf(statements: readonly Statement[]): Named {
  const clientSsl = new Map<string, Settings>();
  const serverSsl = new Map<string, Settings>();
  const persistence = new Map<string, { kind: string; settings: Settings }>();
  const policies = new Map<string, Settings>();
  for (const statement of statements) {
    const [, kind, third = '', fourth = ''] = statement.words;
    const settings = new Settings({ body: statement.body ?? [] });
    if (isA(statement, 'ltm profile client-ssl')) clientSsl.set(fourth, settings);
    else if (isA(statement, 'ltm profile server-ssl')) serverSsl.set(fourth, settings);
    else if (isA(statement, 'ltm persistence')) persistence.set(fourth, { kind: third, settings });
    else if (kind === 'policy') policies.set(third, settings);
  }
  return { clientSsl, serverSsl, persistence, policies };
}

const tlsKeys = new Set(['cert', 'key', 'chain', 'cert-key-chain', 'ciphers', 'inherit-certkeychain']);

function profileOf({ words, body }: Statement) {
  const [, , kind = '', name = ''] = words;
  const settings = new Settings({ body: body ?? [] });
  return { name, kind, native: settings.others(kind === 'client-ssl' ? tlsKeys : new Set()) };
}

/** What the persistence of its virtual servers already says is not said again. */
const cookieKeys = new Set(['cookie-name', 'defaults-from', 'httponly', 'secure', 'method']);

function persistenceProfile({ words, body }: Statement) {
  const [, , kind = '', name = ''] = words;
  const known = kind === 'cookie' ? cookieKeys : new Set(['defaults-from']);
  return { name, kind: `persistence ${kind}`, native: new Settings({ body: body ?? [] }).others(known) };
}

/** What the device tells of a certificate stands beside what its profiles say of its key and chain. */
const factKeys = new Set('subject issuer expiration-date expiration-string serial-number'.split(' '));

function certificates(profiles: readonly Statement[], files: readonly Statement[]): DeviceModel['certificates'] {
  const stored = new Map(
    files.map((one) => {
      const facts = factsOfListed(one);
      const native = new Settings({ body: one.body ?? [] }).others(facts === undefined ? new Set() : factKeys);
      return [one.words[3] ?? '', { facts, native }] as const;
    }),
  );
  const used = new Map(
    profiles
      .filter(({ words }) => words[2] === 'client-ssl' || words[2] === 'server-ssl')
      .flatMap(({ body }) => certificatesOf(new Settings({ body: body ?? [] })))
      .toReversed()
      .map((one) => [one.name, one] as const),
  );
  return [...new Set([...[...used.keys()].toReversed(), ...stored.keys()])].map((name) => {
    const { keyFile, chainFile } = used.get(name) ?? {};
    const { facts, native = {} } = stored.get(name) ?? {};
    return {
      name,
      ...(facts === undefined
        ? {}
        : { subject: facts.subject, issuer: facts.issuer, notAfter: facts.notAfter, serial: facts.serial }),
      native: {
        ...native,
        ...(keyFile === undefined ? {} : { key: keyFile }),
        ...(chainFile === undefined ? {} : { chain: chainFile }),
      },
    };
  });
}

/** Of several objects with one name (two files that overlap) the first. */
function distinct<T extends { readonly name: string }>(objects: readonly T[]): T[] {
  const first = new Map<string, T>();
  for (const object of objects) if (!first.has(object.name)) first.set(object.name, object);
  return [...first.values()];
}

function unmodelledOf({ statement, file, lines }: Placed): Unmodelled {
  const { line, endLine, words } = statement;
  const why =
    words[1] === 'rule'
      ? 'an iRule: a program, kept as it is'
      : `${words.slice(0, 2).join(' ')} has no place in the model`;
  return { file, line, endLine, text: lines.slice(line - 1, endLine).join('\n'), why };
}
