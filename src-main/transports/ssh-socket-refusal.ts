import { AppError } from '../contract/errors.ts';
import { shellQuote } from './shell-quote.ts';
import type { CallOptions, HostSession } from './transport.ts';

/**
 * OpenSSH (tried with 9.2) answers "open failed" alike for a socket that is missing, that nobody listens on, that the account may
 * not use, and for forwarding that is forbidden. So the host itself is asked. /proc/net/unix has column 4 `00010000` for a socket
 * that listens (proc_net_unix: flags, __SO_ACCEPTCON) and the path last.
 */
const script = [
  'p=$1',
  'if [ -S "$p" ]; then',
  '  if ! [ -w "$p" ]; then echo no-right',
  '  elif ! [ -r /proc/net/unix ]; then echo unsure',
  '  elif grep -F " 00010000 " /proc/net/unix | grep -qF " $p"; then echo listens',
  '  else echo silent; fi',
  'elif [ -e "$p" ]; then echo no-socket',
  'else LC_ALL=C ls -d -- "$p" 2>&1; fi',
].join('\n');

/** RFC 4254, 5.1: administratively prohibited, unknown channel type. OpenSSH gives neither, other servers do. */
const tellingReasons: readonly unknown[] = [1, 3];

/** Why a socket on the host could not be reached. The refused request itself was never sent. */
export async function explainRefusedSocket(
  exec: HostSession['exec'],
  what: string,
  socketPath: string,
  options: CallOptions,
  cause: Error,
): Promise<AppError> {
  if (cause.cause instanceof Error && 'reason' in cause.cause && tellingReasons.includes(cause.cause.reason)) {
    const detail = `${what}: the server does not know or allow such channels. If it is OpenSSH, ${forbidden} Nothing was sent.`;
    return new AppError('CAPABILITY_MISSING', detail, { cause, raw: cause.message });
  }
  const answer = await exec(`sh -c ${shellQuote(script)} sh ${shellQuote(socketPath)}`, {
    ...options,
    maxBytes: 65_536,
  });
  const raw = answer.stdout.toString('utf8').trim();
  function because(code: 'NOT_FOUND' | 'PERMISSION_DENIED' | 'CAPABILITY_MISSING', why: string): AppError {
    return new AppError(code, `${what}: ${why} Nothing was sent.`, { cause, raw: raw === '' ? cause.message : raw });
  }

  switch (raw) {
    case 'no-right':
      return because('PERMISSION_DENIED', 'the account may not write to this socket: give it the group of the socket.');
    case 'no-socket':
      return because('NOT_FOUND', 'there is something of that name, but it is no socket.');
    case 'silent':
      return because('NOT_FOUND', 'the socket is there, but no process of the host listens on it.');
    case 'listens':
      return because('CAPABILITY_MISSING', forbidden);
  }
  if (/permission denied/i.test(raw)) {
    return because('PERMISSION_DENIED', 'the account may not look into the folder of this socket.');
  }
  if (/no such file|not a directory/i.test(raw)) return because('NOT_FOUND', 'there is no such socket.');
  return because('CAPABILITY_MISSING', `the server refused, and the host does not show why. Most likely ${forbidden}`);
}

const forbidden =
  'sshd forbids forwarding to Unix sockets: sshd_config needs "AllowStreamLocalForwarding yes" (or "local") for this account, and no ' +
  '"DisableForwarding yes".';
