import { AppError } from '../contract/errors.ts';
import type { SnmpCell, SnmpColumn } from './transport.ts';

/** A value with its OID, as it stands in an answer. Tags 128 to 130 are no values: no such object, no such instance, end of the view. */
export interface Varbind extends SnmpCell {
  readonly oid: string;
}
export const endOfView = 130;
export function isAbsent(tag: number): boolean {
  return tag >= 128;
}

export interface WalkTools {
  /** The values that follow each of the OIDs, as many as the agent gave: one list per OID. */
  readonly ask: (oids: readonly string[], repetitions: number) => Promise<readonly (readonly Varbind[])[]>;
  /** v1 has no GETBULK: one row per question. */
  readonly isBulk: boolean;
  /** What the last walk of these columns came to, so that this one asks for no more than there is. */
  readonly memory: Map<string, { rows: number; repetitions: number }>;
  readonly maxBytes: number;
  /** Names agent and walk in errors. */
  readonly what: string;
}

/** Most columns in one question: more of them make the answers of an agent with long indexes too long for a datagram. */
const columnsAtOnce = 12;
const firstRepetitions = 10;
/** Past this many values an answer gets no longer: the gain is small and a lost fragment loses it all. */
const mostValues = 600;

/**
 * Reads columns side by side to their ends. The repetition count doubles while answers come whole, falls to what an agent really
 * gives, is halved where an answer was too big or got lost, and is remembered with the number of rows for the next walk. A column
 * whose OIDs do not go forward, or more than `maxBytes` in all, end the walk with OUTPUT_UNPARSED: a lying agent has no end.
 */
export async function walkColumns(columns: readonly string[], tools: WalkTools): Promise<readonly SnmpColumn[]> {
  const walks = columns.map((oid) => new ColumnWalk(oid, tools.what));
  const budget = { bytesLeft: tools.maxBytes };
  for (let from = 0; from < walks.length; from += columnsAtOnce) {
    await walkTogether(walks.slice(from, from + columnsAtOnce), tools, budget);
  }
  return walks.map((walk) => walk.cells);
}

class ColumnWalk {
  readonly cells = new Map<string, SnmpCell>();
  readonly #prefix: string;
  readonly #what: string;
  cursor: string;
  isDone = false;

  constructor(oid: string, what: string) {
    this.cursor = oid;
    this.#prefix = `${oid}.`;
    this.#what = what;
  }

  /** Takes the next value of the column; gives back how many bytes it holds. */
  take(varbind: Varbind): number {
    if (this.isDone) return 0;
    if (isAbsent(varbind.tag) || !varbind.oid.startsWith(this.#prefix)) {
      this.isDone = true;
      return 0;
    }
    const index = varbind.oid.slice(this.#prefix.length);
    if (this.cells.has(index)) throw this.#notForward(varbind.oid);
    this.cells.set(index, { tag: varbind.tag, value: varbind.value });
    return index.length + (typeof varbind.value === 'number' ? 8 : varbind.value.length) + 64;
  }

  /** Where the next question starts. Within one answer some agents mix the order of rows; from answer to answer it must go forward. */
  moveTo(oid: string): void {
    if (this.isDone) return;
    if (compareOids(oid, this.cursor) <= 0) throw this.#notForward(oid);
    this.cursor = oid;
  }

  #notForward(oid: string): AppError {
    return new AppError(
      'OUTPUT_UNPARSED',
      `${this.#what}: the agent does not go forward: ${oid} came after ${this.cursor}. Such a walk has no end, so it was stopped.`,
    );
  }
}

async function walkTogether(
  walks: readonly ColumnWalk[],
  tools: WalkTools,
  budget: { bytesLeft: number },
): Promise<void> {
  const key = walks[0]?.cursor ?? '';
  const known = tools.memory.get(key);
  let most = Math.max(1, Math.floor(mostValues / walks.length));
  // One row more than there were tells that the table has not grown.
  let repetitions = tools.isBulk
    ? Math.min(most, known === undefined ? firstRepetitions : known.rows + 1, known?.repetitions ?? most)
    : 1;
  let together = walks.length;
  for (;;) {
    const open = walks.filter((walk) => !walk.isDone).slice(0, together);
    if (open.length === 0) break;
    const answer = await askOrShrink(
      open.map((walk) => walk.cursor),
      repetitions,
      tools,
    );
    if (answer === 'columns') {
      together = Math.max(1, Math.floor(open.length / 2));
      continue;
    }
    if (answer === 'rows') {
      repetitions = Math.max(1, Math.floor(repetitions / 2));
      most = repetitions;
      continue;
    }
    take(answer, open, budget, tools);
    const rows = answer.at(-1)?.length ?? 0;
    if (tools.isBulk && rows >= repetitions) repetitions = Math.min(most, repetitions * 2);
    else if (tools.isBulk && rows > 0) repetitions = Math.min(most, rows + 1);
  }
  const rows = Math.max(0, ...walks.map((walk) => walk.cells.size));
  tools.memory.set(key, { rows, repetitions: most });
}

/** The answer, or what has to be made smaller to get one. */
async function askOrShrink(
  oids: readonly string[],
  repetitions: number,
  tools: WalkTools,
): Promise<readonly (readonly Varbind[])[] | 'rows' | 'columns'> {
  try {
    const answer = await tools.ask(oids, repetitions);
    // Some agents answer with nothing where they should say "too big".
    if (answer.length === oids.length) return answer;
    if (repetitions > 1) return 'rows';
    if (oids.length > 1) return 'columns';
    throw new AppError('OUTPUT_UNPARSED', `${tools.what}: the agent answered with no value at all.`);
  } catch (error) {
    if (!(error instanceof AppError) || !isTooBig(error)) throw error;
    if (repetitions > 1) return 'rows';
    if (oids.length > 1 && error.code !== 'TIMED_OUT') return 'columns';
    throw error;
  }
}

/** An answer that never came may have been too long for the way: one of its fragments got lost. */
function isTooBig(error: AppError): boolean {
  return error.code === 'TIMED_OUT' || error.raw === 'TooBig';
}

function take(
  answer: readonly (readonly Varbind[])[],
  open: readonly ColumnWalk[],
  budget: { bytesLeft: number },
  tools: WalkTools,
): void {
  for (const [at, walk] of open.entries()) {
    const values = answer[at] ?? [];
    for (const varbind of values) budget.bytesLeft -= walk.take(varbind);
    walk.moveTo(values.at(-1)?.oid ?? walk.cursor);
  }
  if (budget.bytesLeft < 0) {
    throw new AppError(
      'OUTPUT_UNPARSED',
      `${tools.what}: the agent gave more than ${tools.maxBytes} bytes and went on. The walk was stopped.`,
    );
  }
}

/** Below 0 where `a` stands before `b`, number by number. */
export function compareOids(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = Number(left[at]) - Number(right[at]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
