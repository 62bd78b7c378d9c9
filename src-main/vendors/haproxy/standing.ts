import { AppError } from '../../contract/errors.ts';
import {
  type AdminState,
  type Algorithm,
  algorithmSettings,
  type DeviceModel,
  type Member,
} from '../../contract/model.ts';
import { type RunningServer, serverKey } from './runtime.ts';

/** A state that a server may be in; what is left out does not count. */
export interface AcceptedState {
  readonly weight?: number;
  readonly adminState?: AdminState;
  readonly checkPort?: number;
  readonly checkAddress?: string;
  readonly agentPort?: number;
  readonly agentAddress?: string;
}
export interface ExpectedServer {
  readonly pool: string;
  readonly name: string;
  /** Any of these will do; empty = the server must not be there. */
  readonly accepted: readonly AcceptedState[];
}
/** What the running process has to say of the objects that a plan changes. */
export interface Expectation {
  readonly servers: readonly ExpectedServer[];
  /** By the first word of `balance`: the process names no more. */
  readonly pools: readonly { readonly name: string; readonly algorithm: string }[];
}

/** What the process says, by `show stat` and `show servers state`. */
export interface RunningState {
  readonly servers: ReadonlyMap<string, RunningServer>;
  readonly algorithms: ReadonlyMap<string, string>;
}

/** The state a server starts in when the file says this member. A drain is written as weight 0: no new client comes. */
export function startedState(member: Member): AcceptedState {
  const { weight = 1, adminState = 'enabled' } = member;
  if (adminState === 'draining') return { weight: 0, adminState: 'enabled' };
  return adminState === 'disabled' ? { adminState } : { weight, adminState };
}

/** What a process that was started on `to` has of the objects in which `to` differs from `from`. */
export function expectationOf(from: DeviceModel, to: DeviceModel): Expectation {
  const servers: ExpectedServer[] = [];
  const pools: { name: string; algorithm: string }[] = [];
  const before = new Map(from.pools.map((pool) => [pool.name, pool]));
  for (const pool of to.pools) {
    const old = before.get(pool.name);
    const algorithm = keywordOf(pool.algorithm);
    if (algorithm !== undefined && algorithm !== keywordOf(old?.algorithm)) pools.push({ name: pool.name, algorithm });
    const oldMembers = new Map(old?.members.map((member) => [member.name, member]));
    for (const member of pool.members) {
      const was = oldMembers.get(member.name);
      oldMembers.delete(member.name);
      if (was !== undefined && isSame(startedState(was), startedState(member))) continue;
      servers.push({ pool: pool.name, name: member.name, accepted: [startedState(member)] });
    }
    for (const name of oldMembers.keys()) servers.push({ pool: pool.name, name, accepted: [] });
  }
  return { servers, pools };
}

/** The same expectation, with the states in which the servers run now accepted too: no reload has been asked for yet. */
export function orAsNow(expected: Expectation, running: RunningState): Expectation {
  const servers = expected.servers.map((server) => {
    const now = running.servers.get(serverKey(server.pool, server.name));
    if (now === undefined || server.accepted.length === 0) return server;
    return { ...server, accepted: [...server.accepted, { weight: now.weight, adminState: now.adminState }] };
  });
  return { ...expected, servers };
}

/** Sentences on what keeps the running process from what is expected; none when it is there. */
export function differencesOf(expected: Expectation, running: RunningState): readonly string[] {
  return [
    ...expected.servers.map((server) =>
      serverDifference(server, running.servers.get(serverKey(server.pool, server.name))),
    ),
    ...expected.pools.map(({ name, algorithm }) => {
      const found = running.algorithms.get(name);
      // A socket of level `user` does not tell it; so does a version before 1.8.
      if (found === undefined || found === algorithm) return undefined;
      return `pool ${name} balances by ${found}, not ${algorithm}`;
    }),
  ].filter((text) => text !== undefined);
}

function serverDifference(
  { pool, name, accepted }: ExpectedServer,
  running: RunningServer | undefined,
): string | undefined {
  const who = `member ${pool}/${name}`;
  if (accepted.length === 0) return running === undefined ? undefined : `${who} is still there`;
  if (running === undefined) return `${who} is not there`;
  if (accepted.some((state) => isAccepted(state, running))) return undefined;
  const [first] = accepted;
  const moved = first === undefined ? undefined : misplaced(who, first, running);
  if (moved !== undefined) return moved;
  const wanted = [first?.adminState, first?.weight === undefined ? undefined : `weight ${first.weight}`];
  return `${who} is ${running.adminState}, weight ${running.weight}, not ${wanted.filter((word) => word !== undefined).join(', ')}`;
}

function isAccepted(state: AcceptedState, running: RunningServer): boolean {
  const isWeight = state.weight === undefined || state.weight === running.weight;
  const isState = state.adminState === undefined || state.adminState === running.adminState;
  return isWeight && isState && misplaced('', state, running) === undefined;
}

/** A sentence on a check or an agent that goes elsewhere than is wanted. */
function misplaced(who: string, state: AcceptedState, { check, agent }: RunningServer): string | undefined {
  const places = [
    ['check port', state.checkPort, check?.port],
    ['check address', state.checkAddress, check?.address],
    ['agent port', state.agentPort, agent?.port],
    ['agent address', state.agentAddress, agent?.address],
  ] as const;
  const found = places.find(([, wanted, is]) => wanted !== undefined && wanted !== is);
  return found && `${who} has ${found[0]} ${found[2] ?? 'unknown'}, not ${found[1] ?? ''}`;
}

function keywordOf(algorithm: Algorithm | undefined): string | undefined {
  const native = algorithm === undefined ? undefined : algorithmSettings(algorithm).native;
  return native === undefined ? undefined : /^[a-z_-]+/.exec(native)?.[0];
}

/** Both are plain data made the same way, so equal ones have the same text. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** The expectations of a plan as its `driver` field keeps them. Throws PLAN_INVALID where a hand has changed their shape. */
export function readExpectation(value: unknown): Expectation {
  const { servers, pools } = recordOf(value);
  return {
    servers: listOf(servers).map((one) => {
      const { pool, name, accepted } = recordOf(one);
      return { pool: textOf(pool), name: textOf(name), accepted: listOf(accepted).map(readAccepted) };
    }),
    pools: listOf(pools).map((one) => {
      const { name, algorithm } = recordOf(one);
      return { name: textOf(name), algorithm: textOf(algorithm) };
    }),
  };
}

function readAccepted(value: unknown): AcceptedState {
  const { weight, adminState, checkPort, checkAddress, agentPort, agentAddress } = recordOf(value);
  return {
    ...(typeof checkPort === 'number' ? { checkPort } : {}),
    ...(typeof checkAddress === 'string' ? { checkAddress } : {}),
    ...(typeof agentPort === 'number' ? { agentPort } : {}),
    ...(typeof agentAddress === 'string' ? { agentAddress } : {}),
    ...(typeof weight === 'number' ? { weight } : {}),
    // As above: an unknown word is never met.
    ...(typeof adminState === 'string' ? { adminState: adminState as AdminState } : {}),
  };
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  // Checked to be an object; its values stay unknown.
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw damaged();
}
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw damaged();
}
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw damaged();
}
export function damaged(): AppError {
  return new AppError(
    'PLAN_INVALID',
    'The part of the plan that the driver keeps for itself is damaged. Make the plan again.',
  );
}
