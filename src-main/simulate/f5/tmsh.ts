import { absolutePath, NoSpace } from '../files.ts';
import { FaultRefused } from '../login.ts';
import { type Appliance, checkRole } from './appliance.ts';
import { type Argument, isOpen, leadingWords, readArguments, splitCommands, toArguments } from './arguments.ts';
import { BlockError, unquote } from './block.ts';
import { certificateProperties } from './certificate-file.ts';
import { change, type ChangeCommand, mergeCommands } from './change.ts';
import { findObject, objectsOf, parseConfiguration } from './configuration.ts';
import { findForm, type Form } from './forms.ts';
import { type Kind, kindOf } from './kinds.ts';
import { list } from './list.ts';
import { notFound, Refused, syntax } from './refusal.ts';
import { showNode, showPool, showVirtual } from './show.ts';
import { showSystem } from './system.ts';

/** The answer to one command; `source` says where its form is known from (absent where there is no such command). */
export interface Answer {
  readonly text: string;
  /** What is said of an error; empty where there is none. */
  readonly error: string;
  readonly source?: string;
  /** How many objects it shows; the shell asks before many. */
  readonly items: number;
  /** The session is over. */
  readonly isEnd: boolean;
  /** `run util bash` without a command. */
  readonly bash?: string;
  /** Takes what is typed up to the end of input, and does it. */
  readonly takes?: (text: string) => Answer;
}

/** One tmsh: its folder, its transaction and its preferences. */
export interface Tmsh {
  readonly run: (line: string) => Answer;
  readonly prompt: () => string;
  /** A line that is not whole yet: braces are open. */
  readonly isOpen: (text: string) => boolean;
  readonly hasPager: () => boolean;
  /** Above so many objects it asks whether to show them; 0 never. */
  readonly threshold: () => number;
}

export interface TmshOptions {
  readonly user: string;
  readonly role: string;
  /** Every command, before it is done. */
  readonly watch: (command: string, act: () => Answer) => Answer;
  readonly isInteractive?: boolean;
}

const done: Answer = { text: '', error: '', items: 0, isEnd: false };

