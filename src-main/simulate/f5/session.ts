import { makePrograms } from '../bash/programs.ts';
import { type Call, inputOf, type Program, runShell, type Shell } from '../bash/run.ts';
import type { ExecCall, Login, LoginShell, Pager, ShellAnswer } from '../login.ts';
import type { Appliance } from './appliance.ts';
import { type Answer, openTmsh, type Tmsh, type TmshOptions } from './tmsh.ts';

/** An account of the device: its password, what it gets when it logs in, and what it may. */
export interface Account {
  readonly password: string;
  readonly shell: 'bash' | 'tmsh';
  /** Default admin. */
  readonly role?: 'admin' | 'resource-admin' | 'manager' | 'operator' | 'guest';
}

type WatchAnswer = TmshOptions['watch'];

/** What an account sees behind SSH: bash with tmsh in it, or tmsh itself. */
export function openLogin(
  appliance: Appliance,
  name: string,
  { shell, role = 'admin' }: Account,
  watch: WatchAnswer,
): Login {
  const options = { user: name, role, watch };
  const bash = makeBash(appliance, options);
  const isBash = shell === 'bash';
  return {
    exec: (call) => (isBash ? runBash(bash, call) : runCommand(openTmsh(appliance, options), bash, call)),
    shell: ({ hasTerminal }) =>
      isBash
        ? bashShell(appliance, bash, options, hasTerminal)
        : tmshShell(openTmsh(appliance, options), bash, hasTerminal),
    ...(isBash && { files: appliance.files }),
  };
}

function makeBash(appliance: Appliance, options: TmshOptions): Shell {
  const shell: Shell = {
    files: appliance.files,
    variables: new Map([
      ['PWD', '/root'],
      ['USER', options.user],
      ['HOSTNAME', appliance.hostname],
    ]),
    programs: {},
  };
  const programs: Readonly<Record<string, Program>> = {
    ...makePrograms(appliance.files, appliance.hostname, () => whole),
    tmsh: (call) => tmshProgram(openTmsh(appliance, options), () => whole, call),
  };
  const whole: Shell = { ...shell, programs };
  return whole;
}

function runBash(shell: Shell, { command, out, error, lines, all }: ExecCall): Promise<number> {
  return runShell(shell, command, { input: { lines, all }, out, error });
}

/** A command for an account whose shell is tmsh: the words are tmsh's own. */
async function runCommand(tmsh: Tmsh, bash: Shell, { command, lines, all, out, error }: ExecCall): Promise<number> {
  return say(tmsh.run(command), tmsh, bash, { args: [], input: { lines, all }, out, error }, false);
}

/** `tmsh [-q] [-a] [-c <commands>] [<command>]`; without a command it reads standard input line by line. */
async function tmshProgram(tmsh: Tmsh, bash: () => Shell, call: Call): Promise<number> {
  const { args } = call;
  const isQuiet = args.includes('-q');
  const at = args.indexOf('-c');
  const first = args.findIndex((one) => !/^-[aqe]$/.test(one));
  if (at >= 0) return say(tmsh.run(args[at + 1] ?? ''), tmsh, bash(), call, isQuiet);
  if (first >= 0) return say(tmsh.run(args.slice(first).join(' ')), tmsh, bash(), call, isQuiet);
  let status = 0;
  let open = '';
  const lines = call.input.lines()[Symbol.asyncIterator]();
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    open += open === '' ? next.value : `\n${next.value}`;
    if (tmsh.isOpen(open)) continue;
    const answer = tmsh.run(open.replaceAll('\r', ''));
    open = '';
    // What is typed up to the end of input goes to the command that asks for it.
    const input = inputOf(answer.takes === undefined ? '' : await restOf(lines));
    status = await say(answer, tmsh, bash(), { ...call, input }, true);
    if (answer.isEnd) break;
  }
  return status;
}

async function restOf(lines: AsyncIterator<string>): Promise<string> {
  let text = '';
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) text += `${next.value}\n`;
  return text;
}

async function say(answer: Answer, tmsh: Tmsh, bash: Shell, call: Call, isQuiet: boolean): Promise<number> {
  const limit = tmsh.threshold();
  if (!isQuiet && limit > 0 && answer.items > limit) {
    call.out(`Display all ${answer.items} items? (y/n) `);
    let given = '';
    for await (const line of call.input.lines()) {
      given = line.trim();
      break;
    }
    call.out('\n');
    if (given !== 'y') return 0;
  }
  call.out(answer.text);
  call.error(answer.error);
  if (answer.takes !== undefined) {
    const told = answer.takes(await call.input.all());
    call.out(told.text);
    call.error(told.error);
    return told.error === '' ? 0 : 1;
  }
  if (answer.bash !== undefined && answer.bash !== '') return runShell(bash, answer.bash, call);
  return answer.error === '' ? 0 : 1;
}

