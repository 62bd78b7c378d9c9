import { AppError } from '../../../contract/errors.ts';
import { type DevicePool, poolSchema } from '../../../contract/model.ts';
import { keyOfCheck } from './check-steps.ts';
import { setCheckWords } from './edit-check-words.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import { passiveSchema, type watchKeys } from './watch-words.ts';

/**
 * Writes one of these keys of a pool on each of its server lines. Throws PLAN_INVALID for a value that is none, CAPABILITY_MISSING
 * for one that HAProxy has no word for, or that the lines then do not say.
 */
export function setWatch(editor: Editor, pool: string, key: (typeof watchKeys)[number], desired: unknown): void {
  const wanted = poolSchema.shape[key].safeParse(desired);
  if (!wanted.success) throw new AppError('PLAN_INVALID', `The ${key} wanted for the pool "${pool}" is none.`);
  const words = wordsFor(key, wanted.data);
  for (const { name } of editor.pool(pool).lines) setCheckWords(editor, pool, name, words);
  const after = modelOfDocument(editor.document, { effective: true }).pools.find(({ name }) => name === pool);
  const found = after?.[key satisfies keyof DevicePool];
  const asked = isNone(key, wanted.data) ? undefined : wanted.data;
  if (keyOfCheck(found) === keyOfCheck(asked)) return;
  const reads = found === undefined ? 'nothing' : JSON.stringify(found);
  const detail = `The ${key} of the pool "${pool}" cannot be written so into haproxy.cfg: it would read ${reads}.`;
  throw new AppError('CAPABILITY_MISSING', detail);
}

/** What the model has for "as HAProxy does without a word". */
function isNone(key: string, value: unknown): boolean {
  if (value === undefined || value === 'finish') return true;
  return key === 'passive' && Object.keys(value as object).length === 0; // checked by the schema
}

function wordsFor(key: string, value: unknown): ReadonlyMap<string, string | undefined> {
  if (key === 'passive') {
    const { observe, onError, maxFails } = passiveSchema.parse(value ?? {});
    return new Map([
      ['observe', observe],
      ['error-limit', maxFails?.toString()],
      ['on-error', onError],
    ]);
  }
  if (key === 'onMemberDown') return new Map([['on-marked-down', value === 'reset' ? 'shutdown-sessions' : undefined]]);
  return new Map([['on-marked-up', value === 'reset-backups' ? 'shutdown-backup-sessions' : undefined]]);
}
