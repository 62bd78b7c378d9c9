import { maskWith } from '../mask.ts';
import { type Command, type Option, Options, readCommands } from './commands.ts';
import { stateChange } from './edit-member.ts';
import { ciphersBack } from './edit-tls.ts';
import { isDisabled, subjectOf } from './objects.ts';
import { netscalerSecrets } from './parse.ts';
import { isRestingBind, restingOptions } from './resting.ts';
import { addText, optionsText, optionText, type Sent, setOptions, type Target, type Wanted } from './sent.ts';
import { applyCommands, canonicalLines, quoteWord } from './write.ts';

/** How a configuration becomes what it was, and what of it does not: a sentence each. */
export interface WayThere {
  readonly sent: readonly Sent[];
  readonly left: readonly string[];
}

/** What balancing is made of, in the order in which it can be made: each names only what stands before it. */
const ranks = [
  ...['server', 'ssl certkey', 'ssl cipher', 'ssl profile', 'lb monitor', 'service', 'servicegroup', 'lb vserver'],
  ...['cs action', 'cs policy', 'cs vserver', 'ssl service', 'ssl servicegroup', 'ssl vserver'],
];
const words: Readonly<Record<string, string>> = { servicegroup: 'serviceGroup', certkey: 'certKey' };
/** So many lines are told by themselves. */
const mostTold = 20;

/**
 * The commands from the running configuration to an old one: what is missing is added, what differs set, bindings made and undone, what
 * was not there removed, in the order of what names what. Of balancing alone, and nothing that holds a secret; every line that differs
 * afterwards is told.
 */
export function commandsTo(now: string, then: string): WayThere {
  const [is, was] = [thingsOf(now), thingsOf(then)];
  const keys = [...new Set([...is.keys(), ...was.keys()])].toSorted((a, b) => rankOf(a) - rankOf(b));
  const turns = keys.flatMap((key) => {
    const turn = turnOf(key, is.get(key), was.get(key));
    return turn === undefined ? [] : [turn];
  });
  const sent = [
    ...turns.flatMap(({ made }) => made).toSorted((a, b) => Number(isBacked(a)) - Number(isBacked(b))),
    ...turns.flatMap(({ changed }) => changed),
    ...turns.flatMap(({ bound }) => bound),
    ...turns.toReversed().flatMap(({ unbound }) => unbound),
    ...turns.toReversed().flatMap(({ removed }) => removed),
  ];
  return {
    sent,
    left: leftOf(
      applyCommands(
        now,
        sent.map(({ command }) => command),
      ),
      then,
    ),
  };
}

/** What names another of its own kind is made after all of them that name none. */
function isBacked({ command }: Sent): boolean {
  return / -backupVServer /i.test(command);
}

function rankOf(key: string): number {
  return ranks.indexOf(key.split('\0')[0] ?? '');
}

/** All that is said of one object. */
interface Thing {
  readonly kind: string;
  readonly name: string;
  readonly commands: readonly Command[];
  readonly binds: readonly Command[];
  /** Those of TLS, with the group that is bound where nobody has chosen. */
  readonly ciphers: readonly Command[];
  readonly link: string | undefined;
  /** It could not be made again: a secret is in no plan. */
  readonly isSecret: boolean;
}

function thingsOf(text: string): ReadonlyMap<string, Thing> {
  const things = new Map<string, Thing>();
  for (const command of readCommands(text)) {
    const { verb, kind, name, rest } = subjectOf(command);
    if (!ranks.includes(kind) || name === '') continue;
    const key = `${kind}\0${name}`;
    const thing = things.get(key) ?? {
      kind,
      name,
      commands: [],
      binds: [],
      ciphers: [],
      link: undefined,
      isSecret: false,
    };
    const isShaping = ['add', 'set', 'enable', 'disable'].includes(verb);
    const isCipher = verb === 'bind' && takesDefault(kind) && new Options([command]).has('cipherName');
    const isBinding = verb === 'bind' && !isCipher && !isRestingBind(command);
    things.set(key, {
      ...thing,
      commands: isShaping ? [...thing.commands, command] : thing.commands,
      binds: isBinding ? [...thing.binds, command] : thing.binds,
      ciphers: isCipher ? [...thing.ciphers, command] : thing.ciphers,
      link: verb === 'link' ? rest[0] : thing.link,
      isSecret: thing.isSecret || isSecret(command.text),
    });
  }
  return things;
}

/** What has the cipher group DEFAULT until others are bound in its place; a group of one's own has none. */
function takesDefault(kind: string): boolean {
  return /^ssl (?:vserver|servicegroup|service|profile)$/.test(kind);
}

function isSecret(text: string): boolean {
  return maskWith(netscalerSecrets, text) !== text;
}

interface Turn {
  readonly made: readonly Sent[];
  readonly changed: readonly Sent[];
  readonly bound: readonly Sent[];
  readonly unbound: readonly Sent[];
  readonly removed: readonly Sent[];
}

