import type { Change } from '../../contract/plan.ts';

const longestValue = 160;
const kindWords: Readonly<Record<Change['subject']['kind'], string>> = {
  virtualServer: 'virtual server',
  pool: 'pool',
  member: 'member',
  monitor: 'monitor',
  certificate: 'certificate',
  node: 'node',
  file: 'file',
};

/** A change of the model as a sentence without a full stop: `weight of a in pool p 1 -> 3`, `member b in pool p added`. */
export function changeSentence({ action, subject, key, prior, desired }: Change): string {
  const words = key === undefined ? '' : keyWords(key);
  if (action === 'create') return `${objectWords(subject, true)} added`;
  if (action === 'delete') return `${objectWords(subject, true)} removed`;
  const whole = words === '' ? objectWords(subject, true) : `${words} of ${objectWords(subject, false)}`;
  if (prior === undefined) return `${whole} set to ${valueWords(desired)}`;
  if (desired === undefined) return `${whole} no longer set, it was ${valueWords(prior)}`;
  return `${whole} ${valueWords(prior)} -> ${valueWords(desired)}`;
}

function objectWords({ kind, path }: Change['subject'], isAlone: boolean): string {
  const [pool, member] = path;
  if (kind !== 'member' || member === undefined) return `${kindWords[kind]} ${path.join('/')}`;
  return `${isAlone ? 'member ' : ''}${member} in pool ${pool ?? ''}`;
}

/** `maxConnections` as `max connections`. */
function keyWords(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueWords(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value).slice(0, longestValue);
  if (Array.isArray(value)) return `[${value.map(valueWords).join(', ')}]`.slice(0, longestValue);
  const parts = Object.entries(value).map(([key, part]) => `${keyWords(key)} ${valueWords(part)}`);
  return parts
    .join(', ')
    .replace(/^name /, '')
    .slice(0, longestValue);
}
