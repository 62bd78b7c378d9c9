import { app } from 'electron';
import type { Shown } from '../contract/api.ts';
import { toProblem } from '../contract/errors.ts';
import { readLink } from '../contract/place.ts';

/** What a link asks to be shown: its place, or why it is refused. */
export function shownOf(link: string): Shown {
  try {
    return { place: readLink(link) };
  } catch (error) {
    return { problem: toProblem(error) };
  }
}

/** The link among the words of a command line; Windows and Linux start the program anew with it. */
export function linkAmong(words: readonly string[]): string | undefined {
  return words.find((word) => /^steelyard:/i.test(word));
}

/** Makes the system bring such links here: the installed program only, so that a checkout does not take them from it. */
export function claimLinks(): void {
  if (app.isPackaged) app.setAsDefaultProtocolClient('steelyard');
}