function turnOf(key: string, is: Thing | undefined, was: Thing | undefined): Turn | undefined {
  const [kind = '', name = ''] = key.split('\0');
  const said = `${kind
    .split(' ')
    .map((word) => words[word] ?? word)
    .join(' ')} ${quoteWord(name)}`;
  const target: Target = { said, of: { kind, name } };
  const [a, b] = [is, was].map((thing) => thing?.commands.find((command) => subjectOf(command).verb === 'add'));
  if (a !== undefined && b !== undefined && isOtherPlace(a, b)) return undefined;
  // The type of a monitor is said again by each command; of the appliance's own there is no `add`.
  const shaping = [...(is?.commands ?? []), ...(was?.commands ?? [])].map((command) => subjectOf(command).rest[0]);
  const type = kind === 'lb monitor' ? shaping.filter((word) => word !== undefined).map((word) => ` ${word}`)[0] : '';
  const binds = bindsTurn(target, is?.binds ?? [], was?.binds ?? []);
  // What goes as a whole takes its ciphers along.
  const ciphers =
    takesDefault(kind) && !(a !== undefined && b === undefined)
      ? ciphersBack(target, is?.ciphers ?? [], was?.ciphers ?? [])
      : [];
  const whole = { command: `rm ${said}${type ?? ''}`, inverse: addText(is?.commands ?? []), of: target.of };
  const added = { command: addText(was?.commands ?? []), inverse: `rm ${said}${type ?? ''}`, of: target.of };
  return {
    made: a === undefined && b !== undefined && was?.isSecret === false ? [added] : [],
    changed: [
      ...(a === undefined && b !== undefined
        ? []
        : settingsTurn({ ...target, said: `${said}${type ?? ''}` }, is, was, a, b)),
      ...linkTurn(target, is?.link, was?.link),
    ],
    bound: [...binds.bound, ...ciphers],
    unbound: binds.unbound,
    removed: a !== undefined && b === undefined && is?.isSecret === false ? [whole] : [],
  };
}

/** The type, port or server of a thing, which cannot be changed; the address of a virtual server can. */
function isOtherPlace(a: Command, b: Command): boolean {
  const [is, was] = [a, b].map((command) => {
    const { kind, rest } = subjectOf(command);
    return kind.endsWith('vserver') ? [rest[0]?.toUpperCase(), rest[2]] : rest.map((word) => word.toUpperCase());
  });
  return JSON.stringify(is) !== JSON.stringify(was);
}

function settingsTurn(
  target: Target,
  is: Thing | undefined,
  was: Thing | undefined,
  a: Command | undefined,
  b: Command | undefined,
): readonly Sent[] {
  if (a !== undefined && b === undefined) return []; // it goes as a whole
  const { said, of } = target;
  const [now, then] = [is, was].map((thing) => new Options(thing?.commands ?? [])) as [Options, Options]; // two are mapped
  const rest = restingOptions(a ?? { words: ['set', ...said.split(' ')] });
  const names = [
    ...new Map(
      [is, was]
        .flatMap((thing) => (thing?.commands ?? []).flatMap(({ options }) => options))
        .map((one) => [one.name.toLowerCase(), one.name]),
    ).values(),
  ];
  function isPlain(name: string): boolean {
    return ![now, then].some((options) => isSecret(` ${optionText(name, options.values(name) ?? [])}`));
  }
  const changed = names.filter(
    (name) => !/^state$/i.test(name) && valueOf(now, name, rest) !== valueOf(then, name, rest) && isPlain(name),
  );
  const address = [a, b].map((command) =>
    command === undefined || !of.kind.endsWith('vserver') ? '' : (subjectOf(command).rest[1] ?? ''),
  );
  const moved =
    address[0] === address[1]
      ? []
      : [
          {
            command: `set ${said} -IPAddress ${address[1] ?? ''}`,
            inverse: `set ${said} -IPAddress ${address[0] ?? ''}`,
            of,
          },
        ];
  const [isOff, wasOff] = [is, was].map((thing) => isDisabled({ commands: thing?.commands ?? [] }));
  const states = { prior: isOff === true ? 'disabled' : 'enabled', desired: wasOff === true ? 'disabled' : 'enabled' };
  const state = isOff === wasOff || a === undefined ? [] : [stateChange(of, said, states)];
  if (of.kind === 'ssl certkey') return [...state, ...updateTurn(target, now, then, changed)];
  const wanted: Wanted = Object.fromEntries(changed.map((name) => [name, then.values(name)]));
  return [...moved, ...setOptions(target, now, wanted), ...state];
}

function valueOf(options: Options, name: string, rest: Readonly<Record<string, string>>): string | undefined {
  const value = options.has(name) ? (options.text(name) ?? '') : undefined;
  return value === rest[name.toLowerCase()] ? undefined : value;
}

