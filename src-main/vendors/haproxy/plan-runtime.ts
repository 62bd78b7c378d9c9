import { algorithmSettings, type DeviceModel, type DevicePool, type Member } from '../../contract/model.ts';
import { isStaticAlgorithm } from './cfg/algorithm.ts';
import { moveChecks } from './plan-runtime-checks.ts';
import { type RunningServer, serverKey, stateWords } from './runtime.ts';
import type { AcceptedState, Expectation, ExpectedServer, RunningState } from './standing.ts';

/** A change that the running process takes without a reload: lines for its socket, and those that take them back. */
export interface RuntimeChange {
  readonly lines: readonly string[];
  readonly backLines: readonly string[];
  readonly becomes: Expectation;
  readonly was: Expectation;
}

interface Sent {
  readonly line: string;
  readonly backLine: string;
  readonly becomes: AcceptedState;
  readonly was: AcceptedState;
}

/**
 * What to tell the running process so that it does what `target` asks of its members, or the sentence on why only a reload can.
 * Pools, members but for weight and admin state, and checks but for where they go must be the same in both; the caller sees to that.
 */
export function findRuntimeChange(
  base: DeviceModel,
  target: DeviceModel,
  running: RunningState,
): RuntimeChange | { readonly why: string } {
  const changes: {
    readonly pool: string;
    readonly name: string;
    readonly sent: readonly Sent[];
    readonly now: RunningServer;
  }[] = [];
  const pools = new Map(base.pools.map((pool) => [pool.name, pool]));
  for (const pool of target.pools) {
    const members = new Map(pools.get(pool.name)?.members.map((member) => [member.name, member]));
    for (const member of pool.members) {
      const was = members.get(member.name);
      if (was === undefined) continue;
      const isMoved = checksText(base, pool.name, member) !== checksText(target, pool.name, member);
      if (was.weight === member.weight && was.adminState === member.adminState && !isMoved) continue;
      const now = running.servers.get(serverKey(pool.name, member.name));
      if (!isCommandWord(pool.name) || !isCommandWord(member.name)) {
        return { why: `The name ${JSON.stringify(`${pool.name}/${member.name}`)} cannot be said on HAProxy's socket.` };
      }
      if (now === undefined) return { why: `The running process does not know member ${pool.name}/${member.name}.` };
      const sent = commandsFor(pool, was, member, now);
      if ('why' in sent) return sent;
      const moved = isMoved ? moveChecks(base, target, pool.name, member, now) : [];
      if ('why' in moved) return moved;
      changes.push({ pool: pool.name, name: member.name, sent: [...sent, ...moved], now });
    }
  }
  function expected(key: 'becomes' | 'was'): Expectation {
    const servers = changes.map(({ pool, name, sent, now }): ExpectedServer => {
      const state = Object.assign({}, ...sent.map((one) => one[key])) as AcceptedState; // parts of one state
      // What has no place of its own yet and what was put back to the server's place are the same.
      const untouched = key === 'was' ? placesNow(state, now) : [];
      return { pool, name, accepted: [state, ...untouched] };
    });
    return { servers, pools: [] };
  }
  const sent = changes.flatMap((change) => change.sent);
  return {
    lines: sent.map((one) => one.line),
    backLines: sent.map((one) => one.backLine).toReversed(),
    becomes: expected('becomes'),
    was: expected('was'),
  };
}

function placesNow(state: AcceptedState, { check, agent }: RunningServer): readonly AcceptedState[] {
  const now: AcceptedState = {
    ...state,
    ...(state.checkPort === undefined || check === undefined ? {} : { checkPort: check.port }),
    ...(state.checkAddress === undefined || check === undefined ? {} : { checkAddress: check.address }),
    ...(state.agentPort === undefined || agent === undefined ? {} : { agentPort: agent.port }),
    ...(state.agentAddress === undefined || agent === undefined ? {} : { agentAddress: agent.address }),
  };
  return JSON.stringify(now) === JSON.stringify(state) ? [] : [now];
}

/** The monitors of a member, as text to compare. */
function checksText({ pools, monitors }: DeviceModel, pool: string, member: Member): string {
  const found = pools.find(({ name }) => name === pool);
  const names = [
    ...(found?.monitors ?? []),
    ...(found?.members.find(({ name }) => name === member.name)?.monitors ?? []),
  ];
  return JSON.stringify(monitors.filter(({ name }) => names.includes(name)));
}

/** What HAProxy takes as a name (configuration.txt 2.1 "valid names"); anything else could be read as another command. */
function isCommandWord(name: string): boolean {
  return /^[A-Za-z0-9_.:-]+$/.test(name);
}

/** Only what was asked for is sent: a drain that somebody else holds at run time stays where the weight alone changes. */
function commandsFor(
  pool: DevicePool,
  was: Member,
  member: Member,
  now: RunningServer,
): readonly Sent[] | { readonly why: string } {
  const who = `${pool.name}/${member.name}`;
  const weight = member.weight ?? 1;
  const state = member.adminState ?? 'enabled';
  const isStateChange = was.adminState !== member.adminState;
  // The drain of a process that was reloaded since is a weight of 0 (the file has no other word): enabling it brings the weight back.
  const isBackFromDrain = isStateChange && state === 'enabled' && now.weight !== weight;
  const sent: Sent[] = [];
  if (was.weight !== member.weight || isBackFromDrain) {
    const isStatic = pool.algorithm !== undefined && isStaticAlgorithm(algorithmSettings(pool.algorithm));
    if (isStatic && weight !== 0 && weight !== now.initialWeight) {
      const why = `Under a static algorithm a running process takes no other weights than 0 and the one it started with: ${who} started with ${now.initialWeight}.`;
      return { why };
    }
    sent.push({
      line: `set server ${who} weight ${weight}`,
      backLine: `set server ${who} weight ${now.weight}`,
      becomes: { weight },
      was: { weight: now.weight },
    });
  }
  if (isStateChange) {
    sent.push({
      line: `set server ${who} state ${stateWords[state]}`,
      backLine: `set server ${who} state ${stateWords[now.adminState]}`,
      becomes: { adminState: state },
      was: { adminState: now.adminState },
    });
  }
  return sent;
}
