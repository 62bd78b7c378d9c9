import type { AdminState, AlgorithmSettings, Desired, Member, Persistence } from '$contract/model.ts';
import { monitorWish, type PoolChecks } from './monitor-form.ts';

interface At {
  readonly device: string;
  readonly pool: string;
}

/** The object that a setting is of. */
export type SettingOwner = { readonly device: string } & (
  | { readonly of: 'virtualServer'; readonly virtualServer: string }
  | { readonly of: 'pool'; readonly pool: string }
  | { readonly of: 'member'; readonly pool: string; readonly member: string }
);

/** A key of the model that a form writes, of one object. `value` undefined takes it away. */
export type SettingEdit = SettingOwner & {
  readonly kind: 'setting';
  readonly key: string;
  readonly prior: unknown;
  readonly value: unknown;
};

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
  | SettingEdit
  | (At & { readonly kind: 'monitors'; readonly prior: PoolChecks; readonly value: PoolChecks })
  | (At & { readonly kind: 'addMember'; readonly member: string; readonly value: Member })
  | (At & { readonly kind: 'removeMember'; readonly member: string });

/** Every staged edit of this window, in the order of their making. */
export class Staging {
  edits = $state.raw<readonly StagedEdit[]>([]);
  /** Grows with each change of the edits: plans made for an older number are out of date. */
  revision = $state(0);
  readonly #undo: (readonly StagedEdit[])[] = [];
  readonly #sent = new Map<string, readonly StagedEdit[]>();

  get count(): number {
    return this.edits.length;
  }

  get devices(): readonly string[] {
    return [...new Set(this.edits.map(({ device }) => device))];
  }

  /** Takes an edit in; one that says what the device has already takes an older edit of the same thing out. */
  stage(edit: StagedEdit): void {
    const others = this.edits.filter((other) => editKey(other) !== editKey(edit));
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
    this.#set(this.edits.filter((other) => editKey(other) !== editKey(edit)));
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

  /** The edits of a device go into a push. */
  send(device: string): void {
    this.#sent.set(
      device,
      this.edits.filter((edit) => edit.device === device),
    );
    this.discard(device);
  }