/** Other files of a pair are loaded anew; both old and new ones lie there. */
function updateTurn({ said, of }: Target, now: Options, then: Options, changed: readonly string[]): readonly Sent[] {
  if (!changed.some((name) => /^(?:cert|key)$/i.test(name))) return [];
  const [command, inverse] = [then, now].map((options) => {
    const files = ['cert', 'key'].flatMap((name) =>
      options.has(name) ? [optionText(name, options.values(name) ?? [])] : [],
    );
    return `update ${said} ${files.join(' ')} -noDomainCheck`;
  });
  return [{ command: command ?? '', inverse: inverse ?? '', of }];
}

function linkTurn({ said, of }: Target, is: string | undefined, was: string | undefined): readonly Sent[] {
  if (is === was) return [];
  const gone = is === undefined ? [] : [{ command: `unlink ${said}`, inverse: `link ${said} ${quoteWord(is)}`, of }];
  const made = was === undefined ? [] : [{ command: `link ${said} ${quoteWord(was)}`, inverse: `unlink ${said}`, of }];
  return [...gone, ...made];
}

/** Bindings by what they name; weight and state of a member are set, anything else of one is bound anew. */
function bindsTurn(target: Target, is: readonly Command[], was: readonly Command[]): Pick<Turn, 'bound' | 'unbound'> {
  const { said, of } = target;
  const [now, then] = [is, was].map((binds) => new Map(binds.map((bind) => [whatOf(bind), bind]))) as [
    Map<string, Command>,
    Map<string, Command>,
  ]; // two are mapped
  const isTls = of.kind.startsWith('ssl ');
  const bound: Sent[] = [];
  const unbound: Sent[] = [];
  for (const [what, bind] of then) {
    const old = now.get(what);
    if (old === undefined) bound.push(bindSent(target, bind, what));
    else if (of.kind === 'servicegroup' && subjectOf(bind).rest.length > 0)
      bound.push(...memberTurn(target, old, bind));
    else if (textOf(old) !== textOf(bind))
      bound.push(takenBack(bindSent(target, old, what)), bindSent(target, bind, what));
  }
  for (const [what, bind] of [...now].toReversed())
    if (!then.has(what)) unbound.push(takenBack(bindSent({ said, of }, bind, what)));
  // A certificate or a cipher takes the place of another; a group stands beside it first.
  return isTls ? { bound: [...unbound, ...bound], unbound: [] } : { bound, unbound };
}

function memberTurn({ said, of }: Target, old: Command, bind: Command): readonly Sent[] {
  const place = `${said} ${subjectOf(bind).rest.map(quoteWord).join(' ')}`;
  const [now, then] = [new Options([old]), new Options([bind])];
  const [isOff, wasOff] = [isDisabled({ commands: [old] }), isDisabled({ commands: [bind] })];
  const weights = [now, then].map((options) => options.text('weight') ?? '1');
  const weight =
    weights[0] === weights[1]
      ? []
      : [
          {
            command: `set ${place} -weight ${weights[1] ?? ''}`,
            inverse: `set ${place} -weight ${weights[0] ?? ''}`,
            of,
          },
        ];
  const states = { prior: isOff ? 'disabled' : 'enabled', desired: wasOff ? 'disabled' : 'enabled' };
  return [...weight, ...(isOff === wasOff ? [] : [stateChange(of, place, states)])];
}

const naming = /^(?:monitorName|policyName|certkeyName|CA|SNICert|cipherName|eccCurveName|lbvserver|ocspResponder)$/i;

/** What a binding is undone by: its words, and the options that say what is bound. */
function whatOf(bind: Command): string {
  const named = bind.options.filter(({ name }) => naming.test(name));
  return [...subjectOf(bind).rest.map(quoteWord), ...optionsText({ options: named })].join(' ');
}

function textOf(bind: Command): string {
  const rest = restingOptions(bind);
  const said = bind.options.filter(({ name, values }: Option) => rest[name.toLowerCase()] !== values.join(' '));
  return JSON.stringify(said.map(({ name, values }) => [name.toLowerCase(), ...values]).sort());
}

function bindSent({ said, of }: Target, bind: Command, what: string): Sent {
  const place = subjectOf(bind).rest.map(quoteWord);
  const command = [`bind ${said}`, ...place, ...optionsText(bind)].join(' ');
  return { command, inverse: `unbind ${said} ${what}`, of };
}

function takenBack({ command, inverse, of }: Sent): Sent {
  return { command: inverse, inverse: command, of };
}

/** Every line that still differs, without secrets; many are counted. */
function leftOf(after: string, then: string): readonly string[] {
  const [is, was] = [after, then].map((text) =>
    canonicalLines(maskWith(netscalerSecrets, text)).map(({ line }) => line),
  );
  const [have, want] = [new Set(is), new Set(was)];
  const told = [
    ...[...want].filter((line) => !have.has(line)).map((line) => `Not brought back: "${line.slice(0, 200)}".`),
    ...[...have]
      .filter((line) => !want.has(line))
      .map((line) => `Stays, though that version has it not: "${line.slice(0, 200)}".`),
  ];
  const more = told.length - mostTold;
  return more <= 0
    ? told
    : [
        ...told.slice(0, mostTold),
        `${String(more)} lines more of that version are not brought back: compare the two line by line.`,
      ];
}
