import { AppError } from '../../../contract/errors.ts';
import type { CertificateMaterial, DriverTools } from '../../vendor.ts';
import { absolutePath } from '../discover-site.ts';
import type { Look } from '../driver-rights.ts';
import type { Host } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import type { NewFile } from './addition.ts';
import { readLists } from './list.ts';
import { besideOf, findFiles, refuseUnwritable } from './site.ts';
import type { FileSwap } from './swap.ts';
import { type TlsBind, tlsBinds, trimmed } from './uses.ts';

/** Where a new certificate comes: its file, the list that gets a line more, and the binds that serve it then. */
export interface NewPlace {
  readonly file: NewFile;
  /** As HAProxy's socket names it: the crt-list, or the certificate directory. */
  readonly into: string;
  /** Absent where a directory takes it. */
  readonly list?: FileSwap & { readonly before: string; readonly after: string; readonly added: string };
  readonly bytes: Buffer;
  readonly beside: string;
  readonly binds: readonly TlsBind[];
  /** What each list names, the new one among it. */
  readonly listed: ReadonlyMap<string, readonly string[]>;
}

export interface PlaceWish {
  /** The file, as HAProxy shall call it. */
  readonly name: string;
  readonly list?: string | undefined;
}

interface Context {
  readonly host: Host;
  readonly look: Look;
  readonly planId: string;
  readonly tools: DriverTools;
  readonly signal: AbortSignal;
}

/** Throws PLAN_INVALID, ALREADY_EXISTS, NOT_FOUND, and CAPABILITY_MISSING where the account lacks a right, which is named. */
export async function findNewPlace(
  context: Context,
  { name, list }: PlaceWish,
  material: CertificateMaterial,
  names: readonly string[],
): Promise<NewPlace> {
  const { host, look, planId, tools, signal } = context;
  refuseName(name);
  const binds = tlsBinds(look.files, look.surroundings);
  const listed = await readLists(host, look, binds, signal);
  const into = list ?? parentOf(name);
  const taking = binds.filter((bind) =>
    list === undefined ? bind.places.some((place) => trimmed(place) === into) : bind.lists.includes(list),
  );
  if (taking.length === 0) throw noPlace(binds, into, list);
  const there = list === undefined ? names.filter((one) => parentOf(one) === into) : (listed.get(list) ?? []);
  const like = there.find((one) => names.includes(one));
  if (like === undefined) {
    const what = `${into} names no certificate yet that is loaded and whose group and mode the new one could take`;
    throw new AppError('PLAN_INVALID', `${what}. Add the first one by hand.`);
  }
  const first = there.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0];
  if (list === undefined && first !== undefined && Buffer.compare(Buffer.from(name), Buffer.from(first)) < 0) {
    const what = `HAProxy loads a directory by name, and answers clients that say no name with the first: after a reload that were ${name}, not ${first}`;
    throw new AppError('PLAN_INVALID', `${what}. Choose a name that comes later.`);
  }
  const path = pathOf(look, name);
  const real = await realOf(host, path, signal);
  const bytes = Buffer.from(material.leaf + material.chain + material.key);
  const beside = besideOf(real, planId);
  return {
    file: {
      real,
      hash: tools.sha256(bytes),
      candidate: `${beside}.new`,
      secret: { id: `${planId}/0`, bytes: bytes.length },
      like: pathOf(look, like),
      isRoot: look.site.discovery.account === 0 || host.hasSudo,
    },
    into,
    ...(list === undefined ? {} : { list: await listSwap(context, list, name) }),
    bytes,
    beside,
    binds: taking,
    listed: list === undefined ? listed : new Map([...listed, [list, [...there, name]]]),
  };
}

/** Names that HAProxy takes for something else than a certificate of its own. */
function refuseName(name: string): void {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const why =
    !name.startsWith('/') || base === ''
      ? 'it is no absolute path of a file'
      : base.startsWith('.')
        ? 'HAProxy passes over hidden files'
        : /\.(?:key|ocsp|sctl|issuer|dsa|rsa|ecdsa)$/.test(base)
          ? 'by its ending HAProxy takes it for a part of another certificate'
          : undefined;
  if (why !== undefined) throw new AppError('PLAN_INVALID', `${name} cannot be the name of a new one: ${why}.`);
}

function noPlace(binds: readonly TlsBind[], into: string, list: string | undefined): AppError {
  const lists = [...new Set(binds.flatMap((bind) => bind.lists))];
  const places = [...new Set(binds.flatMap((bind) => bind.places))];
  const what = list === undefined ? `no bind loads the directory ${into}` : `no bind has the crt-list ${into}`;
  const has = `Lists of binds: ${lists.join(', ') || 'none'}; files and directories: ${places.join(', ') || 'none'}`;
  return new AppError('NOT_FOUND', `Nothing would serve the new certificate: ${what}. ${has}.`);
}

async function realOf(host: Host, path: string, signal: AbortSignal): Promise<string> {
  const directory = parentOf(path);
  const found = await findFiles(host, [path, directory], signal);
  if (found.has(path)) throw new AppError('ALREADY_EXISTS', `The file ${path} is there already. Nothing was sent.`);
  const parent = found.get(directory);
  if (parent === undefined) throw new AppError('NOT_FOUND', `There is no directory ${directory} on the host.`);
  const real = `${parent.real === '/' ? '' : parent.real}/${path.slice(path.lastIndexOf('/') + 1)}`;
  const { stdout } = await host.run(`[ -w ${quote(parent.real)} ] && echo writable`, { signal });
  await refuseUnwritable(host, { real, isWritable: stdout.toString().startsWith('writable') }, signal);
  return real;
}

async function listSwap({ host, look, planId, tools, signal }: Context, list: string, name: string) {
  const path = pathOf(look, list);
  const found = (await findFiles(host, [path], signal)).get(path);
  if (found === undefined) throw new AppError('NOT_FOUND', `There is no file ${path} on the host.`);
  await refuseUnwritable(host, found, signal);
  const old = await host.readFile(found.real, { signal });
  const added = `${old.length > 0 && old.at(-1) !== 0x0a ? '\n' : ''}${name}\n`;
  const after = Buffer.concat([old, Buffer.from(added)]);
  const beside = besideOf(found.real, planId);
  return {
    real: found.real,
    beforeHash: tools.sha256(old),
    afterHash: tools.sha256(after),
    candidate: `${beside}.new`,
    backup: `${beside}.old`,
    kept:
      look.site.discovery.account === 0 || String(look.site.discovery.account) === found.owner ? '%u:%g:%a' : '%g:%a',
    before: old.toString(),
    after: after.toString(),
    added,
  };
}

function pathOf(look: Look, name: string): string {
  return absolutePath(name, look.site.instance?.root.directory);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
