import { AppError } from '../../../contract/errors.ts';
import type { Monitor, MonitorStep } from '../../../contract/model.ts';
import { findMethod, type MethodOption, ownOptions, ownRules, rulesKeyword, switchLines } from './check-method.ts';
import { type CheckRequest, keysOfRequest, mergeRequests, readOptionRequest, requestOfKeys } from './check-request.ts';
import { readStep } from './check-steps.ts';
import { dialogueVersion, isOlder } from './check-words.ts';
import type { Statement } from './document.ts';
import { replaceArguments, setRules } from './edit-check-rules.ts';
import type { Editor } from './editor.ts';
import { isPlainConnect } from './monitors.ts';
import { quoteWord, requoteWord } from './quoting.ts';
import { wordOfBytes } from './sent-text.ts';

/** Options whose arguments are a few words, by the monitor's type. */
const plainOptions: Partial<Record<Monitor['type'], MethodOption>> = {
  'tls-hello': 'ssl-hello-chk',
  redis: 'redis-check',
  mysql: 'mysql-check',
  postgresql: 'pgsql-check',
  ldap: 'ldap-check',
  smtp: 'smtpchk',
  script: 'external-check',
};

/** Types of monitors that HAProxy's checks can be, for forms. */
export const writableTypes: readonly Monitor['type'][] = [
  'tcp',
  'http',
  'https',
  'tcp-send-expect',
  'tls-hello',
  'redis',
  'mysql',
  'postgresql',
  'ldap',
  'smtp',
  'script',
];

/**
 * Writes into a pool's section what its check does. Lines that say so already keep their bytes; rules of another kind of check go.
 * Throws CAPABILITY_MISSING for a type that HAProxy has no check of, PLAN_INVALID for one that lacks what it needs.
 */
export function setMethod(editor: Editor, pool: string, wanted: Monitor): void {
  const { type } = wanted;
  if (type === 'http' || type === 'https') setHttpCheck(editor, pool, wanted);
  else if (type === 'tcp-send-expect' || (type === 'tcp' && wanted.steps !== undefined)) {
    setOption(editor, pool, 'tcp-check', []);
    setRules(editor, pool, 'tcp-check', tcpSteps(editor, pool, wanted), () => optionOf(editor, pool));
  } else if (type === 'tcp') setPlainConnect(editor, pool);
  else {
    const option = plainOptions[type];
    if (option === undefined) {
      const detail = `HAProxy has no check of type ${type}; it has ${writableTypes.join(', ')}, and agent.`;
      throw new AppError('CAPABILITY_MISSING', detail);
    }
    setOption(editor, pool, option, plainArguments(wanted));
    if (option === 'external-check') setCommand(editor, pool, wanted.script);
  }
}

/** No option at all, or, where `defaults` have one, `option tcp-check` with the connection alone. */
function setPlainConnect(editor: Editor, pool: string): void {
  removeOwn(editor, pool, undefined);
  if (findMethod(editor.pool(pool).settings, editor.version) === undefined) return;
  setOption(editor, pool, 'tcp-check', []);
  const inherited = findMethod(editor.pool(pool).settings, editor.version)?.rules ?? [];
  if (inherited.length > 0) setRules(editor, pool, 'tcp-check', [{ connect: {} }], () => optionOf(editor, pool));
}

function plainArguments({ type, user, method, host, script, name }: Monitor): readonly string[] {
  if (type === 'mysql' || type === 'postgresql') {
    if (user === undefined && type === 'postgresql') throw lackingKey(name, 'the user that it logs in as (user)');
    return user === undefined ? [] : ['user', user];
  }
  if (type === 'smtp') {
    if (method === undefined && host === undefined) return [];
    if (host === undefined) throw lackingKey(name, 'the domain that it says (host)');
    return [method ?? 'HELO', host];
  }
  if (type === 'script' && script === undefined) throw lackingKey(name, 'the command that it runs (script)');
  return [];
}

function lackingKey(name: string, what: string): AppError {
  return new AppError('PLAN_INVALID', `The monitor "${name}" needs ${what}.`);
}

/**
 * The section's own option line becomes this one, whatever it was; words that stay keep their quotes, further words of the same option
 * (`post-41`) stay. Rules of other options go.
 */
function setOption(editor: Editor, pool: string, option: MethodOption, args: readonly string[]): void {
  removeOwn(editor, pool, option);
  const text = args.map((word) => ` ${argumentText(word)}`).join('');
  const [own] = ownOptions(editor.pool(pool).settings);
  if (own === undefined) {
    const now = findMethod(editor.pool(pool).settings, editor.version);
    const isInherited = now?.option === option && option !== 'httpchk' && isAlike(now.setting.args, args);
    if (!isInherited) insertBelowHead(editor, pool, `option ${option}${text}`);
    return;
  }
  const { statement } = own;
  editor.refuseBroken(statement);
  if (statement.words[1]?.value !== option) editor.apply([replaceArguments(statement, 1, `${option}${text}`)]);
  else if (!isAlike(own.args, args))
    editor.apply([replaceArguments(statement, 2, mergedArguments(editor, statement, args))]);
}