export function openTmsh(appliance: Appliance, options: TmshOptions): Tmsh {
  let folder = '/Common';
  let transaction: readonly ChangeCommand[] | undefined;
  let typed: readonly string[] = [];
  let hasPager = true;
  let threshold = 100;

  function context(): { folder: string; now: Date; keepsTimes: boolean } {
    return { folder, now: appliance.now(), keepsTimes: hasTimes(appliance.version) };
  }
  function runChange(command: ChangeCommand, line: string): Answer {
    if (transaction === undefined) {
      appliance.change(change(appliance.config(), [command], context()));
      return done;
    }
    checkSyntax([...transaction, command]);
    transaction = [...transaction, command];
    typed = [...typed, line];
    return { ...done, text: 'Command added to the current transaction\n' };
  }
  /** What is not understood is refused at once; what does not fit the configuration, when it is submitted. */
  function checkSyntax(commands: readonly ChangeCommand[]): void {
    try {
      change(appliance.config(), commands, context());
    } catch (error) {
      if (!(error instanceof Refused) || error.message.startsWith('Syntax Error')) throw error;
    }
  }
  function runTransaction(verb: string): Answer {
    if (verb === 'create') {
      if (transaction !== undefined) throw new Refused('Error: a transaction is already open');
      [transaction, typed] = [[], []];
      return done;
    }
    if (transaction === undefined) throw new Refused('Error: there is no transaction');
    if (verb === 'list') return { ...done, text: typed.map((line, at) => `${at + 1}: (tmos)# ${line}\n`).join('') };
    const commands = transaction;
    [transaction, typed] = [undefined, []];
    if (verb === 'delete' || commands.length === 0) return done;
    try {
      appliance.change(change(appliance.config(), commands, context()));
    } catch (error) {
      if (error instanceof Refused) throw new Refused(`transaction failed:${error.message}`);
      throw error;
    }
    return done;
  }
  function setPreference(words: readonly string[]): void {
    words.forEach((word, at) => {
      if (word === 'pager') hasPager = words[at + 1] !== 'disabled';
      if (word === 'display-threshold') threshold = Number(words[at + 1] ?? threshold);
    });
  }

  function answer(line: string): Answer {
    const rule = readRule(line);
    if (rule !== undefined) {
      const form = findForm(rule.verb, ['ltm', 'rule']);
      if (form === undefined) throw syntax(`unexpected argument "${rule.verb}"`);
      checkRole(options.role, options.user, form.verb, form.object);
      return { ...runChange(rule, line), source: form.source };
    }
    const args = readArguments(line);
    const [first = '', ...words] = leadingWords(args).map((word, at) => (at === 1 ? withoutSlash(word) : word));
    const verb = withoutSlash(first);
    const given = args.slice(1).map((one, at) => (at === 0 && typeof one === 'string' ? withoutSlash(one) : one));
    const form = findForm(verb, words);
    if (form === undefined)
      throw syntax(`unexpected argument "${words[0] === undefined || !knowsVerb(verb) ? verb : words[0]}"`);
    checkRole(options.role, options.user, form.verb, form.object);
    return { ...dispatch(form, words, given, line), source: form.source };
  }
  function dispatch(form: Form, words: readonly string[], given: readonly Argument[], line: string): Answer {
    switch (form.verb) {
      case 'quit':
      case 'exit':
        return { ...done, isEnd: true };
      case 'cd':
        folder = enter(appliance, absolutePath(words[0] ?? '/Common', folder));
        return done;
      case 'pwd':
        return { ...done, text: `${folder}\n` };
      case 'list':
        return form.object === 'cli transaction' ? runTransaction('list') : runList(appliance, words, folder);
      case 'show':
        return form.object === 'running-config'
          ? runList(appliance, words.slice(1), folder)
          : runShow(appliance, form, words, given, folder);
      case 'save':
        return { ...done, text: save(appliance, form, words) };
      case 'load':
        if (!words.includes('from-terminal')) return load(appliance, words, context());
        return {
          ...done,
          text: 'Enter configuration. Press CTRL-D to submit or CTRL-C to cancel.\n',
          takes: (text) => guarded(() => load(appliance, words, context(), text)),
        };
      case 'run':
        return runOther(appliance, form, given);
      case 'reset-stats':
        appliance.traffic.reset();
        return done;
      case 'submit':
        return runTransaction('submit');
      case 'install':
        return runChange(installed(appliance, form, given), line);
      default:
        if (form.object === 'cli transaction') return runTransaction(form.verb);
        if (form.object === 'cli preference') {
          setPreference(words.slice(2));
          return done;
        }
        return runChange(readChange(appliance, form, given), line);
    }
  }

  function runOne(line: string): Answer {
    const [command, filter] = splitPipe(line);
    const raw = answer(command);
    return filter === undefined ? raw : { ...raw, text: grep(raw.text, filter) };
  }
  return {
    run: (line) => {
      let all = done;
      for (const command of splitCommands(line)) {
        if (command.startsWith('#')) continue;
        const one = guarded(() => options.watch(command, () => guarded(() => runOne(command))));
        all = { ...one, text: all.text + one.text, error: all.error + one.error, items: all.items + one.items };
        if (one.isEnd) break;
      }
      return all;
    },
    prompt: () => {
      const { group, hostname, isActive } = appliance;
      const state = isActive() ? 'Active' : 'Standby';
      const [host = hostname] = hostname.split('.');
      const batch = transaction === undefined ? '' : '[batch mode]';
      return `${batch}${options.user}@(${host})(cfg-sync ${group.status(hostname).status})(${state})(${folder})(tmos)# `;
    },
    isOpen,
    hasPager: () => hasPager,
    threshold: () => threshold,
  };
}

function guarded(act: () => Answer): Answer {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refused || error instanceof NoSpace || error instanceof FaultRefused)
      return { ...done, error: `${error.message}\n` };
    throw error;
  }
}

function knowsVerb(verb: string): boolean {
  return ['create', 'modify', 'delete', 'list', 'show', 'save', 'load', 'run', 'install', 'submit'].includes(verb);
}

/** `/ltm` and `/sys` name modules from the top, as public scripts write them. */
function withoutSlash(word: string): string {
  return /^\/(ltm|sys|net|cm|auth|cli|util|gtm|create|modify|list|show)$/.test(word) ? word.slice(1) : word;
}

/** 14.1 and later keep when a virtual server was made and changed (public files of 13.1 lack it, those of 15.1 have it). */
function hasTimes(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 14 || (major === 14 && minor >= 1);
}

