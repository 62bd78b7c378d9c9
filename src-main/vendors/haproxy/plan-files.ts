import { AppError } from '../../contract/errors.ts';
import type { Command } from '../../contract/plan.ts';
import type { SourceFile } from '../vendor.ts';
import { environmentFrom } from './discover-environment.ts';
import { absolutePath, programOf, type Site } from './discover-site.ts';
import type { Host } from './driver-host.ts';
import { quote } from './driver-shell.ts';
import { shell } from './plan-reload.ts';
import { spliceCommands, spliceParts } from './plan-splice.ts';

/** The one file that a plan changes, and the names of what the push leaves beside it. */
export interface FileChange {
  /** As the configuration names it, and where it really is (symbolic links followed). */
  readonly path: string;
  readonly real: string;
  readonly before: Buffer;
  readonly after: Buffer;
  readonly beforeHash: string;
  readonly afterHash: string;
  /** What every file that the push makes begins with. */
  readonly beside: string;
  readonly candidate: string;
  readonly backup: string;
  readonly mark: string;
  /** What of owner, group and mode the account can give the new file: a format of stat(1). */
  readonly kept: string;
}

const checkTimeoutMs = 60_000;

/** Refuses the push where any file of the configuration is not the one that was read. */
export function fingerprintCommands(host: Host, files: readonly { path: string; hash: string }[]): readonly Command[] {
  const lines = files.map(({ path, hash }) => `${hash} ${quote(path)}`).join(' ');
  return [shell(host, `printf '%s  %s\\n' ${lines} | sha256sum -c -`)];
}

export function backupCommands(host: Host, { real, backup }: FileChange): readonly Command[] {
  return [shell(host, `cp -a -- ${quote(real)} ${quote(backup)} && ${syncText(backup)}`)];
}

/** The copy brings owner, mode and labels along; then its bytes are written anew, and counted. */
export function candidateCommands(host: Host, change: FileChange): readonly Command[] {
  const { real, candidate, before, after, afterHash, kept } = change;
  function stat(path: string): string {
    return `"$(stat -c ${kept} -- ${quote(path)})"`;
  }
  const other = `{ echo 'The new file did not come out as planned: the old one has changed since it was compared, or the disk is full.' >&2; exit 1; }`;
  const lost = `{ echo 'The new file would belong to somebody else than the old one.' >&2; exit 1; }`;
  return [
    `cp -a -- ${quote(real)} ${quote(candidate)}`,
    ...spliceCommands(real, candidate, before.length, spliceParts(before, after)),
    `( [ ${stat(candidate)} = ${stat(real)} ] || ${lost}; ${isFile(afterHash, candidate)} || ${other} ) && ${syncText(candidate)}`,
  ].map((text) => shell(host, text));
}

/** HAProxy reads the candidate in the live file's place: same program, same other files in the same order, same environment. */
export function checkCommand(
  host: Host,
  site: Site,
  names: readonly string[],
  swap: ReadonlyMap<string, string>,
): Command {
  const { instance, discovery, paths } = site;
  const files = paths.flatMap((path) => ['-f', swap.get(path) ?? path]);
  const words = [programOf(discovery, instance), '-c', ...(instance?.args.forCheck ?? []), ...files]
    .map(quote)
    .join(' ');
  const directory = instance?.root.directory;
  const enter = directory === undefined ? '' : `cd -- ${quote(directory)} && `;
  const take = instance === undefined ? '' : environmentFrom(String(instance.root.pid), names);
  return shell(
    host,
    take === '' && enter === '' ? words : `( ${take === '' ? '' : `${take} && `}${enter}${words} )`,
    checkTimeoutMs,
  );
}

/** The one moment of the change: a rename, so the file is wholly old before and wholly new after. */
export function replaceCommands(host: Host, { real, candidate, beforeHash }: FileChange): readonly Command[] {
  const foreign = `{ echo 'The file has changed since it was compared; nothing was put in its place.' >&2; exit 1; }`;
  const move = `mv -T -- ${quote(candidate)} ${quote(real)} && ${syncText(real)}`;
  return [shell(host, `( ${isFile(beforeHash, real)} || ${foreign}; ${move} )`)];
}

