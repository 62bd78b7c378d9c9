import { AppError } from '../../../contract/errors.ts';
import { writable } from './text.ts';

/**
 * The source of a word that HAProxy reads back as `value` (manual 2.2): bare where it can be, else with backslashes, so that
 * a word that was bare before is bare again when its old value comes back. Throws PLAN_INVALID for what no word can hold.
 */
export function quoteWord(value: string): string {
  refuseControls(value);
  if (value === '') throw new AppError('PLAN_INVALID', 'An empty word would end the line for HAProxy.');
  const text = writable(value);
  if (/^[^\s"'\\#$]+$/.test(text)) return text;
  return text.replace(/[ "'\\#]/g, String.raw`\$&`);
}

/** The source for a new value in place of an old source, in the same kind of quotes where they can hold it. */
export function requoteWord(oldSource: string, value: string): string {
  refuseControls(value);
  const quote = oldSource.charAt(0);
  const isWhole = (quote === '"' || quote === "'") && oldSource.length > 1 && oldSource.endsWith(quote);
  if (isWhole && quote === '"') return `"${writable(value).replace(/["\\$]/g, String.raw`\$&`)}"`;
  return isWhole && !value.includes("'") ? `'${writable(value)}'` : quoteWord(value);
}

function refuseControls(value: string): void {
  if (!/\p{Cc}/u.test(value)) return;
  const shown = JSON.stringify(value.slice(0, 80));
  throw new AppError('PLAN_INVALID', `${shown} holds a control character, which a line of haproxy.cfg cannot carry.`);
}
