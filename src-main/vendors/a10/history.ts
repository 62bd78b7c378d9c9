import { AppError } from '../../contract/errors.ts';
import { maskWith } from '../mask.ts';
import type { Part } from './partitions.ts';
import { a10Secrets } from './secrets.ts';
import { added, headOf, made, type PartSent, removed, type Scene, type Sent, unmade } from './sent.ts';
import { A10Text, beginsWith, findIn, isSaid, type Line, pathsOf } from './text.ts';
import { keyOf, states, typeInto } from './write.ts';

/** How a configuration becomes what it was, and what of it does not: a sentence each. */
export interface WayThere {
  readonly sent: readonly PartSent[];
  readonly left: readonly string[];
}

/** What balances, in the order in which others need it. */
const kinds = ['health monitor', 'slb template cipher', 'slb template', 'slb server', 'slb service-group'] as const;
const virtual = 'slb virtual-server';
const order: readonly string[] = [...kinds, virtual];

/**
 * The lines from the configuration that runs to an old one, block by block: virtual servers that go first (a new one may take their
 * address), then what is made and set, what others need before them, then what goes, the other way round. Never a load of the whole:
 * what is not balancing stays as it is, and is named.
 */
export function linesBack(now: readonly Part[], then: readonly Part[]): WayThere {
  const sent: PartSent[] = [];
  const left: string[] = [];
  for (const { partition, text } of now) {
    const old = then.find((one) => one.partition === partition);
    const where = partition === '' ? '' : ` in partition ${partition}`;
    if (old === undefined) {
      left.push(`Partition ${partition} stays as it is: that version had none of this name.`);
      continue;
    }
    const turn = new Turn(text, old.text);
    turn.run();
    sent.push(...turn.sent.map((one) => ({ ...one, partition })));
    left.push(...[...turn.left].map(([head, why]) => `Not brought back: ${head}${where}, because ${why}.`));
  }
  const missing = then.filter(({ partition }) => !now.some((one) => one.partition === partition));
  return {
    sent,
    left: [...left, ...missing.map(({ partition }) => `Partition ${partition} is not made again.`)],
  };
}

/** The same as a plan has it. Throws CAPABILITY_MISSING with all the reasons where nothing of it can be brought back. */
export function wayBack(now: readonly Part[], then: readonly Part[]): WayThere {
  const way = linesBack(now, then);
  if (way.sent.length > 0) return way;
  if (way.left.length > 0) throw new AppError('CAPABILITY_MISSING', way.left.join(' '));
  throw new AppError('PLAN_INVALID', 'The device reads as that version says already: there is nothing to change.');
}

class Turn {
  readonly sent: Sent[] = [];
  /** What is not brought back, with the reason. */
  readonly left = new Map<string, string>();
  readonly #scene: Scene;
  readonly #then: A10Text;

  constructor(now: string, then: string) {
    this.#scene = { text: new A10Text(now) };
    this.#then = new A10Text(then);
  }

