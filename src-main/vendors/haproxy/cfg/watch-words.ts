import { AppError } from '../../../contract/errors.ts';
import { type DevicePool, type Pool, poolSchema } from '../../../contract/model.ts';
import { keyOfCheck } from './check-steps.ts';
import { setCheckWords } from './edit-check-words.ts';
import type { Editor } from './editor.ts';
import { modelOfDocument } from './model.ts';
import type { ServerWords } from './servers.ts';
import { readCount } from './units.ts';

/** Words of server lines for what is watched beside the checks, and for what a change of state does (manual 5.2). */
export const watchWords: ReadonlySet<string> = new Set([
  'observe',
  'on-error',
  'error-limit',
  'on-marked-down',
  'on-marked-up',
]);

/** Keys of a pool that these words say. */
export const watchKeys = ['passive', 'onMemberDown', 'onMemberUp'] as const;
type Watch = Pick<Pool, (typeof watchKeys)[number]>;

const passiveSchema = poolSchema.shape.passive.unwrap();

/** The keys of a pool for these words, and which words they say wholly. */
export function readWatch(words: ServerWords): { readonly fields: Watch; readonly read: readonly string[] } {
  const read: string[] = [];
  function valueOf(keyword: string): string | undefined {
    const value = words.get(keyword)?.args[0]?.value;
    if (value !== undefined) read.push(keyword);
    return value;
  }
  const [observe, onError] = [words.get('observe'), words.get('on-error')].map((word) => word?.args[0]?.value);
  const maxFails = readCount(words.get('error-limit')?.args[0]?.value ?? '');
  const passive = passiveSchema.safeParse({
    ...(observe === undefined ? {} : { observe }),
    ...(onError === undefined ? {} : { onError }),
    ...(maxFails === undefined ? {} : { maxFails }),
  });
  const isWatched = observe !== undefined && passive.success;
  if (isWatched) for (const keyword of ['observe', 'on-error', 'error-limit']) valueOf(keyword);
  const isReset = words.get('on-marked-down')?.args[0]?.value === 'shutdown-sessions';
  const isResetUp = words.get('on-marked-up')?.args[0]?.value === 'shutdown-backup-sessions';
  if (isReset) valueOf('on-marked-down');
  if (isResetUp) valueOf('on-marked-up');
  return {
    fields: {
      ...(isWatched ? { passive: passive.data } : {}),
      ...(isReset ? { onMemberDown: 'reset' as const } : {}),
      ...(isResetUp ? { onMemberUp: 'reset-backups' as const } : {}),
    },
    read,
  };
}

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
