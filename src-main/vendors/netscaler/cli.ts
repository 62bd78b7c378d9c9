import { AppError } from '../../contract/errors.ts';
import type { HostSession } from '../../transports/transport.ts';

/** What the CLI says after a command that it carried out: its last line is ` Done`, and no line begins with `ERROR:`. */
export const doneAnswer = String.raw`^(?![^]*(?:^|\n)\s*ERROR:)[^]*(?:^|\n)\s*Done\s*$`;

/**
 * Whatever it says: a command that takes something back may find it taken back, and the appliance has many words for that. What is read
 * afterwards is what counts.
 */
export const doneOrAlreadyAnswer = String.raw`^[^]*$`;

const done = new RegExp(doneAnswer, 'u');

/**
 * One read-only command of the CLI, over SSH exec; its answer without the last line and without warnings (a secondary
 * begins each answer with one). The exit status says nothing there.
 * Throws COMMAND_REJECTED with the appliance's words, OUTPUT_UNPARSED where the answer has no end.
 */
export async function ask(
  host: HostSession,
  command: string,
  signal: AbortSignal,
  timeoutMs = 60_000,
): Promise<string> {
  const { stdout, stderr } = await host.exec(command, { signal, timeoutMs });
  const said = stdout.toString('utf8').replaceAll('\r', '');
  if (done.test(said)) return said.replace(/\s*Done\s*$/, '\n').replace(/^\s*Warning:.*\n/gm, '');
  const words = `${said}${stderr.toString('utf8')}`.trim();
  const error = /(?:^|\n)\s*ERROR:\s*([^\n]*)/.exec(words)?.[1];
  if (error !== undefined) throw new AppError('COMMAND_REJECTED', `"${command}" was refused: ${error}`, { raw: words });
  throw new AppError(
    'OUTPUT_UNPARSED',
    `The answer to "${command}" does not end with "Done", so it is not that of a NetScaler's command line.`,
    { raw: words.slice(0, 4096) },
  );
}
