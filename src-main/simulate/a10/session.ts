import { FaultRefused, type LoginShell, type Pager, type ShellAnswer, type Watch } from '../login.ts';
import { change } from './change.ts';
import { type Device, shared } from './device.ts';
import { type Given, matchForm, type Misfit } from './match.ts';
import { type Fetch, importFile } from './import.ts';
import { showPki } from './pki.ts';
import { incomplete, missing, Refused, unrecognized } from './refusal.ts';
import {
  showGroups,
  showPartitions,
  showRunning,
  showServers,
  showStartup,
  showVersion,
  showVirtualServers,
  showVrrpA,
  showVcs,
} from './show.ts';
import { showBindings, showMonitors } from './show-more.ts';
import { wordsOf } from './tree.ts';

export interface SessionOptions {
  /** Empty where Enter is enough. */
  readonly enablePassword: string;
  readonly watch: Watch;
  /** False for the privilege `read`: user and privileged EXEC alone (CLI reference, show admin). Default true. */
  readonly mayWrite?: boolean;
  /** How many sessions are in configuration mode, this one included when it asks. */
  readonly configuring: { count: number };
  /** Devices that `configure sync` reaches, by address. */
  readonly peers: Readonly<Record<string, Device>>;
  /** How files of other machines are had, for `import`. */
  readonly fetch: Fetch;
  /** Every command, with the source of its form. */
  readonly seen: (line: string, source: string | undefined) => void;
}

/** One level below the configuration: a mode and the statement that it is about. */
interface Level {
  readonly mode: string;
  readonly key: string;
  readonly words: readonly string[];
}

