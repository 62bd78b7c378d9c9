import { AppError, toProblem } from '../contract/errors.ts';
import { parseArguments, UsageError } from './arguments.ts';
import { apply, confirm, history, plan, rollback } from './changes.ts';
import type { CliTools, Command } from './command.ts';
import { addCertificate, listCertificates, renewCertificate, restoreCertificate } from './certificates.ts';
import { addDevice, listDevices, removeDevice, testDevice } from './devices.ts';
import { drain, resume } from './drain.ts';
import { engineCheck, engineRun } from './engine.ts';
import { events } from './events.ts';
import { find } from './find.ts';
import { help, helpFor } from './help.ts';
import { log } from './log.ts';
import { parse, render } from './native.ts';
import { poll, read } from './readings.ts';
import { record } from './record.ts';
import { serve } from './serve.ts';
import { simulateA10, simulateF5, simulateNetscaler } from './simulate.ts';
import { setTraps, showTraps } from './traps.ts';

/** Every command there is, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  engineRun,
  engineCheck,
  parse,
  render,
  listDevices,
  addDevice,
  testDevice,
  removeDevice,
  read,
  poll,
  record,
  log,
  events,
  setTraps,
  showTraps,
  find,
  plan,
  apply,
  confirm,
  rollback,
  history,
  listCertificates,
  addCertificate,
  renewCertificate,
  restoreCertificate,
  drain,
  resume,
  simulateNetscaler,
  simulateF5,
  simulateA10,
];

/** Runs one command line; answers the exit status: 0 done, 1 refused or failed, 2 wrong usage. Never throws. */
export async function runCli(words: readonly string[], tools: CliTools): Promise<number> {
  const { terminal } = tools;
  const [first = ''] = words;
  if (words.length === 0 || first === 'help' || first === '--help' || first === '-h') {
    await terminal.write(help(commands));
    return words.length === 0 ? 2 : 0;
  }
  if (first === '--version') {
    await terminal.write(`${tools.version}\n`);
    return 0;
  }
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  if (command === undefined) {
    terminal.say(`steelyard: "${words.slice(0, 2).join(' ')}" is no command.\n${help(commands)}`);
    return 2;
  }
  return runCommand(command, words.slice(command.name.split(' ').length), tools);
}

async function runCommand(command: Command, words: readonly string[], tools: CliTools): Promise<number> {
  const { terminal } = tools;
  if (words.includes('--help') || words.includes('-h')) {
    await terminal.write(helpFor(command));
    return 0;
  }
  try {
    return await command.run(parseArguments(command, words), tools);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.say(`steelyard ${command.name}: ${error.message}\n${helpFor(command)}`);
      return 2;
    }
    sayProblem(error, tools);
    return 1;
  }
}

function sayProblem(error: unknown, { terminal }: CliTools): void {
  const { code, title, detail, raw } = toProblem(error);
  const words = raw === undefined || raw.trim() === '' ? '' : `\n${raw.trimEnd().replace(/^/gm, '    ')}`;
  terminal.say(`steelyard: ${code}: ${title} ${detail}${words}`);
  if (!(error instanceof AppError) && error instanceof Error) terminal.say(error.stack ?? '');
}