function enter(appliance: Appliance, path: string): string {
  const config = appliance.config();
  const isKnown =
    path === '/' ||
    path === '/Common' ||
    findObject(config, 'auth partition', path.slice(1)) !== undefined ||
    findObject(config, 'sys folder', path) !== undefined ||
    config.objects.some(({ name }) => name.startsWith(`${path}/`));
  if (!isKnown) throw notFound('folder', path);
  return path;
}

/** A kind from the words; where they name a group of kinds (`ltm monitor`), a longer word must follow. */
function readKind(words: readonly string[]): Kind {
  const kind = kindOf(words);
  if (kind === undefined) throw syntax(`unexpected argument "${words.at(-1) ?? ''}"`);
  return kind;
}

/** `sys crypto cert` is another name for the file objects. */
function asFiles(given: readonly Argument[]): readonly Argument[] {
  const [first, second, third, ...rest] = given;
  if (first !== 'sys' || second !== 'crypto') return given;
  return ['sys', 'file', third === 'key' ? 'ssl-key' : 'ssl-cert', ...rest];
}

function readChange(appliance: Appliance, form: Form, typed: readonly Argument[]): ChangeCommand {
  const given = asFiles(typed);
  const kind = readKind(leadingWords(given));
  const rest = given.slice(kind.words.length);
  const verb = form.verb === 'create' || form.verb === 'delete' ? form.verb : 'modify';
  const [first, ...more] = rest;
  if (kind.isSingle) return { verb, kind, names: [], properties: unwrapped(rest) };
  if (first === undefined || typeof first !== 'string')
    throw syntax('one or more configuration identifiers must be provided');
  if (verb === 'delete') return { verb, kind, names: rest.map((one) => unquote(String(one))), properties: [] };
  const properties = kind.id.startsWith('sys file ssl-')
    ? fileProperties(appliance, kind.id, unwrapped(more))
    : unwrapped(more);
  return { verb, kind, names: [unquote(first)], properties };
}

/** `create ltm pool p { monitor http }` is the same as without the braces. */
function unwrapped(given: readonly Argument[]): readonly Argument[] {
  const [only] = given;
  return given.length === 1 && only !== undefined && typeof only !== 'string' ? only : given;
}

/** `create ltm rule NAME { ... }`: what stands between the outer braces is a script and is kept as it is. Undefined for all else. */
function readRule(line: string): ChangeCommand | undefined {
  const [, verb, name = '', body = ''] =
    /^\s*\/?(create|modify)\s+\/?ltm\s+rule\s+(\S+)\s*\{([^]*)\}\s*$/.exec(line) ?? [];
  if (verb !== 'create' && verb !== 'modify') return undefined;
  const raw = body.replace(/^[^\S\n]*\n/, '').replace(/\n?[^\S\n]*$/, '');
  return { verb, kind: readKind(['ltm', 'rule']), names: [unquote(name)], properties: [], raw };
}

