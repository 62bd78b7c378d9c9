import { toProblem } from '../../contract/errors.ts';
import type { MemberSample, PoolSample, Sample, VirtualServerSample } from '../../contract/metrics.ts';
import {
  algorithmSettings,
  type DeviceModel,
  type DevicePool,
  type Member,
  type VirtualServer,
} from '../../contract/model.ts';
import { parseStat, type StatAnswer, type StatRow } from './stat-answer.ts';
import { quoteWord } from './write.ts';

/** Asks the appliance; throws as `ask` does. */
export type AskStat = (command: string) => Promise<string>;

/** Up to so many members each is asked for by itself, which alone tells its bytes; of more only what stands in the tables is known. */
const mostByThemselves = 40;
/** One command waits for its answer on a channel of its own. */
const atOnce = 4;

type Figures = Pick<Sample, 'virtualServers' | 'pools' | 'errors'>;

/** The figures of a configuration by `stat`; `isStale` where the appliance no longer has what was asked for. */
export async function pollByStat(model: DeviceModel, ask: AskStat): Promise<Figures & { readonly isStale: boolean }> {
  const commands = commandsOf(model);
  const answers = new Map<string, StatAnswer>();
  const errors: Figures['errors'] = [];
  let isStale = false;
  for (let at = 0; at < commands.length; at += atOnce) {
    const some = commands.slice(at, at + atOnce);
    for (const [index, said] of (await Promise.allSettled(some.map((command) => ask(command)))).entries()) {
      if (said.status === 'fulfilled') answers.set(some[index] ?? '', parseStat(said.value));
      else {
        const problem = toProblem(said.reason);
        // A lost link is the poll's own failure; what was refused leaves the rest standing.
        if (problem.code !== 'COMMAND_REJECTED') throw said.reason;
        errors.push(problem);
        isStale = true;
      }
    }
  }
  return {
    virtualServers: model.virtualServers.map((virtual) => virtualSample(virtual, answers.get(ofVirtual(virtual)))),
    pools: model.pools.map((pool) => poolSample(pool, model, answers)),
    errors,
    isStale,
  };
}

function commandsOf(model: DeviceModel): readonly string[] {
  const bound = new Set(model.virtualServers.flatMap(({ pool, morePools = [] }) => [pool ?? '', ...morePools]));
  const loose = model.pools.filter(({ name }) => !bound.has(name)).flatMap((pool) => ofGroup(pool) ?? []);
  const members = new Set(model.pools.flatMap((pool) => pool.members.map((member) => ofMember(pool, member))));
  return [
    ...model.virtualServers.map(ofVirtual),
    ...new Set(loose),
    ...(members.size > mostByThemselves ? [] : members),
  ];
}

function ofVirtual({ name, native }: VirtualServer): string {
  return `stat ${native?.['kind'] === 'cs vserver' ? 'cs' : 'lb'} vserver ${quoteWord(name)} -fullValues`;
}

function ofGroup({ native }: DevicePool): string | undefined {
  const group = native?.['serviceGroup'];
  return group === undefined ? undefined : `stat serviceGroup ${quoteWord(group)} -fullValues`;
}

function ofMember({ native }: DevicePool, { name, node, port }: Member): string {
  const group = native?.['serviceGroup'];
  if (group === undefined) return `stat service ${quoteWord(name)} -fullValues`;
  const place = `${quoteWord(node ?? name)} ${port === undefined ? '*' : String(port)}`;
  return `stat serviceGroupMember ${quoteWord(group)} ${place} -fullValues`;
}

/** A virtual server that says UP though none of its services is has 0 at Health. */
function virtualSample({ name, adminState }: VirtualServer, answer: StatAnswer | undefined): VirtualServerSample {
  const { itself, totals } = answer ?? {};
  const health = itself?.values.get('Health');
  const isEmpty = health === '0' && itself?.state === 'UP';
  return {
    name,
    ...(itself === undefined ? {} : { address: itself.address, ...stateOf(isEmpty ? 'DOWN' : itself.state) }),
    ...(itself?.port === undefined ? {} : { port: itself.port }),
    ...(adminState === undefined ? {} : { adminState }),
    ...gauge('currentConnections', totals?.get('current client connections')),
    ...counter('requests', totals?.get('requests')),
    ...counter('bytesIn', totals?.get('request bytes')),
    ...counter('bytesOut', totals?.get('response bytes')),
  };
}

