import type { Command } from './commands.ts';

/** One object of a configuration, and every command that made it. */
export interface NamedCommands {
  readonly name: string;
  /** `add`, `set`, `enable`, `disable`, in the order of the file. */
  readonly commands: readonly Command[];
  readonly binds: readonly Command[];
}

/** Kinds whose first word is the whole kind; all others have two (`lb vserver`). */
const oneWord = new Set(['server', 'service', 'servicegroup']);
const shaping = new Set(['add', 'set', 'enable', 'disable']);

/** The kind in lower case and the name that a command speaks of: `bind lb vserver V S` is of `lb vserver` V. */
export function subjectOf({ words }: Pick<Command, 'words'>): {
  verb: string;
  kind: string;
  name: string;
  rest: readonly string[];
} {
  const [verb = '', first = '', second = ''] = words;
  const isShort = oneWord.has(first.toLowerCase());
  return {
    verb: verb.toLowerCase(),
    kind: (isShort ? first : `${first} ${second}`).toLowerCase(),
    name: words[isShort ? 2 : 3] ?? '',
    rest: words.slice(isShort ? 3 : 4),
  };
}

/** The commands of a configuration by the object that they speak of, and which of them the model has taken. */
export class Objects<C extends Command> {
  readonly #found = new Map<string, Map<string, { commands: C[]; binds: C[] }>>();
  readonly #all = new Map<string, ReadonlyMap<string, NamedCommands>>();
  readonly #links: C[] = [];
  readonly #nameless: C[] = [];

  /** All of them, in the order of the file. */
  readonly commands: readonly C[];

  constructor(commands: readonly C[]) {
    this.commands = commands;
    for (const command of commands) {
      const { verb, kind, name } = subjectOf(command);
      if (verb === 'link') this.#links.push(command);
      if (name === '' && verb === 'set') this.#nameless.push(command);
      if (name === '' || (verb !== 'bind' && !shaping.has(verb))) continue;
      const ofKind = this.#found.get(kind) ?? new Map<string, { commands: C[]; binds: C[] }>();
      this.#found.set(kind, ofKind);
      const object = ofKind.get(name) ?? { commands: [], binds: [] };
      ofKind.set(name, object);
      object[verb === 'bind' ? 'binds' : 'commands'].push(command);
    }
  }

  /** Every object of a kind that some command adds, in the order of the file. */
  all(kind: string): readonly NamedCommands[] {
    return [...this.#added(kind).values()];
  }

  has(kind: string, name: string): boolean {
    return this.#added(kind).has(name);
  }

  #added(kind: string): ReadonlyMap<string, NamedCommands> {
    const known = this.#all.get(kind);
    if (known !== undefined) return known;
    const added = new Map(
      [...(this.#found.get(kind) ?? [])].flatMap(([name, { commands, binds }]) =>
        commands.some((command) => subjectOf(command).verb === 'add') ? [[name, { name, commands, binds }]] : [],
      ),
    );
    this.#all.set(kind, added);
    return added;
  }

  /** What is said of a name, added or not (`set ssl vserver V`); empty where nothing is. */
  of(kind: string, name: string): NamedCommands {
    return { name, ...(this.#found.get(kind)?.get(name) ?? { commands: [], binds: [] }) };
  }

  /** What is said of the whole appliance: `set ssl parameter -defaultProfile ENABLED`. */
  settings(kind: string): readonly C[] {
    return this.#nameless.filter((command) => subjectOf(command).kind === kind);
  }

  get kinds(): readonly string[] {
    return [...this.#found.keys()];
  }

  /** `link ssl certKey LEAF ISSUER`. */
  get links(): readonly C[] {
    return this.#links;
  }
}

/** Whether the last word on it is that it is off. */
export function isDisabled({ commands }: Pick<NamedCommands, 'commands'>): boolean {
  let isOff = false;
  for (const command of commands) {
    const { verb } = subjectOf(command);
    if (verb === 'disable') isOff = true;
    else if (verb === 'enable') isOff = false;
    for (const { name, values } of command.options)
      if (name.toLowerCase() === 'state') isOff = values[0]?.toUpperCase() === 'DISABLED';
  }
  return isOff;
}
