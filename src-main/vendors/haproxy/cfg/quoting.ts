import { AppError } from '../../../contract/errors.ts';
import { writable } from './text.ts';

/**
 * The source of a word that HAProxy reads back as `value` (manual 2.2): bare where it can be, else in single quotes, else with
 * backslashes. Throws PLAN_INVALID for what no word can hold.
 */
export function quoteWord(value: string): string {
  refuseControls(value);
  const text = writable(value);
  if (/^[^\s"'\\#$]+$/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return text.replace(/[ "'\\#]/g, String.raw`\$&`);
}

/** The source for a new value in place of an old source, in the same kind of quotes where they can hold it. */
export function requoteWord(oldSource: string, value: string): string {
  refuseControls(value);
  const quote = oldSource.charAt(0);
  const isWhole = (quote === '"' || quote === "'") && oldSource.length > 1 && oldSource.endsWith(quote);
  const isPlain = !/["'\\$]/.test(value);
  return isWhole && isPlain ? `${quote}${writable(value)}${quote}` : quoteWord(value);
}

function refuseControls(value: string): void {
  if (!/\p{Cc}/u.test(value)) return;
  const shown = JSON.stringify(value.slice(0, 80));
  throw new AppError('PLAN_INVALID', `${shown} holds a control character, which a line of haproxy.cfg cannot carry.`);
}