function poolSample(pool: DevicePool, model: DeviceModel, answers: ReadonlyMap<string, StatAnswer>): PoolSample {
  const virtual = model.virtualServers.find(({ pool: first, morePools = [], native }) => {
    return native?.['kind'] !== 'cs vserver' && [first, ...morePools].includes(pool.name);
  });
  const command = virtual === undefined ? ofGroup(pool) : ofVirtual(virtual);
  const rows = command === undefined ? [] : (answers.get(command)?.bound ?? []);
  const method = pool.algorithm === undefined ? undefined : algorithmSettings(pool.algorithm).native;
  return {
    name: pool.name,
    ...(method === undefined ? {} : { algorithm: method }),
    ...(pool.adminState === undefined ? {} : { adminState: pool.adminState }),
    members: pool.members.map((member) => {
      const own = answers.get(ofMember(pool, member));
      return memberSample(member, rows.find((row) => isOf(row, pool, member)) ?? own?.bound[0] ?? own?.itself, own);
    }),
  };
}

/** Members of groups are told as `GROUP?SERVER?PORT`. */
function isOf(row: StatRow, { native }: DevicePool, { name, node, port }: Member): boolean {
  const group = native?.['serviceGroup'];
  if (group === undefined) return row.name === name;
  return row.name === `${group}?${node ?? name}?${port === undefined ? '*' : String(port)}`;
}

function memberSample(member: Member, row: StatRow | undefined, own: StatAnswer | undefined): MemberSample {
  const { name, address, port, weight = 1, adminState } = member;
  const totals = own?.totals;
  const connections = totals?.get('current server connections') ?? row?.values.get('SvrConn');
  return {
    name,
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    weight,
    ...(adminState === undefined ? {} : { adminState }),
    ...(row === undefined ? {} : stateOf(row.state)),
    ...gauge('currentConnections', connections ?? row?.values.get('ClntConn')),
    ...gauge('queuedRequests', totals?.get('requests in surge queue') ?? row?.values.get('SurgeQ')),
    ...counter(
      'requests',
      totals?.get('total number of requests') ?? totals?.get('requests') ?? row?.values.get('Req'),
    ),
    ...counter('bytesIn', totals?.get('request bytes')),
    ...counter('bytesOut', totals?.get('response bytes')),
  };
}

/**
 * `GOING OUT OF SERVICE` (TROFS) takes no new clients: a drain, without a deadline, or with the one in its brackets. `OUT OF SERVICE` is
 * stopped, or a drain that has ended.
 */
function stateOf(state: string): Pick<MemberSample, 'health' | 'adminState' | 'lastCheck'> {
  if (/^(?:GOING|TROFS)/.test(state)) {
    const health = state === 'TROFS_DOWN' ? 'down' : 'up';
    return { health, adminState: 'draining', lastCheck: { result: state } };
  }
  if (/^(?:OUT OF SERVICE|OFS|DISABLED)/.test(state)) return { adminState: 'disabled' };
  if (state === 'UP') return { health: 'up' };
  if (state === 'DOWN') return { health: 'down' };
  return { health: state === 'BUSY' ? 'limited' : 'unknown' };
}

function gauge<K extends string>(key: K, text: string | undefined): Partial<Record<K, number>> {
  // A computed key widens to string; it is K by construction.
  return text === undefined || !/^\d+$/.test(text) ? {} : ({ [key]: Number(text) } as Record<K, number>);
}

function counter<K extends string>(key: K, text: string | undefined): Partial<Record<K, string>> {
  // As above.
  return text === undefined || !/^\d+$/.test(text) ? {} : ({ [key]: text } as Record<K, string>);
}
