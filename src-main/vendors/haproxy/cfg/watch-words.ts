import { type Pool, poolSchema } from '../../../contract/model.ts';
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

export const passiveSchema = poolSchema.shape.passive.unwrap();

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
