import { AppError } from '../../contract/errors.ts';
import type { HostSession } from '../../transports/transport.ts';

/** What an account gets at sign-in (auth user, shell): bash, in which tmsh is a program, or tmsh itself. */
export type LoginShell = 'bash' | 'tmsh';

/**
 * Words by which tmsh says no: its own, and mcpd's with their numbers (`01020036:3: The requested Pool (...) was not found.`).
 * Seen in public transcripts and scripts; the exit status does not always say it.
 */
const refusal = String.raw`(?:^|\n)[^\n]{0,80}(?:Syntax Error|Data Input Error|Unexpected Error|[Tt]ransaction failed|0[01][0-9a-fA-F]{6}:\d+:)`;
/** An answer that refuses nothing. */
export const takenAnswer = String.raw`^(?![^]*${refusal})`;
/**
 * Whatever it says: what is to be taken back may be as it was already, where a push broke off early or a way back is taken again, and the device
 * has many words for that. What is read afterwards is what counts.
 */
export const takenOrAlreadyAnswer = String.raw`^[^]*$`;

const refused = new RegExp(refusal, 'u');

/** A word for bash: what needs no quotes gets none, for the eye. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Commands of tmsh in one call, by SSH exec. `-q` keeps it from asking back; an account whose shell is tmsh cannot say it. */
export function callText(shell: LoginShell, commands: readonly string[]): string {
  const said = commands.join('; ');
  return shell === 'bash' ? `tmsh -q -c ${quote(said)}` : said;
}

/**
 * One transaction. By bash its lines go to tmsh's standard input, as F5's own templates for public clouds have it; a shell that is tmsh
 * takes them behind each other (both ways are in wide use; tmsh reference, cli transaction).
 */
export function transactionText(shell: LoginShell, commands: readonly string[]): string {
  const all = ['create cli transaction', ...commands, 'submit cli transaction'];
  if (shell === 'tmsh') return all.join('; ');
  return `printf '%s\\n' ${all.map(quote).join(' ')} | tmsh -q`;
}

/** Throws COMMAND_REJECTED with the device's words, CAPABILITY_MISSING where it asks back. */
export async function ask(host: HostSession, text: string, signal: AbortSignal, timeoutMs = 120_000): Promise<string> {
  const { code, stdout, stderr } = await host.exec(text, { signal, timeoutMs });
  const said = stdout.toString('utf8').replaceAll('\r', '');
  const words = `${said}${stderr.toString('utf8')}`.trim();
  if (/Display all \d+ items\?/.test(words)) {
    throw new AppError(
      'CAPABILITY_MISSING',
      'tmsh asks whether to display all items. Say "modify cli preference pager disabled display-threshold 0" once as this user, or give it bash as its shell.',
      { raw: words.slice(0, 4096) },
    );
  }
  if (!refused.test(words) && (code === 0 || code === null)) return said;
  const first = words.split('\n').find((line) => line.trim() !== '') ?? `it ended with status ${String(code)}`;
  throw new AppError('COMMAND_REJECTED', `"${text.slice(0, 200)}" was refused: ${first.trim()}`, {
    raw: words.slice(0, 4096),
  });
}

/**
 * Which shell the account has, found by asking for the version both ways. Throws VERSION_UNSUPPORTED for BIG-IP Next, which has no
 * tmsh (its configuration is managed by its Central Manager alone).
 */
export async function findShell(
  host: HostSession,
  signal: AbortSignal,
): Promise<{ readonly shell: LoginShell; readonly version: string }> {
  const said: string[] = [];
  for (const shell of ['bash', 'tmsh'] as const) {
    const { stdout, stderr } = await host.exec(callText(shell, ['show sys version']), { signal, timeoutMs: 60_000 });
    const text = stdout.toString('utf8').replaceAll('\r', '');
    if (/^\s*Version\s+\d/m.test(text) && !refused.test(text)) return { shell, version: text };
    said.push(`${text}${stderr.toString('utf8')}`.trim());
  }
  throw new AppError(
    'VERSION_UNSUPPORTED',
    'There is no tmsh here. BIG-IP Next (20.x) has none: it is managed by its Central Manager alone. Of TMOS, versions 11 to 17 and 21 are known.',
    { raw: said.join('\n').slice(0, 4096) },
  );
}
