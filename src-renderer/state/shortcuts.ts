import type { Screen } from './route.ts';

/** What a key asks the window for. */
export type Action =
  | { readonly name: 'palette' | 'filter' | 'faults' | 'tree' | 'lock' | 'theme' | 'undo' | 'read' | 'keys' | 'review' }
  | { readonly name: 'live' | 'longer' | 'shorter' | 'landmark' | 'landmark-back' }
  | { readonly name: 'rail'; readonly place: number }
  | { readonly name: 'go'; readonly screen: Screen };

/** The part of a keyboard event that decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  /** True where the key belongs to the focused field, list or button. */
  readonly isInField: boolean;
}

const afterG: Readonly<Record<string, Screen>> = {
  o: 'overview',
  e: 'devices',
  c: 'change',
  b: 'lab',
  h: 'history',
  s: 'settings',
};
const withControl: Readonly<Record<string, Action>> = {
  k: { name: 'palette' },
  b: { name: 'tree' },
  enter: { name: 'review' },
};
const withControlShift: Readonly<Record<string, Action>> = { u: { name: 'lock' }, l: { name: 'theme' } };
const letters: Readonly<Record<string, Action>> = {
  '/': { name: 'filter' },
  f: { name: 'faults' },
  '?': { name: 'keys' },
  '[': { name: 'shorter' },
  ']': { name: 'longer' },
  ' ': { name: 'live' },
};

/** Reads keys into actions; remembers a `g`, after which one letter names a screen. */
export class Shortcuts {
  #isAfterG = false;

  /** The action of a key; single letters count only outside fields and where they are on. */
  read(press: KeyPress, hasLetterKeys: boolean): Action | undefined {
    const wasAfterG = this.#isAfterG;
    this.#isAfterG = false;
    const key = press.key.toLowerCase();
    if (key === 'f6') return { name: press.shiftKey ? 'landmark-back' : 'landmark' };
    if (key === 'f5') return { name: 'read' };
    if (press.ctrlKey || press.metaKey) return this.#withControl(press, key);
    if (press.altKey || press.isInField || !hasLetterKeys) return undefined;
    if (wasAfterG) {
      const screen = afterG[key];
      return screen === undefined ? undefined : { name: 'go', screen };
    }
    this.#isAfterG = key === 'g';
    return letters[key];
  }

  #withControl(press: KeyPress, key: string): Action | undefined {
    if (press.altKey) return undefined;
    if (press.shiftKey) return withControlShift[key];
    if (key === 'z') return press.isInField ? undefined : { name: 'undo' };
    if (/^[1-9]$/.test(key)) return { name: 'rail', place: Number(key) - 1 };
    return withControl[key];
  }
}