function isAlike(found: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length === 0 ? found.length === 0 : wanted.every((word, index) => found[index] === word);
}

function mergedArguments(editor: Editor, statement: Statement, args: readonly string[]): string {
  const words = args.map((word, index) => {
    const old = statement.words[index + 2];
    if (old === undefined) return argumentText(word);
    const source = editor.text(statement).slice(old.start, old.end);
    if (old.value === word) return source;
    return isLines.test(word) ? argumentText(word) : requoteWord(source, word);
  });
  // A version of MySQL's protocol stands after the user's name.
  const more =
    statement.words[1]?.value === 'mysql-check' && args.length > 0 ? statement.words.slice(args.length + 2) : [];
  const rest = more.map(({ start, end }) => editor.text(statement).slice(start, end));
  return [...words, ...rest].join(' ');
}

/** Headers after the version, as versions before 2.2 take them, are the one argument with line ends in it. */
const isLines = /[\r\n]/;

function argumentText(word: string): string {
  return isLines.test(word) ? (wordOfBytes(Buffer.from(word)) ?? quoteWord(word)) : quoteWord(word);
}

/** Options of the section and their rules go, but for one option that stays or gives its line. */
function removeOwn(editor: Editor, pool: string, kept: MethodOption | undefined): void {
  const rules = kept === undefined ? undefined : rulesKeyword(kept);
  for (;;) {
    const { settings } = editor.pool(pool);
    const options = ownOptions(settings).toSorted((a, b) => a.statement.line - b.statement.line);
    const spare = kept === undefined ? options : options.slice(0, -1);
    const found = [
      ...spare,
      ...(rules === 'http-check' ? [] : settings.own('http-check')),
      ...(rules === 'tcp-check' ? [] : settings.own('tcp-check')),
      ...(kept === 'external-check' ? [] : settings.own('external-check').filter(({ args }) => args[0] === 'command')),
    ].at(-1);
    if (found === undefined) return;
    editor.refuseBroken(found.statement);
    editor.apply([editor.removeLine(found.statement)]);
  }
}

function insertBelowHead(editor: Editor, pool: string, line: string): void {
  const { section } = editor.pool(pool);
  const [first] = section.statements;
  editor.apply([editor.insertAfter(section.header, `${first === undefined ? '    ' : editor.indent(first)}${line}`)]);
}

/** Where rules begin: below the section's option, or its head where the option is inherited. */
function optionOf(editor: Editor, pool: string): Statement {
  const { settings, section } = editor.pool(pool);
  return ownOptions(settings).at(-1)?.statement ?? section.statements[0] ?? section.header;
}

function setCommand(editor: Editor, pool: string, script = ''): void {
  const { settings } = editor.pool(pool);
  const own = settings.own('external-check').findLast(({ args }) => args[0] === 'command');
  const nearest = settings.nearest('external-check', true).find(({ args }) => args[0] === 'command');
  if ((own ?? nearest)?.args[1] === script) return;
  if (own !== undefined) editor.apply([replaceArguments(own.statement, 2, quoteWord(script))]);
  else {
    const option = optionOf(editor, pool);
    editor.apply([editor.insertAfter(option, `${editor.indent(option)}external-check command ${quoteWord(script)}`)]);
  }
}

/** The steps of a check that talks; a first bare `connect` that stands there already may stay. */
function tcpSteps(editor: Editor, pool: string, { send, expect, steps, name }: Monitor): readonly MonitorStep[] {
  if (steps !== undefined) return steps;
  const simple = [...(send === undefined ? [] : [{ send }]), ...(expect === undefined ? [] : [{ expect }])];
  if (simple.length === 0) throw lackingKey(name, 'something to send or to expect');
  const first = ownRules(editor.pool(pool).settings, 'tcp-check')[0];
  const isKept = first !== undefined && isPlainConnect(readStep('tcp-check', first.args, ''));
  return isKept ? [{ connect: {} }, ...simple] : simple;
}