function fileProperties(appliance: Appliance, kind: string, given: readonly Argument[]): readonly Argument[] {
  const at = given.indexOf('source-path');
  const path = given[at + 1];
  if (at < 0 || typeof path !== 'string') return given;
  const own = unquote(path).replace(/^file:\/*/, '/');
  const rest = given.toSpliced(at, 2);
  const properties = certificateProperties(kind, textOf(appliance, own), own, appliance.now(), passphraseIn(rest));
  return [...withoutPassphrase(rest), ...properties];
}

/** A passphrase opens the file and is not kept in the clear. */
function passphraseIn(given: readonly Argument[]): string | undefined {
  const value = given[given.indexOf('passphrase') + 1];
  return given.includes('passphrase') && typeof value === 'string' ? value : undefined;
}

function withoutPassphrase(given: readonly Argument[]): readonly Argument[] {
  const at = given.indexOf('passphrase');
  return at < 0 ? given : given.toSpliced(at, 2);
}

function textOf(appliance: Appliance, path: string): string {
  const text = appliance.files.read(path);
  if (text === undefined)
    throw new Refused(`01070734:3: Configuration error: Unable to open the file (${path}), No such file or directory`);
  return text;
}

function installed(appliance: Appliance, form: Form, given: readonly Argument[]): ChangeCommand {
  const [, , what = '', name = '', word, path = ''] = given.map(String);
  const [ending, id] = what === 'key' ? ['.key', 'sys file ssl-key'] : ['.crt', 'sys file ssl-cert'];
  if (word !== 'from-local-file' || path === '') throw syntax(`"${form.object}" requires from-local-file`);
  const full = name.endsWith(ending) ? name : `${name}${ending}`;
  const file = unquote(path);
  const properties = certificateProperties(id, textOf(appliance, file), file, appliance.now(), passphraseIn(given));
  const known = objectsOf(appliance.config(), id).some((one) => one.name === full || one.name === `/Common/${full}`);
  return { verb: known ? 'modify' : 'create', kind: readKind(id.split(' ')), names: [full], properties };
}

const listOptions = new Set([
  'all',
  'all-properties',
  'non-default-properties',
  'one-line',
  'recursive',
  'current-module',
  'exa',
  'raw',
]);

function runList(appliance: Appliance, words: readonly string[], folder: string): Answer {
  const config = appliance.config();
  const kind =
    kindOf(words)?.id ??
    moduleOf(
      words,
      config.objects.map((object) => object.kind),
    );
  const rest = words.slice(kind === '' ? 0 : kind.split(' ').length).filter((word) => !listOptions.has(word));
  const known = kindOf(kind.split(' '));
  const first = rest.findIndex(
    (word) =>
      known !== undefined &&
      (Object.hasOwn(known.properties, word) || word === 'partition') &&
      findObject(config, known.id, `${folder === '/' ? '' : folder}/${word}`) === undefined,
  );
  const names = (first < 0 ? rest : rest.slice(0, first)).map(unquote);
  const texts = list(
    config,
    {
      kind,
      names: known?.isSingle === true ? [] : names,
      only: first < 0 ? [] : rest.slice(first),
      isAllProperties: words.includes('all-properties'),
      isOneLine: words.includes('one-line'),
      isRecursive: words.includes('recursive'),
      folder,
    },
    appliance.probe,
  );
  return { ...done, text: texts.join(''), items: texts.length };
}

/** The words that begin a kind which is there: `ltm`, `ltm monitor`. */
function moduleOf(words: readonly string[], kinds: readonly string[]): string {
  for (let length = Math.min(words.length, 4); length > 0; length -= 1) {
    const head = words.slice(0, length).join(' ');
    if (kinds.some((kind) => kind === head || kind.startsWith(`${head} `))) return head;
  }
  const [first = ''] = words;
  const isModule = ['ltm', 'sys', 'net', 'cm', 'auth', 'gtm', 'cli', 'security', 'apm', 'asm'].includes(first);
  if (words.length > 0 && !listOptions.has(first) && !isModule) throw syntax(`unexpected argument "${first}"`);
  return isModule ? words.slice(0, kindOf(words)?.words.length ?? 2).join(' ') : '';
}

function runShow(
  appliance: Appliance,
  form: Form,
  words: readonly string[],
  given: readonly Argument[],
  folder: string,
): Answer {
  const system = showSystem(appliance, form.object, words);
  if (system !== undefined) return { ...done, text: system };
  const config = appliance.config();
  const at = words.findIndex((word, index) => index > 1 && showOptions.has(word));
  const names = words.slice(2, at < 0 ? undefined : at);
  const running = { config, probe: appliance.probe, traffic: appliance.traffic };
  const options = {
    folder,
    isFieldFormat: words.includes('field-fmt') || given.includes('field-fmt'),
    isRaw: words.includes('raw') || given.includes('raw'),
    hasMembers: words.includes('members') || words.includes('detail'),
  };
  const isRecursive = words.includes('recursive');
  const all = objectsOf(config, form.object).filter(({ name }) =>
    isRecursive ? folder === '/' || name.startsWith(`${folder}/`) : name.slice(0, name.lastIndexOf('/')) === folder,
  );
  const label = kindOf(form.object.split(' '))?.label ?? form.object;
  const objects =
    names.length === 0
      ? all
      : names.map((name) => {
          const path = absolutePath(name, folder);
          const object = findObject(config, form.object, path);
          if (object === undefined) throw notFound(label, path);
          return object;
        });
  const show = { 'ltm pool': showPool, 'ltm node': showNode, 'ltm virtual': showVirtual }[form.object];
  const text = show === undefined ? '' : objects.map((object) => show(running, object, options)).join('');
  return { ...done, text, items: objects.length };
}

const showOptions = new Set([
  'members',
  'detail',
  'field-fmt',
  'raw',
  'default',
  'all',
  'recursive',
  'global',
  'profiles',
  'exa',
  'gig',
  'kil',
  'meg',
]);

function save(appliance: Appliance, form: Form, words: readonly string[]): string {
  if (form.object === 'sys ucs') {
    const path = `/var/local/ucs/${(words[2] ?? 'config').replace(/\.ucs$/, '')}.ucs`;
    appliance.files.write(path, appliance.running());
    return `Saving active configuration...\n${path} is saved.\n`;
  }
  const at = words.indexOf('file');
  if (at > 0) {
    const path = absolutePath(words[at + 1] ?? '', '/var/local/scf');
    appliance.files.write(path, appliance.running());
    return `Saving running configuration...\n  ${path}\n`;
  }
  try {
    return `Saving running configuration...\n${appliance
      .save()
      .map((path) => `  ${path}\n`)
      .join('')}`;
  } catch (error) {
    if (error instanceof NoSpace)
      throw new Refused(`Saving running configuration...\nUnexpected Error: ${error.message}`);
    throw error;
  }
}

function load(
  appliance: Appliance,
  words: readonly string[],
  context: { folder: string; now: Date; keepsTimes: boolean },
  typed?: string,
): Answer {
  const isVerify = words.includes('verify');
  const doing = isVerify ? 'Validating' : 'Loading';
  const at = words.indexOf('file');
  if (at < 0 && typed === undefined) {
    if (!isVerify) appliance.reload();
    return {
      ...done,
      text: `${doing} configuration...\n  /config/bigip_base.conf\n  /config/bigip_user.conf\n  /config/bigip.conf\n`,
    };
  }
  const path = typed === undefined ? absolutePath(words[at + 1] ?? '', '/var/local/scf') : 'terminal';
  const head = typed === undefined ? `${doing} configuration...\n  ${path}\n` : `${doing} configuration...\n`;
  try {
    const text = typed ?? textOf(appliance, path);
    const file = parseConfiguration(text);
    if (!words.includes('merge'))
      throw syntax('loading a whole file in place of the configuration is not simulated; use merge');
    const config = appliance.config();
    const next = change(config, mergeCommands(config, file, toArguments), { ...context, isMerge: true });
    if (!isVerify) appliance.change(next);
    return { ...done, text: head };
  } catch (error) {
    const said =
      error instanceof BlockError
        ? `Syntax Error:(${path} at line: ${error.line}) ${error.message}`
        : error instanceof Refused
          ? error.message
          : undefined;
    if (said === undefined) throw error;
    return { ...done, text: head, error: `${said}\nUnexpected Error: ${doing} configuration process failed.\n` };
  }
}

function runOther(appliance: Appliance, form: Form, given: readonly Argument[]): Answer {
  const words = given.map((one) => (typeof one === 'string' ? unquote(one) : ''));
  if (form.object === 'util bash') return { ...done, bash: words[2] === '-c' ? words.slice(3).join(' ') : '' };
  if (form.object === 'sys failover') {
    const other = appliance.group.units().find(({ name }) => name !== appliance.hostname);
    if (other === undefined)
      throw new Refused('01070734:3: Configuration error: There is no other device to fail over to');
    appliance.become('standby');
    return done;
  }
  const [direction = '', name = ''] = words.slice(-2);
  if (name !== appliance.group.name) {
    throw new Refused(`01070734:3: Configuration error: Device group (${name}) not found in device group sync`);
  }
  if (direction === 'to-group') appliance.group.syncFrom(appliance.hostname);
  else {
    const other = appliance.group.units().find((unit) => unit.name !== appliance.hostname);
    if (other !== undefined) appliance.group.syncFrom(other.name);
  }
  return done;
}

/** `list net vlan | grep enabled`: tmsh has a grep of its own. */
function splitPipe(line: string): readonly [string, string | undefined] {
  const bare = line.replaceAll(/"(?:\\.|[^"\\])*"/g, (text) => '"'.repeat(text.length));
  const at = /\|\s*grep\b/.exec(bare)?.index;
  return at === undefined
    ? [line, undefined]
    : [
        line.slice(0, at),
        line
          .slice(at + 1)
          .trim()
          .replace(/^grep\s+/, ''),
      ];
}

function grep(text: string, filter: string): string {
  const pattern = unquote(filter.replace(/^(-\S+\s+(\d+\s+)?)*/, '').trim());
  const isInverse = /(^|\s)-v\b/.test(filter);
  const lines = text.split('\n').filter((line) => line !== '' && line.includes(pattern) !== isInverse);
  return lines.map((line) => `${line}\n`).join('');
}
