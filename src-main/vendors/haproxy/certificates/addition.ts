import type { Command } from '../../../contract/plan.ts';
import { type Host, socatCommand } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import { isFile, syncText } from '../plan-files.ts';
import { shell } from '../plan-reload.ts';
import type { FileSecret, FileSwap } from './swap.ts';
import {
  commitCommands,
  commitText,
  setsText,
  stapleCommands,
  type Transaction,
  type TransactionPart,
} from './transaction.ts';

/** A certificate that the running process shall have besides those that it has. */
export interface Addition {
  readonly socket: string;
  /** As HAProxy calls it, and the file with its bytes. */
  readonly name: string;
  readonly file: string;
  /** The crt-list or certificate directory, as `show ssl crt-list` names it. */
  readonly into: string;
  /** The OCSP answer that comes with it, where one does. */
  readonly answers: readonly TransactionPart[];
}

/** A file that is not there yet, hidden until it is whole. */
export interface NewFile {
  readonly real: string;
  readonly hash: string;
  readonly candidate: string;
  readonly secret: FileSecret;
  /** Another certificate there: the new one gets its group and its mode, others never a right. */
  readonly like: string;
  /** The account is root, who gives the owner too. */
  readonly isRoot: boolean;
}

export function absentCommands(host: Host, { real }: NewFile): readonly Command[] {
  const there = `{ printf '%s\\n' ${quote(`${real} is there already; nothing was written.`)} >&2; exit 1; }`;
  return [shell(host, `( if [ -e ${quote(real)} ] || [ -L ${quote(real)} ]; then ${there}; fi )`)];
}

/** The file is its owner's alone until its rights are set; the bytes come by standard input. */
export function writeCommands(host: Host, { candidate, hash, secret, like, isRoot }: NewFile): readonly Command[] {
  const [from, to] = [quote(like), quote(candidate)];
  const owner = isRoot ? '%u:%g' : ':%g';
  const write = shell(host, `cat > ${to}`);
  const shown = `${write.shown}   # standard input: the new ${secret.what ?? 'PEM'}, ${secret.bytes} bytes, SHA-256 ${hash}`;
  const filled = { ...write, shown, stdin: { secret: secret.id, sha256: hash, bytes: secret.bytes } };
  return [
    shell(
      host,
      `( umask 077; : > ${to} && chown "$(stat -c ${owner} -- ${from})" ${to} && chmod "$(stat -c %a -- ${from})" ${to} && chmod u=rw,o= ${to} )`,
    ),
    filled,
    shell(host, `${isFile(hash, candidate)} && ${syncText(candidate)}`),
  ];
}

/** The list as it is with one line more. */
export function listCommands(
  host: Host,
  { real, candidate, afterHash, kept }: FileSwap,
  added: string,
): readonly Command[] {
  const [from, to] = [quote(real), quote(candidate)];
  const lost = `{ echo 'The new list would belong to somebody else than the old one, or is not as planned.' >&2; exit 1; }`;
  const same = `[ "$(stat -c ${kept} -- ${to})" = "$(stat -c ${kept} -- ${from})" ]`;
  return [
    shell(
      host,
      `( cp -a -- ${from} ${to} && printf %s ${quote(added)} >> ${to} && ${same} && ${isFile(afterHash, candidate)} && ${syncText(candidate)} || ${lost} )`,
    ),
  ];
}

/** A link never takes the place of another file, as a rename would. */
export function placeCommands(host: Host, { real, candidate }: NewFile): readonly Command[] {
  return [
    shell(host, `ln -T -- ${quote(candidate)} ${quote(real)} && rm -f -- ${quote(candidate)} && ${syncText(real)}`),
  ];
}

/** Safe from any half-way point: only the file of this plan goes. */
export function removeCommands(host: Host, { real, hash }: NewFile): readonly Command[] {
  const foreign = `{ echo 'The file is not the one that was put there: another hand was there. It is left as it is.' >&2; exit 1; }`;
  const directory = real.slice(0, real.lastIndexOf('/')) || '/';
  return [
    shell(
      host,
      `( if [ -e ${quote(real)} ]; then ${isFile(hash, real)} || ${foreign}; rm -f -- ${quote(real)} && ${syncText(directory)}; fi )`,
    ),
  ];
}

const created = '^New empty certificate store';

/** Makes the name, gives it key and chain, and tells the list of it (management.txt 9.3); a directory is a list to HAProxy. */
export function addCommands(host: Host, hasSocat: boolean, addition: Addition): readonly Command[] {
  const { socket, name, into, answers } = addition;
  const transaction = transactionOf(addition);
  const staples = answers.flatMap((answer) => stapleCommands(host, hasSocat, socket, answer));
  const [make, add] = [`new ssl cert ${name}`, `add ssl crt-list ${into} ${name}`];
  if (!hasSocat) {
    return [
      socketCommand(socket, make, created),
      ...commitCommands(host, hasSocat, transaction),
      socketCommand(socket, add, String.raw`[\s\S]*Success!`),
      ...staples,
    ];
  }
  return [
    shell(
      host,
      `( ${askText(socket, make, created)}
${commitText(transaction)} || exit 1
${askText(socket, add, '^Success!')} )`,
    ),
    ...staples,
  ];
}

/** The same backwards, from wherever it stopped. */
export function addBackCommands(host: Host, hasSocat: boolean, { socket, name, into }: Addition): readonly Command[] {
  const lines = [`del ssl crt-list ${into} ${name}`, `abort ssl cert ${name}`, `del ssl cert ${name}`];
  if (!hasSocat) return lines.map((line) => socketCommand(socket, line, String.raw`[\s\S]*`));
  return [shell(host, `( ${lines.map((line) => `${socatCommand(socket, line)} > /dev/null`).join('\n')} )`)];
}

/** Lets HAProxy read the new one under its name, of which nothing is left. */
export function tryAddCommands(host: Host, hasSocat: boolean, addition: Addition): readonly Command[] {
  const { socket, name } = addition;
  const transaction = transactionOf(addition);
  const [make, abort, forget] = [`new ssl cert ${name}`, `abort ssl cert ${name}`, `del ssl cert ${name}`];
  if (!hasSocat) {
    return [
      socketCommand(socket, make, created),
      ...commitCommands(host, hasSocat, transaction).slice(0, -1),
      socketCommand(socket, abort, 'Transaction aborted'),
      socketCommand(socket, forget, 'Certificate'),
    ];
  }
  const leave = `${socatCommand(socket, abort)} > /dev/null; ${socatCommand(socket, forget)} > /dev/null`;
  return [
    shell(
      host,
      `( ${askText(socket, make, created)}
( ${setsText(transaction)} ); c=$?
${leave}
exit "$c" )`,
    ),
  ];
}

function transactionOf({ socket, name, file, answers }: Addition): Transaction {
  return { socket, name, parts: [{ name, file }, ...answers] };
}

function socketCommand(socket: string, line: string, expect: string): Command {
  return { kind: 'socket', socket, text: `${line}\n`, shown: socatCommand(socket, line), expect };
}

function askText(socket: string, line: string, expect: string): string {
  return `a=$(${socatCommand(socket, line)}); printf '%s\\n' "$a" | grep -q ${quote(expect)} || { printf '%s\\n' "$a" >&2; exit 1; }`;
}
