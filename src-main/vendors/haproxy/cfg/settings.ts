import type { CfgDocument, Section, Statement } from './document.ts';

/** A statement found by its keyword; `isNegated` where `no` stands before it. */
export interface Setting {
  readonly statement: Statement;
  readonly isNegated: boolean;
  /** The words after the keyword. */
  readonly args: readonly string[];
}

/** The word that follows `keyword` among arguments, undefined where it does not stand there. */
export function wordAfter(words: readonly string[], keyword: string): string | undefined {
  const at = words.indexOf(keyword);
  return at < 0 ? undefined : words[at + 1];
}

/** Statements whose second word belongs to the keyword. */
const twoWordKeywords = new Set(['option', 'timeout', 'stats', 'compression', 'http-request', 'http-response']);

/** Longer chains of `defaults ... from ...` are not followed: no person writes them, and a hostile text could. */
const longestChain = 32;

/** What a section writes itself, by keyword, and the `defaults` that it takes the rest from (manual 4). */
export class Settings {
  readonly section: Section;
  readonly parent: Settings | undefined;
  private readonly byKeyword = new Map<string, Setting[]>();

  constructor(section: Section, parent: Settings | undefined) {
    this.section = section;
    this.parent = parent;
    for (const statement of section.statements) this.add(statement);
  }

  /** The section's own statements of this keyword, in their order. */
  own(keyword: string): readonly Setting[] {
    return this.byKeyword.get(keyword) ?? [];
  }

  /** The one that counts: the last of the section itself, else of the nearest `defaults` that has one. */
  last(keyword: string, isInherited: boolean): Setting | undefined {
    return this.own(keyword).at(-1) ?? (isInherited ? this.parent?.last(keyword, true) : undefined);
  }

  /** Those of the section itself, or, where it has none, those of the nearest `defaults` that has some. */
  nearest(keyword: string, isInherited: boolean): readonly Setting[] {
    const own = this.own(keyword);
    return own.length > 0 || !isInherited ? own : (this.parent?.nearest(keyword, true) ?? []);
  }

  private add(statement: Statement): void {
    const words = statement.words.map((word) => word.value);
    const isNegated = words[0] === 'no';
    const plain = isNegated ? words.slice(1) : words;
    const length = twoWordKeywords.has(plain[0] ?? '') ? 2 : 1;
    const keyword = plain.slice(0, length).join(' ');
    const setting = { statement, isNegated, args: plain.slice(length) };
    const found = this.byKeyword.get(keyword);
    if (found) found.push(setting);
    else this.byKeyword.set(keyword, [setting]);
  }
}

/** The settings of every section, in the order of `document.sections`. */
export function settleDocument(document: CfgDocument): readonly Settings[] {
  const named = new Map<string, Settings>();
  const depths = new Map<Settings, number>();
  let latest: Settings | undefined;
  return document.sections.map((section) => {
    const isDefaults = section.keyword === 'defaults';
    const isProxy = isDefaults || ['frontend', 'backend', 'listen'].includes(section.keyword);
    const wanted = section.from === undefined ? (isDefaults ? undefined : latest) : named.get(section.from);
    const depth = wanted === undefined ? 0 : (depths.get(wanted) ?? 0) + 1;
    const settings = new Settings(section, isProxy && depth < longestChain ? wanted : undefined);
    depths.set(settings, depth);
    if (isDefaults) {
      latest = settings;
      if (section.name !== '') named.set(section.name, settings);
    }
    return settings;
  });
}