/** Safe from any half-way point: only this plan's own new file is taken back, and only for the backup that is the old one; and by whoever comes first. */
export function putBackCommands(host: Host, change: FileChange): readonly Command[] {
  const { real, backup, beforeHash, afterHash } = change;
  const lines = [
    `if ${isFile(beforeHash, real)}; then exit 0; fi`,
    `${isFile(afterHash, real)} || { echo 'The file is neither the old nor the new one: another hand was there. It is left as it is.' >&2; exit 1; }`,
    `${isFile(beforeHash, backup)} || { echo 'The backup is missing or damaged. The file is left as it is.' >&2; exit 1; }`,
    `w=$(mv -T -- ${quote(backup)} ${quote(real)} 2>&1) || ${isFile(beforeHash, real)} || { printf '%s\\n' "$w" >&2; exit 1; }`,
    syncText(real),
  ];
  return [shell(host, `( ${lines.join('\n')} )`)];
}

/**
 * After a revert: the backup goes only where it is not needed, as the live file is the old one, the new one was never put in place
 * (it still lies there), or the backup is not of the old one.
 */
export function cleanUpCommands(
  host: Host,
  { real, candidate, backup, mark, beforeHash }: FileChange,
): readonly Command[] {
  const isNeedless = `[ -e ${quote(candidate)} ] || ${isFile(beforeHash, real)} || ! ${isFile(beforeHash, backup)}`;
  const left = [candidate, mark].map(quote).join(' ');
  return [shell(host, `if ${isNeedless}; then rm -f -- ${quote(backup)}; fi && rm -f -- ${left}`)];
}

export function keepCommands(host: Host, { candidate, backup, mark }: FileChange): readonly Command[] {
  return [shell(host, `rm -f -- ${[candidate, backup, mark].map(quote).join(' ')}`)];
}

/** Where the live file really is, and what of its owner and mode can be kept. Throws CAPABILITY_MISSING without the rights. */
export async function locateFile(
  host: Host,
  site: Site,
  change: { readonly path: string; readonly before: Buffer; readonly after: Buffer },
  planId: string,
  sha256: (bytes: Uint8Array) => string,
  signal: AbortSignal,
): Promise<FileChange> {
  const path = absolutePath(change.path, site.instance?.root.directory);
  refuseOddName(path);
  const script = `r=$(readlink -f -- ${quote(path)}) && printf '%s\\n' "$r" && stat -c %u -- "$r" && d=$(dirname -- "$r") && [ -w "$d" ] && echo writable`;
  const answer = (await host.run(script, { signal })).stdout.toString().split('\n');
  const [real = '', owner = '', right] = answer;
  refuseOddName(real);
  if (right !== 'writable') {
    const remedy = 'give it write access to that directory, or let the address say sudo=1';
    const detail = `The account may not write beside ${real === '' ? path : real}: ${remedy}. Nothing was sent.`;
    throw new AppError('CAPABILITY_MISSING', detail);
  }
  const beside = `${real}.steelyard-${planId}`;
  const { account } = site.discovery;
  return {
    ...change,
    real,
    beforeHash: sha256(change.before),
    afterHash: sha256(change.after),
    beside,
    candidate: `${beside}.new`,
    backup: `${beside}.old`,
    mark: `${beside}.reload`,
    kept: account === 0 || String(account) === owner ? '%u:%g:%a' : '%g:%a',
  };
}

/** The one file that an edit changes. Throws PLAN_INVALID where it changes several: no rename covers two files at once. */
export function changedFile(before: readonly SourceFile[], after: readonly SourceFile[]) {
  const old = new Map(before.map((file) => [file.path, file.bytes]));
  const isSameSet = before.length === after.length && after.every((file) => old.has(file.path));
  if (!isSameSet) {
    throw new AppError(
      'PLAN_INVALID',
      'The configuration would get other files than it has now. Add or remove them by hand first.',
    );
  }
  const changed = after.filter((file) => old.get(file.path)?.equals(file.bytes) === false);
  const [file, ...others] = changed;
  if (others.length > 0) {
    const names = changed.map((one) => one.path).join(', ');
    throw new AppError(
      'PLAN_INVALID',
      `The change touches several files at once (${names}). Make it in one plan for each file.`,
    );
  }
  const bytes = file === undefined ? undefined : old.get(file.path);
  return file === undefined || bytes === undefined ? undefined : { path: file.path, before: bytes, after: file.bytes };
}

/** sha256sum(1) reads a list in which a line is a file. */
function refuseOddName(path: string): void {
  if (!/[\n\\\0]/.test(path)) return;
  throw new AppError(
    'CAPABILITY_MISSING',
    `A line end or a backslash in the name of ${JSON.stringify(path)} cannot be handled. Rename the file.`,
  );
}

export function isFile(hash: string, path: string): string {
  return `printf '%s  %s\\n' ${hash} ${quote(path)} | sha256sum -c --status -`;
}

/** Files by name need coreutils 8.24; without it everything is written out. */
export function syncText(path: string): string {
  return `{ sync -- ${quote(path)} || sync; } 2>/dev/null`;
}