/** `less`, in reverse video as recordings have it. */
const less: Pager = {
  mark: (percent) => `\u001b[7m---(less ${percent}%)---\u001b[m`,
  endMark: '\u001b[7m(END)\u001b[m',
};

function tmshShell(tmsh: Tmsh, bash: Shell, hasTerminal: boolean): LoginShell {
  let open = '';
  let inBash = false;
  let taking: Answer['takes'];
  let taken = '';
  function shown(answer: Answer): ShellAnswer {
    const text = answer.text + answer.error;
    const limit = tmsh.threshold();
    if (!hasTerminal || limit === 0 || answer.items <= limit) return { text, isEnd: answer.isEnd };
    const question = {
      text: `Display all ${answer.items} items? (y/n) `,
      isKey: true,
      answer: (key: string): ShellAnswer => ({ text: key === 'y' ? text : '' }),
    };
    return { text: '', question };
  }
  return {
    greeting: '',
    prompt: () =>
      hasTerminal && taking === undefined
        ? inBash
          ? bashPrompt(bash, tmsh.prompt())
          : open === ''
            ? tmsh.prompt()
            : ''
        : '',
    pager: () => (tmsh.hasPager() ? less : undefined),
    endOfInput: () => {
      if (taking === undefined) return { text: '', isEnd: true };
      const answer = taking(taken);
      [taking, taken] = [undefined, ''];
      return shown(answer);
    },
    keepsBlanks: true,
    enter: async (typed) => {
      if (taking !== undefined) {
        taken += `${typed}\n`;
        return { text: '' };
      }
      const line = open === '' ? typed.trim() : typed.trimEnd();
      if (inBash) {
        if (line === 'exit') inBash = false;
        return { text: inBash ? await outputOf(bash, line) : '' };
      }
      open += open === '' ? line : `\n${line}`;
      if (tmsh.isOpen(open)) return { text: '' };
      const answer = tmsh.run(open);
      open = '';
      if (answer.takes !== undefined) {
        taking = answer.takes;
        return { text: answer.text };
      }
      if (answer.bash === '') inBash = true;
      else if (answer.bash !== undefined) return { text: await outputOf(bash, answer.bash) };
      return shown(answer);
    },
  };
}

function bashShell(appliance: Appliance, bash: Shell, options: TmshOptions, hasTerminal: boolean): LoginShell {
  let inner: LoginShell | undefined;
  return {
    greeting: '',
    prompt: () =>
      inner === undefined
        ? hasTerminal
          ? bashPrompt(bash, openTmsh(appliance, options).prompt())
          : ''
        : inner.prompt(),
    pager: () => inner?.pager?.(),
    endOfInput: () => {
      const answer = inner?.endOfInput?.() ?? { text: '', isEnd: true };
      if (inner === undefined || answer.isEnd !== true) return answer;
      inner = undefined; // tmsh is left, bash goes on
      return { text: answer.text };
    },
    keepsBlanks: true,
    enter: async (typed) => {
      const line = typed.trim();
      if (inner !== undefined) {
        const answer = await inner.enter(typed);
        if (answer.isEnd !== true) return answer;
        inner = undefined;
        return { text: answer.text };
      }
      if (line === 'tmsh' || line === 'tmsh -q') {
        inner = tmshShell(openTmsh(appliance, options), bash, hasTerminal);
        return { text: '' };
      }
      if (line === 'exit' || line === 'logout') return { text: '', isEnd: true };
      return { text: await outputOf(bash, line) };
    },
  };
}

async function outputOf(bash: Shell, script: string): Promise<string> {
  let text = '';
  function add(more: string): void {
    text += more;
  }
  await runShell(bash, script, { input: inputOf(''), out: add, error: add });
  return text;
}

/** `[root@bigip1:Active:In Sync] config # `, from what tmsh's prompt says. */
function bashPrompt({ variables }: Shell, prompt: string): string {
  const [, user = '', host = '', sync = '', state = ''] =
    /^(.*)@\(([^)]*)\)\(cfg-sync ([^)]*)\)\(([^)]*)\)/.exec(prompt) ?? [];
  const folder = variables.get('PWD') ?? '/';
  return `[${user}@${host}:${state}:${sync}] ${folder === '/root' ? '~' : (folder.split('/').at(-1) ?? '/')} # `;
}
