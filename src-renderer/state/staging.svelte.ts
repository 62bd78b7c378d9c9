import type { AdminState, AlgorithmSettings, Desired, Member, Persistence } from '$contract/model.ts';

interface At {
  readonly device: string;
  readonly pool: string;
}

/** One edit that waits for its review. `prior` is what the device had when the edit was made. */
export type StagedEdit =
  | (At & {
      readonly kind: 'weight';
      readonly member: string;
      readonly prior: number | undefined;
      readonly value: number;
    })
  | (At & {
      readonly kind: 'adminState';
      readonly member: string;
      readonly prior: AdminState;
      readonly value: AdminState;
    })
  | (At & {
      readonly kind: 'algorithm';
      readonly prior: AlgorithmSettings | undefined;
      readonly value: AlgorithmSettings;
    })
  /** A value without anything in it is none. */
  | (At & { readonly kind: 'persistence'; readonly prior: Persistence | undefined; readonly value: Persistence })
  | (At & { readonly kind: 'addMember'; readonly member: string; readonly value: Member })
  | (At & { readonly kind: 'removeMember'; readonly member: string });

/** Every staged edit of this window, in the order of their making. */
export class Staging {
  edits = $state.raw<readonly StagedEdit[]>([]);
  /** Grows with each change of the edits: plans made for an older number are out of date. */
  revision = $state(0);
  readonly #undo: (readonly StagedEdit[])[] = [];

  get count(): number {
    return this.edits.length;
  }

  get devices(): readonly string[] {
    return [...new Set(this.edits.map(({ device }) => device))];
  }

  /** Takes an edit in; one that says what the device has already takes an older edit of the same thing out. */
  stage(edit: StagedEdit): void {
    const others = this.edits.filter((other) => keyOf(other) !== keyOf(edit));
    if (edit.kind === 'removeMember') {
      const wasAdded = this.edits.some((other) => other.kind === 'addMember' && isSameMember(other, edit));
      const rest = others.filter((other) => !('member' in other) || !isSameMember(other, edit));
      this.#set(wasAdded ? rest : [...rest, edit]);
      return;
    }
    this.#set(isUnchanged(edit) ? others : [...others, edit]);
  }

  /** Takes one edit out again. */
  drop(edit: StagedEdit): void {
    this.#set(this.edits.filter((other) => keyOf(other) !== keyOf(edit)));
  }

  /** Takes back the last thing that was staged, dropped or discarded. */
  undo(): void {
    const before = this.#undo.pop();
    if (before === undefined) return;
    this.edits = before;
    this.revision += 1;
  }

  /** Drops all edits, or those of one device. */
  discard(device?: string): void {
    this.#set(device === undefined ? [] : this.edits.filter((edit) => edit.device !== device));
  }

  weight(device: string, pool: string, member: string): number | undefined {
    for (const edit of this.edits) {
      if (edit.kind === 'weight' && isAt(edit, device, pool) && edit.member === member) return edit.value;
    }
    return undefined;
  }

  adminState(device: string, pool: string, member: string): AdminState | undefined {
    for (const edit of this.edits) {
      if (edit.kind === 'adminState' && isAt(edit, device, pool) && edit.member === member) return edit.value;
    }
    return undefined;
  }

  algorithm(device: string, pool: string): AlgorithmSettings | undefined {
    for (const edit of this.edits) if (edit.kind === 'algorithm' && isAt(edit, device, pool)) return edit.value;
    return undefined;
  }

  persistence(device: string, pool: string): Persistence | undefined {
    for (const edit of this.edits) if (edit.kind === 'persistence' && isAt(edit, device, pool)) return edit.value;
    return undefined;
  }

  isRemoved(device: string, pool: string, member: string): boolean {
    return this.edits.some(
      (edit) => edit.kind === 'removeMember' && isAt(edit, device, pool) && edit.member === member,
    );
  }

  added(device: string, pool: string): readonly Member[] {
    return this.edits.flatMap((edit) => (edit.kind === 'addMember' && isAt(edit, device, pool) ? [edit.value] : []));
  }

  /** The document that a plan of this device is made from. */
  desired(device: string): Desired {
    return desiredOf(this.edits.filter((edit) => edit.device === device));
  }

  #set(edits: readonly StagedEdit[]): void {
    this.#undo.push(this.edits);
    if (this.#undo.length > 100) this.#undo.shift();
    this.edits = edits;
    this.revision += 1;
  }
}

/** Edits of one device as the contract's wish: pools and members by name, removal as `absent`. */
export function desiredOf(edits: readonly StagedEdit[]): Desired {
  const pools = new Map<string, DesiredPool>();
  for (const edit of edits) {
    const pool: DesiredPool = pools.get(edit.pool) ?? { name: edit.pool, members: new Map() };
    pools.set(edit.pool, pool);
    switch (edit.kind) {
      case 'algorithm':
        pool.algorithm = edit.value;
        break;
      case 'persistence':
        pool.persistence = edit.value;
        break;
      case 'addMember':
        pool.members.set(edit.member, { ...edit.value, ...pool.members.get(edit.member) });
        break;
      case 'removeMember':
        pool.members.set(edit.member, { name: edit.member, absent: true });
        break;
      case 'weight':
        pool.members.set(edit.member, { name: edit.member, ...pool.members.get(edit.member), weight: edit.value });
        break;
      case 'adminState':
        pool.members.set(edit.member, { name: edit.member, ...pool.members.get(edit.member), adminState: edit.value });
        break;
    }
  }
  return {
    pools: [...pools.values()].map(({ name, algorithm, persistence, members }) => ({
      name,
      ...(algorithm === undefined ? {} : { algorithm }),
      ...(persistence === undefined ? {} : { persistence }),
      ...(members.size === 0 ? {} : { members: [...members.values()] }),
    })),
  };
}

interface DesiredPool {
  readonly name: string;
  algorithm?: AlgorithmSettings;
  persistence?: Persistence;
  readonly members: Map<string, Member & { absent?: true }>;
}

function isAt(edit: At, device: string, pool: string): boolean {
  return edit.device === device && edit.pool === pool;
}

function isSameMember(a: At & { readonly member: string }, b: At & { readonly member: string }): boolean {
  return isAt(a, b.device, b.pool) && a.member === b.member;
}

function keyOf(edit: StagedEdit): string {
  return JSON.stringify([edit.kind, edit.device, edit.pool, 'member' in edit ? edit.member : '']);
}

function isUnchanged(edit: StagedEdit): boolean {
  switch (edit.kind) {
    case 'weight':
    case 'adminState':
      return edit.prior === edit.value;
    case 'algorithm':
      return edit.prior !== undefined && canonical(edit.prior) === canonical(edit.value);
    case 'persistence':
      return canonical(edit.prior ?? {}) === canonical(edit.value);
    case 'addMember':
    case 'removeMember':
      return false;
  }
}

/** Equal settings have equal text, whatever the order of their keys; the device's own word for them does not count. */
function canonical(settings: AlgorithmSettings | Persistence): string {
  const entries = Object.entries(settings).filter(([key, value]) => key !== 'native' && value !== undefined);
  return JSON.stringify(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}
