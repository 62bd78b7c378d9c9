import type { Command } from '../../../contract/plan.ts';
import { type Host, socatCommand } from '../driver-host.ts';
import { quote } from '../driver-shell.ts';
import { shell } from '../plan-reload.ts';

/** A certificate of the running process, and the files on the host that its transaction reads: nothing secret crosses a command. */
export interface Transaction {
  readonly socket: string;
  /** As HAProxy calls it. */
  readonly name: string;
  /**
   * What is set, in turn: the certificate's own name first (which drops what was stapled), then `NAME.key` where the key has a file of
   * its own, then `NAME.ocsp`.
   */
  readonly parts: readonly TransactionPart[];
}
export interface TransactionPart {
  readonly name: string;
  readonly file: string;
  /** The file's bytes where it is an OCSP answer, which goes over in base64. */
  readonly answer?: Buffer | undefined;
}

/** HAProxy takes a command with its payload as one buffer (`tune.bufsize`, 16384 unless told) and hangs up on a longer one. */
export const mostPayloadBytes = 15_000;

const set = String.raw`Transaction (created|updated) for certificate`;
const committed = '^Success!';
const stapled = 'OCSP Response updated!';

/** Sets and commits (management.txt 9.3). A transaction of a certificate is aborted where any of it is refused. */
export function commitCommands(host: Host, hasSocat: boolean, transaction: Transaction): readonly Command[] {
  const { socket, name, parts } = transaction;
  if (hasSocat) return [shell(host, commitText(transaction))];
  return [
    ...parts.map((part): Command => {
      const line = `set ssl cert ${part.name} <<`;
      const shown = setText(socket, part);
      if (part.answer !== undefined) {
        return { kind: 'socket', socket, text: `${line}\n${base64Of(part.answer).toString()}\n\n`, shown, expect: set };
      }
      return { kind: 'socket', socket, text: `${line}\n`, payloadFile: part.file, shown, expect: set };
    }),
    {
      kind: 'socket',
      socket,
      text: `commit ssl cert ${name}\n`,
      shown: socatCommand(socket, `commit ssl cert ${name}`),
      expect: String.raw`[\s\S]*Success!`,
    },
  ];
}

/** The same for the way back; nothing is said to a process that has the old certificate, but for an open transaction of ours. */
export function commitBackCommands(
  host: Host,
  hasSocat: boolean,
  transaction: Transaction,
  oldSha1: string | undefined,
): readonly Command[] {
  const { socket, name } = transaction;
  const abort = `abort ssl cert ${name}`;
  if (!hasSocat) {
    const any = String.raw`[\s\S]*`;
    return [
      { kind: 'socket', socket, text: `${abort}\n`, shown: socatCommand(socket, abort), expect: any },
      ...commitCommands(host, hasSocat, transaction),
    ];
  }
  const isOld = `${socatCommand(socket, `show ssl cert ${name}`)} | grep -qF ${quote(`SHA1 FingerPrint: ${oldSha1 ?? ''}`)}`;
  const skip = oldSha1 === undefined ? '' : `if ${isOld}; then exit 0; fi\n`;
  return [shell(host, `( ${socatCommand(socket, abort)} > /dev/null\n${skip}${commitText(transaction)} )`)];
}

/** Lets HAProxy read the new one and takes it back at once. */
export function tryCommands(host: Host, hasSocat: boolean, transaction: Transaction): readonly Command[] {
  const { socket, name, parts } = transaction;
  const abort = socatCommand(socket, `abort ssl cert ${name}`);
  if (hasSocat) return [shell(host, `( ${setsText(transaction)}\n${abort} )`)];
  return [
    ...commitCommands(host, hasSocat, { ...transaction, parts }).slice(0, -1),
    { kind: 'socket', socket, text: `abort ssl cert ${name}\n`, shown: abort, expect: 'Transaction aborted' },
  ];
}

export function setsText({ socket, name, parts }: Transaction): string {
  const abort = `${socatCommand(socket, `abort ssl cert ${name}`)} > /dev/null`;
  return parts
    .map((part) => {
      const refused = `{ printf '%s\\n' "\${a:-HAProxy hung up on it without an answer.}" >&2; ${abort}; exit 1; }`;
      return `a=$(${setText(socket, part)})\nprintf '%s' "$a" | grep -qE ${quote(set)} || ${refused}`;
    })
    .join('\n');
}

/** The same as text for the host's shell. */
export function commitText(transaction: Transaction): string {
  const { socket, name } = transaction;
  const abort = `${socatCommand(socket, `abort ssl cert ${name}`)} > /dev/null`;
  return `( ${setsText(transaction)}
a=$(${socatCommand(socket, `commit ssl cert ${name}`)})
printf '%s\\n' "$a" | grep -q ${quote(committed)} || { printf '%s\\n' "$a" >&2; ${abort}; exit 1; } )`;
}

/**
 * Lets HAProxy check the answer that a certificate has got: a transaction passes over one that it does not take without a word, and this
 * command says why (tried with 2.6).
 */
export function stapleCommands(
  host: Host,
  hasSocat: boolean,
  socket: string,
  part: TransactionPart,
): readonly Command[] {
  const { answer } = part;
  if (answer === undefined) return [];
  const line = 'set ssl ocsp-response <<';
  const text = payloadText(socket, line, part);
  if (!hasSocat) {
    return [
      { kind: 'socket', socket, text: `${line}\n${base64Of(answer).toString()}\n\n`, shown: text, expect: stapled },
    ];
  }
  return [
    shell(
      host,
      `( a=$(${text}); printf '%s\\n' "$a" | grep -q ${quote(stapled)} || { printf '%s\\n' "$a" >&2; exit 1; } )`,
    ),
  ];
}

function setText(socket: string, part: TransactionPart): string {
  return payloadText(socket, `set ssl cert ${part.name} <<`, part);
}

/** The payload ends at its first blank line, so the file's own are left out. */
function payloadText(socket: string, line: string, { file, answer }: TransactionPart): string {
  const lines = `${answer === undefined ? `sed '/^[[:space:]]*$/d'` : 'base64'} < ${quote(file)}`;
  return `{ printf '%s\\n' ${quote(line)}; ${lines}; printf '\\n'; } | socat -t 15 - ${quote(`UNIX-CONNECT:${socket}`)}`;
}

/** In the lines of base64(1), as HAProxy counts them. */
export function base64Of(answer: Buffer): Buffer {
  return Buffer.from(answer.toString('base64').replaceAll(/.{76}(?=.)/g, '$&\n'));
}
