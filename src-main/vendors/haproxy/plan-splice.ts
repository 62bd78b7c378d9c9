import { compareLines } from '../hunks.ts';
import { printfFormat, quote } from './driver-shell.ts';

/** A stretch of the new file: bytes `from` to `to` of the live one, or new bytes. */
export type Part =
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  | { readonly kind: 'text'; readonly bytes: Buffer };

/** Linux takes 128 KiB in one argument, and a whole command line is one argument of the shell that sshd starts. */
const mostTextBytes = 16_384;
const mostCommandLength = 60_000;

/** How the new file is made of the old one, line by line: what is common is copied on the host, what is new is sent. */
export function spliceParts(before: Buffer, after: Buffer): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { mark, text } of compareLines(splitLines(before), splitLines(after))) {
    if (mark === '+') parts.push({ kind: 'text', bytes: Buffer.from(text, 'latin1') });
    else {
      if (mark === ' ') parts.push({ kind: 'copy', from: at, to: at + text.length });
      at += text.length;
    }
  }
  return joinParts(parts);
}

/** Lines with their ends, one character a byte. */
function splitLines(bytes: Buffer): string[] {
  return bytes.toString('latin1').match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function joinParts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.kind === 'copy' && part.kind === 'copy' && last.to === part.from) {
      joined[joined.length - 1] = { kind: 'copy', from: last.from, to: part.to };
    } else if (
      last?.kind === 'text' &&
      part.kind === 'text' &&
      last.bytes.length + part.bytes.length <= mostTextBytes
    ) {
      joined[joined.length - 1] = { kind: 'text', bytes: Buffer.concat([last.bytes, part.bytes]) };
    } else {
      joined.push(...cutText(part));
    }
  }
  return joined;
}

function cutText(part: Part): readonly Part[] {
  if (part.kind === 'copy') return [part];
  const count = Math.ceil(part.bytes.length / mostTextBytes);
  return Array.from({ length: count }, (_, index) => ({
    kind: 'text' as const,
    bytes: part.bytes.subarray(index * mostTextBytes, (index + 1) * mostTextBytes),
  }));
}

/** Shell commands that write the new file into `target`, which is emptied by the first. `size` is the live file's length. */
export function spliceCommands(live: string, target: string, size: number, parts: readonly Part[]): readonly string[] {
  const pieces = parts.map((part) =>
    part.kind === 'text' ? `printf ${printfFormat(part.bytes)}` : copyOf(live, part, size),
  );
  const groups: string[][] = [[]];
  for (const piece of pieces) {
    const group = groups.at(-1) ?? [];
    if (group.length > 0 && group.join('; ').length + piece.length > mostCommandLength) groups.push([piece]);
    else group.push(piece);
  }
  return groups.map((group, index) => {
    const body = group.length === 0 ? ':' : group.join('; ');
    return `{ ${body}; } ${index === 0 ? '>' : '>>'} ${quote(target)}`;
  });
}

function copyOf(live: string, { from, to }: { readonly from: number; readonly to: number }, size: number): string {
  const file = quote(live);
  if (from === 0) return `head -c ${to} -- ${file}`;
  const tail = `tail -c +${from + 1} -- ${file}`;
  return to === size ? tail : `${tail} | head -c ${to - from}`;
}
