import { AppError } from '../../../contract/errors.ts';
import type { CertificateMaterial, DriverTools } from '../../vendor.ts';
import { absolutePath } from '../discover-site.ts';
import { type Host, isDenied, ownershipOf } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import type { Look } from '../driver-rights.ts';
import type { Swap } from './swap.ts';

/** The files that one certificate of HAProxy is made of, as they stand, and what shall take their places. */
export interface CertificateSite {
  readonly swaps: readonly Swap[];
  /** What `set ssl cert` is given, part by part. */
  readonly parts: readonly { readonly name: string; readonly file: string }[];
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** The old PEM with its key. */
  readonly previous: Buffer;
  /** The first certificate of the old PEM. */
  readonly oldLeaf: string;
  readonly oldSha256: string;
  /** What every other file of the push begins with. */
  readonly beside: string;
  readonly warnings: readonly string[];
}

/** A file that is there. */
export interface Found {
  readonly path: string;
  readonly real: string;
  readonly owner: string;
  readonly isWritable: boolean;
}

/**
 * Finds the PEM and, where it holds no key, the key's own file (`ssl-load-extra-files`: `NAME.key`, or `ssl-load-extra-del-ext`).
 * Throws NOT_FOUND, and CAPABILITY_MISSING where the account lacks a right, which is named.
 */
export async function findCertificateSite(
  host: Host,
  look: Look,
  name: string,
  material: CertificateMaterial,
  planId: string,
  tools: DriverTools,
  signal: AbortSignal,
): Promise<CertificateSite> {
  const path = absolutePath(name, look.site.instance?.root.directory);
  const keyNames = [`${name}.key`, `${name.replace(/\.[^./]+$/, '')}.key`];
  const keyPaths = keyNames.map((one) => absolutePath(one, look.site.instance?.root.directory));
  const found = await findFiles(host, [path, ...keyPaths], signal);
  const pem = found.get(path);
  if (pem === undefined) {
    throw new AppError('NOT_FOUND', `There is no file ${path}, though HAProxy names it. Nothing was sent.`);
  }
  const bytes = await readSecretFile(host, pem.real, signal);
  const hasKey = bytes.includes('PRIVATE KEY-----');
  const key = hasKey ? undefined : keyPaths.map((one) => found.get(one)).find((one) => one !== undefined);
  if (!hasKey && key === undefined) {
    throw new AppError(
      'CAPABILITY_MISSING',
      `${path} holds no key, and none stands beside it (${keyPaths.join(', ')}).`,
    );
  }
  const oldLeaf =
    /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(bytes.toString('latin1'))?.[0] ?? '';
  const chain = material.leaf + material.chain;
  const files = [
    { ...pem, name, before: bytes, after: Buffer.from(key === undefined ? chain + material.key : chain) },
    ...(key === undefined
      ? []
      : [
          {
            ...key,
            name: keyNames[keyPaths.indexOf(key.path)] ?? '',
            before: await readSecretFile(host, key.real, signal),
            after: Buffer.from(material.key),
          },
        ]),
  ];
  const { account } = look.site.discovery;
  for (const file of files) await refuseUnwritable(host, file, signal);
  const swaps = files.map(({ real, owner, before, after }, index): Swap => {
    const beside = besideOf(real, planId);
    return {
      real,
      beforeHash: tools.sha256(before),
      afterHash: tools.sha256(after),
      candidate: `${beside}.new`,
      backup: `${beside}.old`,
      secret: { id: `${planId}/${index}`, bytes: after.length },
      kept: account === 0 || String(account) === owner ? '%u:%g:%a' : '%g:%a',
    };
  });
  return {
    swaps,
    parts: files.map((file) => ({ name: file.name, file: file.real })),
    secrets: new Map(files.map(({ after }, index) => [`${planId}/${index}`, after])),
    previous: Buffer.concat(files.flatMap(({ before }) => [before, Buffer.from('\n')])),
    oldLeaf,
    oldSha256: tools.sha256(derOf(oldLeaf)),
    beside: besideOf(pem.real, planId),
    warnings: [
      ...swaps
        .filter(({ kept }) => kept !== '%u:%g:%a')
        .map(({ real }) => `${real} will belong to the account that pushes, as it is not root.`),
    ],
  };
}

/** Hidden: of a certificate directory HAProxy loads every file but those (tried with 2.6). */
export function besideOf(real: string, planId: string): string {
  const cut = real.lastIndexOf('/') + 1;
  return `${real.slice(0, cut)}.${real.slice(cut)}.steelyard-${planId}`;
}

/** Where the new file waits. */
export function candidateOf(real: string, planId: string): string {
  return `${besideOf(real, planId)}.new`;
}

/** Those of the paths that are there, with where they really are and whether the account may write beside them. */
export async function findFiles(
  host: Host,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found>> {
  const script = `one() { [ -e "$1" ] || return 0
r=$(readlink -f -- "$1"); w=no; [ -w "$(dirname -- "$r")" ] && w=yes
printf '%s\\0%s\\0%s\\0%s\\0' "$1" "$r" "$(stat -c %u -- "$r")" "$w"; }
for p in ${paths.map(quote).join(' ')}; do one "$p"; done`;
  const words = (await host.output(script, { signal })).toString().split('\0');
  const found = new Map<string, Found>();
  for (let at = 0; at + 4 <= words.length; at += 4) {
    const [path = '', real = '', owner = '', writable] = words.slice(at, at + 4);
    if (!/[\n\\]/.test(real)) found.set(path, { path, real, owner, isWritable: writable === 'yes' });
  }
  return found;
}

/** Read so that it can be put back; it goes into main and no further. */
export async function readSecretFile(host: Host, path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await host.readFile(path, { signal });
  } catch (error) {
    if (!isDenied(error)) throw error;
    const who = await ownershipOf(host, path, { signal });
    const remedy = 'give its group the right to read it, or let the address say sudo=1';
    throw new AppError('CAPABILITY_MISSING', `The account may not read ${path}${who}: ${remedy}. Nothing was sent.`, {
      cause: error,
    });
  }
}

/** Throws CAPABILITY_MISSING. */
export async function refuseUnwritable(
  host: Host,
  { real, isWritable }: Pick<Found, 'real' | 'isWritable'>,
  signal: AbortSignal,
): Promise<void> {
  if (isWritable) return;
  const directory = real.slice(0, real.lastIndexOf('/')) || '/';
  const who = await ownershipOf(host, directory, { signal });
  const remedy =
    'a file is put in place by a rename; give the account write access to the directory, or let the address say sudo=1';
  throw new AppError(
    'CAPABILITY_MISSING',
    `The account may not write beside ${real}${who}: ${remedy}. Nothing was sent.`,
  );
}

export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
}
