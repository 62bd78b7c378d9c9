import { type Form, forms } from './forms.ts';
import { wordsOf } from './tree.ts';

/** A command taken apart by its form: its words in full, and those that name it. */
export interface Given {
  readonly form: Form;
  readonly words: readonly string[];
  /** The statement that stands for it in a configuration. */
  readonly text: string;
  readonly key: string;
}

/** Why no form fits: the words end too early, or at a word that none takes. */
export interface Misfit {
  readonly isIncomplete: boolean;
  /** Where in the line the word begins. */
  readonly at: number;
}

/** The form of a mode that fits best; words may be cut short. With `isNo` the words that name a statement are enough. */
export function matchForm(mode: string, line: string, isNo = false): Given | Misfit {
  const words = wordsOf(line);
  const tried = forms.filter((form) => form.mode === mode).map((form) => matchOne(form, words, isNo));
  const fits = tried.flatMap((one) => (one.given === undefined ? [] : [{ ...one, given: one.given }]));
  const best = fits.toSorted((a, b) => b.exact - a.exact)[0];
  if (best !== undefined) return best.given;
  const furthest = Math.max(0, ...tried.map(({ read }) => read));
  const isIncomplete = furthest >= words.length && words.length > 0;
  return { isIncomplete, at: positionOf(line, words, furthest) };
}

function positionOf(line: string, words: readonly string[], index: number): number {
  let at = 0;
  for (const word of words.slice(0, index)) at = line.indexOf(word, at) + word.length;
  const next = words[index];
  return next === undefined ? at : line.indexOf(next, at);
}

function matchOne(
  form: Form,
  words: readonly string[],
  isNo: boolean,
): { readonly given?: Given; readonly exact: number; readonly read: number } {
  const slots = slotsOf(form.syntax);
  const full: string[] = [];
  let [exact, at] = [0, 0];
  for (const { slot, isOptional } of slots) {
    if (slot === '...') {
      full.push(...words.slice(at));
      at = words.length;
      break;
    }
    const word = words[at];
    if (word === undefined) {
      if (isOptional || (isNo && full.length >= form.key && form.key > 0)) break;
      return { exact, read: at };
    }
    const spelled = fill(slot, word);
    if (spelled === undefined) return { exact, read: at };
    if (spelled === word) exact += slot.startsWith('<') ? 1 : 2;
    full.push(spelled);
    at += 1;
  }
  if (at < words.length) return { exact, read: at };
  const text = full.join(' ');
  return { given: { form, words: full, text, key: full.slice(0, form.key).join(' ') }, exact, read: at };
}

function slotsOf(syntax: string): readonly { readonly slot: string; readonly isOptional: boolean }[] {
  let isOptional = false;
  return syntax.split(' ').map((part) => {
    if (part.startsWith('[')) isOptional = true;
    return { slot: part.replaceAll(/[[\]]/g, ''), isOptional };
  });
}

function fill(slot: string, word: string): string | undefined {
  const [, least, most] = /^<(\d+)-(\d+)>$/.exec(slot) ?? [];
  if (least !== undefined) {
    return /^\d+$/.test(word) && Number(word) >= Number(least) && Number(word) <= Number(most)
      ? String(Number(word))
      : undefined;
  }
  if (slot.startsWith('<')) return word;
  const choices = slot.split('|');
  return choices.find((one) => one === word) ?? choices.find((one) => word.length >= 2 && one.startsWith(word));
}