  /** Stages again what the last push of a device held: it was refused, or went back. What was staged since stands. */
  takeUp(device: string): void {
    const sent = this.#sent.get(device) ?? [];
    this.#sent.delete(device);
    const since = new Set(this.edits.map(editKey));
    const again = sent.filter((edit) => !since.has(editKey(edit)));
    if (again.length > 0) this.#set([...again, ...this.edits]);
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

  /** Stages what a form made of some keys of one object, whose values on the device `prior` holds. */
  stageSettings(of: SettingOwner, prior: object | undefined, settings: Readonly<Record<string, unknown>>): void {
    const before: Readonly<Record<string, unknown>> = { ...prior };
    for (const [key, value] of Object.entries(settings)) {
      this.stage({ kind: 'setting', ...of, key, prior: before[key], value });
    }
  }

  /** A setting that was staged, in `value`; undefined where none was. */
  setting(of: SettingOwner, key: string): { readonly value: unknown } | undefined {
    const wanted = editKey({ kind: 'setting', ...of, key, prior: undefined, value: undefined });
    const found = this.edits.find((edit) => editKey(edit) === wanted);
    return found?.kind === 'setting' ? found : undefined;
  }

  checks(device: string, pool: string): PoolChecks | undefined {
    for (const edit of this.edits) if (edit.kind === 'monitors' && isAt(edit, device, pool)) return edit.value;
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
  const servers = new Map<string, Record<string, unknown>>();
  const monitors: NonNullable<Desired['monitors']> = [];
  for (const edit of edits) {
    if ('virtualServer' in edit) {
      const known = servers.get(edit.virtualServer);
      servers.set(edit.virtualServer, { name: edit.virtualServer, ...known, [edit.key]: settingWish(edit) });
      continue;
    }
    const pool: DesiredPool = pools.get(edit.pool) ?? { settings: {}, members: new Map() };
    pools.set(edit.pool, pool);
    switch (edit.kind) {
      case 'algorithm':
      case 'persistence':
        pool.settings[edit.kind] = edit.value;
        break;
      case 'setting':
        if (edit.of === 'pool') pool.settings[edit.key] = settingWish(edit);
        else changeMember(pool, edit.member, { [edit.key]: edit.value });
        break;
      case 'monitors': {
        const [names, had] = [edit.value, edit.prior].map(namesOf);
        if (canonical(names) !== canonical(had)) pool.settings['monitors'] = names ?? [];
        monitors.push(...wishesFor(edit.prior, edit.value));
        break;
      }
      case 'addMember':
        pool.members.set(edit.member, { ...edit.value, ...pool.members.get(edit.member) });
        break;
      case 'removeMember':
        pool.members.set(edit.member, { name: edit.member, absent: true });
        break;
      case 'weight':
      case 'adminState':
        changeMember(pool, edit.member, { [edit.kind]: edit.value });
        break;
    }
  }
  const wish = {
    ...(monitors.length === 0 ? {} : { monitors }),
    ...(servers.size === 0 ? {} : { virtualServers: [...servers.values()] }),
    ...(pools.size === 0 && servers.size > 0
      ? {}
      : {
          pools: [...pools].map(([name, { settings, members }]) => ({
            name,
            ...settings,
            ...(members.size === 0 ? {} : { members: [...members.values()] }),
          })),
        }),
  };
  return wish as Desired; // values are what the forms made of the schema's own keys, and the console checks the whole
}

interface DesiredPool {
  readonly settings: Record<string, unknown>;
  readonly members: Map<string, Readonly<Record<string, unknown>>>;
}

function changeMember(pool: DesiredPool, name: string, change: Readonly<Record<string, unknown>>): void {
  pool.members.set(name, { name, ...pool.members.get(name), ...change });
}

/** TLS that a form shows whole is all there is to be, or none. */
function settingWish({ key, value }: SettingEdit): unknown {
  if (key !== 'tls') return value;
  return value === undefined ? { absent: true } : { ...(value as object), exact: true }; // its form makes an object
}

function namesOf({ check, agent }: PoolChecks): string[] {
  return [check, agent].flatMap((monitor) => monitor?.name ?? []);
}

/** The monitors that become another, and those that go. */
function wishesFor(prior: PoolChecks, value: PoolChecks): NonNullable<Desired['monitors']> {
  return (['check', 'agent'] as const).flatMap((kind): NonNullable<Desired['monitors']> => {
    const [had, wanted] = [prior[kind], value[kind]];
    if (wanted !== undefined) return canonical(had ?? {}) === canonical(wanted) ? [] : [monitorWish(had, wanted)];
    return had === undefined ? [] : [{ name: had.name, absent: true }];
  });
}

function isAt(edit: At, device: string, pool: string): boolean {
  return edit.device === device && edit.pool === pool;
}

function isSameMember(a: At & { readonly member: string }, b: At & { readonly member: string }): boolean {
  return isAt(a, b.device, b.pool) && a.member === b.member;
}

/** What an edit is about: of two with the same key the later one stands. */
export function editKey(edit: StagedEdit): string {
  const { kind, device } = edit;
  const path = 'virtualServer' in edit ? [edit.virtualServer] : [edit.pool, 'member' in edit ? edit.member : ''];
  return JSON.stringify([kind, device, ...(edit.kind === 'setting' ? [edit.of, edit.key] : []), ...path]);
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
    case 'setting':
      return sorted(edit.prior ?? unsaid[edit.key]) === sorted(edit.value ?? unsaid[edit.key]);
    case 'monitors':
      return wishesFor(edit.prior, edit.value).length === 0;
    case 'addMember':
    case 'removeMember':
      return false;
  }
}

/** What a setting is that nobody wrote. */
const unsaid: Readonly<Record<string, unknown>> = { adminState: 'enabled', persistence: {}, monitors: [] };

/** Equal plain values have equal text. */
function sorted(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a.localeCompare(b)))
      : inner,
  );
}

/** Equal settings have equal text, whatever the order of their keys; the device's own word for them does not count. */
function canonical(settings: object = {}): string {
  const entries = Object.entries(settings).filter(([key, value]) => key !== 'native' && value !== undefined);
  return JSON.stringify(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}
