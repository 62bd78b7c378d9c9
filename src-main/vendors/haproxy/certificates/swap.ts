import type { Command } from '../../../contract/plan.ts';
import type { Host } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import { isFile, syncText } from '../plan-files.ts';
import { shell } from '../plan-reload.ts';

/**
 * A file with a secret in it that another takes the place of. What the push leaves beside it is hidden: HAProxy loads every file of a
 * certificate directory but those whose name begins with a dot.
 */
export interface Swap extends FileSwap {
  readonly secret: FileSecret;
}

/** Bytes that come by standard input, and what plans call them (default: PEM). */
export interface FileSecret {
  readonly id: string;
  readonly bytes: number;
  readonly what?: string;
}

/** A file that another takes the place of. */
export interface FileSwap {
  readonly real: string;
  readonly beforeHash: string;
  readonly afterHash: string;
  readonly candidate: string;
  readonly backup: string;
  /** What of owner, group and mode the account can give the new file: a format of stat(1). */
  readonly kept: string;
}

export function backupCommands(host: Host, swaps: readonly FileSwap[]): readonly Command[] {
  return swaps.map(({ real, backup }) =>
    shell(host, `cp -a -- ${quote(real)} ${quote(backup)} && ${syncText(backup)}`),
  );
}

/** The copy brings owner, mode and labels along before a byte of the new one is there; the bytes come by standard input. */
export function candidateCommands(host: Host, swaps: readonly Swap[]): readonly Command[] {
  return swaps.flatMap((swap) => {
    const { real, candidate, afterHash, kept, secret } = swap;
    function stat(path: string): string {
      return `"$(stat -c ${kept} -- ${quote(path)})"`;
    }
    const lost = `{ echo 'The new file would belong to somebody else than the old one.' >&2; exit 1; }`;
    const write = shell(host, `cat > ${quote(candidate)}`);
    const shown = `${write.shown}   # standard input: the new ${secret.what ?? 'PEM'}, ${secret.bytes} bytes, SHA-256 ${afterHash}`;
    return [
      shell(host, `cp -a -- ${quote(real)} ${quote(candidate)}`),
      { ...write, shown, stdin: { secret: secret.id, sha256: afterHash, bytes: secret.bytes } },
      shell(
        host,
        `( [ ${stat(candidate)} = ${stat(real)} ] || ${lost}; ${isFile(afterHash, candidate)} ) && ${syncText(candidate)}`,
      ),
    ];
  });
}

/** One rename for each file, all of them only where each is still the one that was compared. */
export function replaceCommands(host: Host, swaps: readonly FileSwap[]): readonly Command[] {
  if (swaps.length === 0) return [];
  const foreign = `{ echo 'A file has changed since it was compared; nothing was put in its place.' >&2; exit 1; }`;
  const same = swaps.map(({ real, beforeHash }) => `${isFile(beforeHash, real)} || ${foreign}`);
  const moves = swaps.map(({ candidate, real }) => `mv -T -- ${quote(candidate)} ${quote(real)}`);
  const syncs = swaps.map(({ real }) => syncText(real));
  return [shell(host, `( ${same.join('; ')}\n${moves.join(' && ')} && ${syncs.join(' && ')} )`)];
}

/** Safe from any half-way point: a file that is the old one already stays, one that another hand has changed stops it all. */
export function putBackCommands(host: Host, swaps: readonly FileSwap[]): readonly Command[] {
  if (swaps.length === 0) return [];
  const lines = swaps.flatMap(({ real, backup, beforeHash, afterHash }) => [
    `if ! ${isFile(beforeHash, real)}; then`,
    `${isFile(afterHash, real)} || { echo 'A file is neither the old nor the new one: another hand was there. It is left as it is.' >&2; exit 1; }`,
    `${isFile(beforeHash, backup)} || { echo 'The backup is missing or damaged. The file is left as it is.' >&2; exit 1; }`,
    `mv -T -- ${quote(backup)} ${quote(real)} 2>/dev/null || ${isFile(beforeHash, real)} || exit 1`,
    syncText(real),
    'fi',
  ]);
  return [shell(host, `( ${lines.join('\n')} )`)];
}

/** After a revert: a backup goes only where the live file is the old one. */
export function cleanUpCommands(host: Host, swaps: readonly FileSwap[], mark: string): readonly Command[] {
  const left = [...swaps.map(({ candidate }) => candidate), mark].map(quote).join(' ');
  const backups = swaps.map(
    ({ real, backup, beforeHash }) => `if ${isFile(beforeHash, real)}; then rm -f -- ${quote(backup)}; fi`,
  );
  return [shell(host, [`rm -f -- ${left}`, ...backups].join(' && '))];
}

export function keepCommands(host: Host, swaps: readonly FileSwap[], mark: string): readonly Command[] {
  const left = [...swaps.flatMap(({ candidate, backup }) => [candidate, backup]), mark];
  return [shell(host, `rm -f -- ${left.map(quote).join(' ')}`)];
}