/** The command line of one session. There is nothing else: commands do not come by exec. */
export function openSession(device: Device, options: SessionOptions): LoginShell {
  let isPrivileged = false;
  let isConfiguring = false;
  let levels: readonly Level[] = [];
  let partition = shared;
  let lines = 24;

  function leaveConfig(): void {
    if (isConfiguring) options.configuring.count -= 1;
    isConfiguring = false;
    levels = [];
  }
  function enterConfig(): ShellAnswer {
    isConfiguring = true;
    options.configuring.count += 1;
    return { text: '' };
  }
  function askToConfigure(): ShellAnswer {
    const isMulti = device.config(shared).some(({ text }) => text === 'multi-config enable');
    if (isMulti || options.configuring.count === 0) return enterConfig();
    return {
      text: '',
      question: {
        text: 'There exists an open configuration session. Do you want to continue? (yes/no): ',
        answer: (given) => (/^y/i.test(given.trim()) ? enterConfig() : { text: '' }),
      },
    };
  }
  function leave(): ShellAnswer {
    if (!device.isModified())
      return { text: '', question: { text: 'Are you sure to quit (N/Y)?: ', answer: leaveIfYes } };
    return {
      text: '',
      question: {
        text: 'Running configuration has been modified. Do you want to save it? [yes/no]: ',
        answer: (given) => {
          if (/^y/i.test(given.trim())) device.write(device.partitions());
          return { text: '', question: { text: 'Are you sure to quit (N/Y)?: ', answer: leaveIfYes } };
        },
      },
    };
  }
  function leaveIfYes(given: string): ShellAnswer {
    return /^y/i.test(given.trim()) ? { text: '', isEnd: true } : { text: '' };
  }

  /** Words that move between modes. Undefined for all others. */
  function move(line: string): ShellAnswer | undefined {
    const [first = '', ...rest] = line.split(/\s+/);
    if (!isPrivileged) {
      if (isShort(first, 'enable')) return askPassword();
      if (['exit', 'quit', 'logout'].includes(first)) return { text: '', isEnd: true };
      return undefined;
    }
    if (isConfiguring) {
      if (first === 'end') leaveConfig();
      else if (first !== 'exit') return undefined;
      else if (levels.length > 0) levels = levels.slice(0, -1);
      else leaveConfig();
      return { text: '' };
    }
    if (first === 'exit' || first === 'quit' || first === 'logout') return leave();
    if (first === 'disable') {
      isPrivileged = false;
      return { text: '' };
    }
    const isConfigure = isShort(first, 'configure') && (rest.length === 0 || 'terminal'.startsWith(rest[0] ?? ''));
    if (isConfigure && options.mayWrite === false) throw unrecognized(promptOf().length);
    return isConfigure ? askToConfigure() : undefined;
  }
  function askPassword(): ShellAnswer {
    return {
      text: '',
      question: {
        text: 'Password:',
        isHidden: true,
        answer: (given) => {
          if (given.trim() !== options.enablePassword) return { text: '\n% Bad secrets\n' };
          isPrivileged = true;
          return { text: '\n' };
        },
      },
    };
  }

  /** In a mode, what its fathers take is taken too: that is how pasted configurations work. */
  function configure(line: string): string | undefined {
    const isNo = /^no\s/.test(line);
    const bare = isNo ? line.replace(/^no\s+/, '') : line;
    for (let depth = levels.length; depth >= 0; depth -= 1) {
      const mode = depth === 0 ? 'config' : (levels[depth - 1]?.mode ?? 'config');
      const given = matchForm(mode, bare, isNo);
      if (!('form' in given)) continue;
      const path = levels.slice(0, depth);
      apply(given, path, isNo);
      options.seen(line, given.form.source);
      return '';
    }
    return undefined;
  }
  function apply(given: Given, path: readonly Level[], isNo: boolean): void {
    if (given.key === 'vrrp-a force-self-standby') {
      device.become(isNo ? 'Active' : 'ForcedStandby');
      return;
    }
    const keys = path.map(({ key }) => key);
    device.change(partition, change(device.config(partition), keys, given, isNo));
    const { enters } = given.form;
    levels = enters === undefined || isNo ? path : [...path, { mode: enters, key: given.key, words: given.words }];
  }

  function execute({ form, words }: Given): ShellAnswer {
    const [first = '', second = '', third = '', fourth = ''] = words;
    if (form.syntax.startsWith('show')) return { text: showText(words) };
    if (form.syntax.startsWith('terminal length')) lines = Number(third);
    else if (first === 'active-partition') return activate(second);
    else if (first === 'write') return { text: write(words.slice(2)) };
    else if (first === 'configure') return sync(words);
    else if (first === 'import' || form.syntax.startsWith('slb ssl-load')) {
      return importFile(words, device.pki(partition), options.fetch);
    } else if (first === 'pki') deleteFile(third, fourth);
    return { text: '' };
  }
  function showText(words: readonly string[]): string {
    const [, second = '', third = '', fourth] = words;
    if (second === 'version') return showVersion(device);
    if (second === 'running-config') return showOf(words.slice(2), showRunning);
    if (second === 'startup-config') return showOf(words.slice(2), showStartup);
    if (second === 'partition') return showPartitions(device, partition);
    if (second === 'vrrp-a') return showVrrpA(device);
    if (second === 'vcs') return showVcs(device);
    if (second === 'pki') return showPki(device.pki(partition), fourth, isBound, device.now());
    if (third === 'ssl') return showPki(device.pki(partition), words[4], isBound, device.now());
    if (second === 'health') return showMonitors(device, partition, fourth);
    if (fourth === 'bind') return showBindings(device, partition, words[4]);
    if (third === 'server') return showServers(device, partition, fourth);
    if (third === 'service-group') return showGroups(device, partition, fourth);
    return showVirtualServers(device, partition, fourth);
  }
  /** One partition, or all of them one after another, each behind the command that would lead to it. */
  function showOf(words: readonly string[], one: (device: Device, partition: string) => string): string {
    const [first = '', second = ''] = words;
    const isAll = first === 'all-partitions' || (first === 'partition-config' && second === 'all');
    if (isAll) {
      return device
        .partitions()
        .map((name) => `${name === shared ? '' : `active-partition ${name}\n!\n`}${one(device, name)}`)
        .join('');
    }
    const isNamed = first === 'partition' || first === 'partition-config';
    if (isNamed && second === '') throw incomplete();
    return one(device, isNamed ? known(second) : partition);
  }
  function known(name: string): string {
    if (!device.partitions().includes(name)) throw new Refused(`Partition '${name}' does not exist`);
    return name;
  }
  function isBound(name: string): boolean {
    const templates = device.config(partition).filter(({ text }) => /^slb template (client|server)-ssl /.test(text));
    return templates.some(({ children }) => children.some(({ text }) => wordsOf(text).slice(1).includes(name)));
  }
  function deleteFile(kind: string, name: string): void {
    const pki = device.pki(partition);
    const shelf = { certificate: pki.certificates, ca: pki.authorities, 'private-key': pki.keys }[kind];
    if (shelf?.has(name) !== true) throw missing(name);
    // The words are ours.
    if (isBound(name)) throw new Refused(`File ${name} is in use.`);
    shelf.delete(name);
  }
  function activate(name: string): ShellAnswer {
    if (!device.partitions().includes(name)) return { text: `Partition '${name}' does not exist\n` };
    leaveConfig();
    partition = name;
    return { text: `Current active partition: ${name}\n` };
  }
  function write(words: readonly string[]): string {
    const rest = words.filter((word) => word !== 'primary' && word !== 'secondary');
    const [first = '', second = ''] = rest;
    if (first === 'partition' && second === '') throw incomplete();
    const names =
      first === 'all-partitions' || second === 'all'
        ? device.partitions()
        : [first === 'partition' ? known(second) : partition];
    device.write(names);
    const said = names.map((name) =>
      name === shared
        ? 'Write configuration to default primary startup-config\n'
        : `Write configuration to profile "pri_default" on partition ${name}\n`,
    );
    return `Building configuration...\n${said.join('')}[OK]\n`;
  }
  /** Asks for an account of the peer, then gives it what runs here. */
  function sync(words: readonly string[]): ShellAnswer {
    const peer = options.peers[words.at(-1) ?? ''];
    const names = words.includes('all-partitions')
      ? device.partitions()
      : [words.includes('shared') ? shared : known(words[words.indexOf('partition') + 1] ?? partition)];
    const isWithStartup = words[2] === 'all';
    if (words.includes('auto-authentication')) return deliver();
    function deliver(): ShellAnswer {
      if (peer === undefined) return { text: '\nConnection timed out\n' };
      for (const name of names) peer.change(name, device.config(name));
      if (isWithStartup) peer.write(names);
      return { text: '\nSync successful\n' };
    }
    const password = {
      text: 'Password []?',
      isHidden: true,
      answer: deliver,
    };
    return { text: '', question: { text: 'User name []?', answer: () => ({ text: '', question: password }) } };
  }

  function run(line: string): ShellAnswer {
    const moved = move(line);
    if (moved !== undefined) return moved;
    const [command, filter] = splitPipe(line);
    const given = matchForm('exec', command);
    const isAllowed = options.mayWrite !== false || /^(?:show|terminal|active-partition)/.test(command);
    if ('form' in given && (isPrivileged || given.words[1] === 'version') && isAllowed) {
      options.seen(line, given.form.source);
      const answer = execute(given);
      return filter === undefined ? answer : { ...answer, text: filtered(answer.text, filter) };
    }
    if (isConfiguring) {
      const done = configure(line);
      if (done !== undefined) return { text: done };
    }
    options.seen(line, undefined);
    throw refusalOf(
      isConfiguring ? matchForm(levels.at(-1)?.mode ?? 'config', line.replace(/^no\s+/, '')) : given,
      promptOf().length,
    );
  }
  function promptOf(): string {
    const { vcs, isLicensed } = device;
    const role = device.role();
    const parts = [
      device.hostname(),
      role === undefined ? '' : `-${role}`,
      vcs === undefined ? '' : `-${vcs.role}[${vcs.chassis}/${vcs.device}]`,
      partition === shared ? '' : `[${partition}]`,
      isConfiguring
        ? `(${modeName(levels).replace(/^config/, vcs === undefined ? 'config' : `config:${vcs.device}`)})`
        : '',
      isLicensed ? '' : '(NOLICENSE)',
    ];
    return `${parts.join('')}${isPrivileged ? '#' : '>'}`;
  }
  return {
    greeting: 'ACOS system is ready now.\n\n[type ? for help]\n\n',
    prompt: promptOf,
    pager: () => (lines === 0 ? undefined : more),
    enter: (line) => {
      if (line === '' || line.startsWith('!')) return { text: '' };
      try {
        return options.watch(line, () => run(line));
      } catch (error) {
        if (!(error instanceof Refused || error instanceof FaultRefused)) throw error;
        return { text: `${error.message}\n` };
      }
    },
    close: leaveConfig,
  };
}