  run(): void {
    this.#leaveOthers();
    for (const block of this.#gone(virtual)) this.#unmake(block);
    for (const kind of order) for (const block of blocksOf(this.#then, kind)) this.#restore(block);
    for (const kind of order.toReversed())
      for (const block of blocksOf(this.#then, kind)) {
        const mine = this.#mine(block);
        if (mine?.text === block.text) this.#clear(block, [mine]);
      }
    for (const kind of kinds.toReversed()) for (const block of this.#gone(kind)) this.#unmake(block);
  }

  #leaveOthers(): void {
    const [now, then] = [this.#scene.text, this.#then].map(
      (text) =>
        new Map(
          text.lines.filter((line) => isSaid(line) && kindOf(line) === undefined).map((line) => [line.text, line]),
        ),
    );
    for (const head of new Set([...(now?.keys() ?? []), ...(then?.keys() ?? [])])) {
      const [mine, old] = [now, then].map((lines) => lines?.get(head));
      if (mine !== undefined && old !== undefined && pathsOf(mine).join('\n') === pathsOf(old).join('\n')) continue;
      this.left.set(maskWith(a10Secrets, head), 'it is not balancing');
    }
  }

  #mine(block: Line): Line | undefined {
    return this.#scene.text.lines.find((line) => isSaid(line) && headOf(line) === headOf(block));
  }

  #gone(kind: string): readonly Line[] {
    const kept = new Set(blocksOf(this.#then, kind).map(headOf));
    return blocksOf(this.#scene.text, kind).filter((line) => !kept.has(headOf(line)));
  }

  #unmake(block: Line): void {
    try {
      if (!this.#say(block, unmade(block))) this.left.set(headOf(block), 'something that stays needs it');
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CAPABILITY_MISSING') throw error;
      this.left.set(headOf(block), 'it holds a secret, which the way back would have to show');
    }
  }

  #restore(block: Line): void {
    const mine = this.#mine(block);
    if (mine === undefined) this.#say(block, made(block.text));
    const there = this.#mine(block);
    if (there === undefined) return;
    if (there.text !== block.text) this.left.set(headOf(block), 'its address or type is another one');
    else this.#set(block, [there]);
  }

  /** What the old block says and the present one does not, so deep as it goes. */
  #set(old: Line, path: readonly [Line, ...Line[]]): void {
    const [block, ...below] = path;
    const here = path.at(-1) ?? block;
    const modes = path.map(({ text }) => text);
    for (const child of old.children.filter(isSaid)) {
      if (states.has(child.text)) continue;
      const same = here.children.find(({ text }) => text === child.text);
      const other = same ?? findIn(here.children, keyOf(child.text));
      if (same !== undefined) this.#set(child, [block, ...below, same]);
      else if (other === undefined) {
        if (!this.#say(block, added(block, below, child.text))) continue;
        const made = here.children.find(({ text }) => text === child.text);
        if (made !== undefined) this.#set(child, [block, ...below, made]);
      } else if (beginsWith(child.text, ['template']) && other.children.length === 0) {
        // A virtual port has one template of a kind: the other goes first.
        this.#say(block, removed(block, below, other));
        this.#say(block, added(block, below, child.text));
      } else if (other.children.length > 0 || /^(?:port|member) /.test(child.text))
        this.left.set(`${headOf(block)} / ${child.text}`, 'its type or range is another one');
      else
        this.#say(block, {
          typed: [...modes, child.text],
          inverse: [[...modes, other.text]],
          of: headOf(block),
        });
    }
    const [was, is] = [old, here].map(
      ({ children }) => children.findLast(({ text }) => states.has(text))?.text ?? 'enable',
    );
    if (was !== undefined && is !== undefined && was !== is)
      this.#say(block, { typed: [...modes, was], inverse: [[...modes, is]], of: headOf(block) });
  }

  /** What the present block says and the old one does not. */
  #clear(old: Line, path: readonly [Line, ...Line[]]): void {
    const [block, ...below] = path;
    const here = path.at(-1) ?? block;
    for (const child of here.children.filter((line) => isSaid(line) && !states.has(line.text))) {
      const same = old.children.find(({ text }) => text === child.text);
      if (same !== undefined) this.#clear(same, [block, ...below, child]);
      else if (findIn(old.children, keyOf(child.text)) === undefined) this.#say(block, removed(block, below, child));
    }
  }

  /** False where the device would refuse it, or where it would show a secret: the block is then not wholly brought back. */
  #say(block: Line, sent: Sent): boolean {
    const shown = [sent.typed, ...sent.inverse].flat().join('\n');
    const head = headOf(block);
    if (maskWith(a10Secrets, shown) !== shown) this.left.set(head, 'a line of it holds a secret');
    else if (typeInto(this.#scene.text, sent.typed)) {
      this.sent.push(sent);
      return true;
    } else if (!this.left.has(head)) this.left.set(head, `the device would refuse "${sent.typed.join(' / ')}"`);
    return false;
  }
}

/** Which of `order` a block is; a cipher template is needed by others. */
function kindOf({ text }: Line): string | undefined {
  return order.find((kind) => beginsWith(text, kind.split(' ')));
}

function blocksOf({ lines }: A10Text, kind: string): readonly Line[] {
  return lines.filter((line) => isSaid(line) && kindOf(line) === kind);
}