function setHttpCheck(editor: Editor, pool: string, wanted: Monitor): void {
  const { steps, expectStatus, expectBody, drainStatus, sendState } = wanted;
  if (expectStatus !== undefined && expectBody !== undefined) {
    throw new AppError('PLAN_INVALID', 'One check of HAProxy awaits a status or a body, not both: use steps for both.');
  }
  if (drainStatus !== undefined && drainStatus.join() !== '404') {
    throw new AppError(
      'CAPABILITY_MISSING',
      'HAProxy drains a member that answers a check with 404, with no other status.',
    );
  }
  const answer: readonly MonitorStep[] = [
    ...(expectStatus === undefined ? [] : [{ expectStatus }]),
    ...(expectBody === undefined ? [] : [{ expectBody }]),
  ];
  const request = requestOfKeys(wanted);
  const { inOption, inSend } = placeRequest(editor, pool, request, steps !== undefined);
  const isUnasked = steps !== undefined && Object.keys(request).length === 0;
  const before = findMethod(editor.pool(pool).settings, editor.version);
  const isKeptUnasked = isUnasked && before?.option === 'httpchk' && !before.hasOptionRequest;
  if (!isKeptUnasked) setOption(editor, pool, 'httpchk', inOption);
  const said = Object.keys(inSend).length === 0 ? [] : [{ request: inSend }];
  setRules(editor, pool, 'http-check', steps ?? [...said, ...answer], () => optionOf(editor, pool));
  setSwitch(editor, pool, 'disable-on-404', drainStatus !== undefined);
  setSwitch(editor, pool, 'send-state', sendState === true);
}

interface Placed {
  readonly inOption: readonly string[];
  readonly inSend: CheckRequest;
}

/** Which part of a request stands in the option and which in `http-check send`: where it stands now, and where both can, in one. */
function placeRequest(editor: Editor, pool: string, request: CheckRequest, hasSteps: boolean): Placed {
  const { settings } = editor.pool(pool);
  const option = settings.own('option httpchk').at(-1);
  const send = hasSteps ? undefined : ownRules(settings, 'http-check').find(({ args }) => args[0] === 'send');
  const said = send === undefined ? {} : (readStep('http-check', send.args, '').request ?? {});
  const asked = readOptionRequest(option?.args ?? []);
  const isThere = JSON.stringify(sorted(mergeRequests(asked, said))) === JSON.stringify(sorted(request));
  if (isThere && (option !== undefined || send !== undefined)) return { inOption: option?.args ?? [], inSend: said };
  const isSmuggled = (option?.args.slice(2).join(' ') ?? '').includes('\r\n');
  if (isOlder(editor.version, dialogueVersion) || isSmuggled || hasSteps) {
    return { inOption: legacyArguments(request), inSend: {} };
  }
  const { method, path, httpVersion, ...more } = request;
  const line = { method, path, httpVersion };
  const keys = (['method', 'path', 'httpVersion'] as const).filter((key) => line[key] !== undefined);
  const isInSend = said.method !== undefined || said.path !== undefined || said.httpVersion !== undefined;
  const canBeInOption = path !== undefined && (method !== undefined || httpVersion === undefined);
  const hasOwnWords = option !== undefined && option.args.length > 0;
  const isPlain = send === undefined && Object.keys(more).length === 0;
  if (canBeInOption && !isInSend && (hasOwnWords || isPlain)) {
    return { inOption: legacyArguments(pick(line, keys)), inSend: more };
  }
  return { inOption: [], inSend: { ...pick(line, keys), ...more } };
}

function pick(line: CheckRequest | Record<string, string | undefined>, keys: readonly string[]): CheckRequest {
  return Object.fromEntries(Object.entries(line).filter(([key]) => keys.includes(key)));
}

function sorted(request: CheckRequest): unknown {
  return Object.entries(keysOfRequest(request)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `METHOD URI VERSION`, with headers after the version as all versions before 2.2 take them. Throws where these cannot say it. */
function legacyArguments({ method, path, httpVersion, host, headers = {}, body }: CheckRequest): readonly string[] {
  if (body !== undefined) {
    throw new AppError(
      'CAPABILITY_MISSING',
      'A check sends a body by "http-check send", which HAProxy 2.2 and later have.',
    );
  }
  const lines = [
    ...(host === undefined ? [] : [`Host: ${host}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  if (lines.some((line) => line.includes('***'))) {
    throw new AppError('PLAN_INVALID', 'A header of a check holds a masked secret. Write the secret itself.');
  }
  if (path === undefined && method === undefined && httpVersion === undefined && lines.length === 0) return [];
  if (path === undefined)
    throw new AppError('PLAN_INVALID', 'A request with a method, version or host needs its path too.');
  const version = httpVersion === undefined ? (lines.length > 0 ? 'HTTP/1.0' : undefined) : `HTTP/${httpVersion}`;
  if (version === undefined) return method === undefined ? [path] : [method, path];
  return [method ?? 'OPTIONS', path, [version, ...lines].join('\r\n')];
}

function setSwitch(editor: Editor, pool: string, name: string, isWanted: boolean): void {
  const { settings } = editor.pool(pool);
  const own = settings.own('http-check').filter(({ args }) => args[0] === name);
  const isOn = switchLines(settings, name).length > 0;
  if (isWanted && !isOn) {
    const after = settings.own('http-check').at(-1)?.statement ?? optionOf(editor, pool);
    editor.apply([editor.insertAfter(after, `${editor.indent(after)}http-check ${name}`)]);
  } else if (!isWanted && own.length > 0) {
    for (const { statement } of own.toReversed()) editor.apply([editor.removeLine(statement)]);
  }
}