const more: Pager = { mark: () => '--MORE--', endMark: '' };

function isShort(given: string, word: string): boolean {
  return given.length >= 2 && word.startsWith(given);
}

function refusalOf(given: Given | Misfit, prompt: number): Refused {
  if ('form' in given) return unrecognized(prompt);
  return given.isIncomplete ? incomplete() : unrecognized(prompt + given.at);
}

/** Names of modes in the prompt, from memory of the device. */
function modeName(levels: readonly Level[]): string {
  const level = levels.at(-1);
  if (level === undefined) return 'config';
  const [, , kind = '', type = ''] = level.words;
  switch (level.mode) {
    case 'server':
      return 'config-real server';
    case 'port':
      return 'config-real server-node port';
    case 'group':
      return 'config-slb svc group';
    case 'member':
      return `config-slb svc group-member:${level.words[2] ?? ''}`;
    case 'virtual':
      return 'config-slb vserver';
    case 'vport':
      return 'config-slb vserver-vport';
    case 'monitor':
      return 'config-health:monitor';
    default:
      return `config-${kind === 'persist' ? `${type} persist` : kind.replace('-', ' ')}`;
  }
}

/** `| include X`, `| exclude X`, `| section X`, `| begin X`. */
function splitPipe(line: string): readonly [string, string | undefined] {
  const at = line.indexOf('|');
  return at < 0 ? [line, undefined] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function filtered(text: string, filter: string): string {
  const [verb = '', ...rest] = filter.split(/\s+/);
  const words = rest.join(' ');
  const all = text.split('\n').slice(0, -1);
  if (isShort(verb, 'section')) {
    const kept = all.filter((line, at) => {
      const head = line.startsWith(' ') ? all.slice(0, at).findLast((one) => !one.startsWith(' ')) : line;
      return head?.includes(words) === true;
    });
    return kept.map((line) => `${line}\n`).join('');
  }
  const start = all.findIndex((line) => line.includes(words));
  if (isShort(verb, 'begin'))
    return all
      .slice(start < 0 ? all.length : start)
      .map((line) => `${line}\n`)
      .join('');
  const isInclude = isShort(verb, 'include');
  return all
    .filter((line) => line.includes(words) === isInclude)
    .map((line) => `${line}\n`)
    .join('');
}
