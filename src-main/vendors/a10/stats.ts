import type { MemberSample, PoolSample, Sample, VirtualServerSample } from '../../contract/metrics.ts';
import type { Health } from '../../contract/model.ts';
import { fullName } from './partitions.ts';

/** One question each: an answer that holds a word of refusal in a name would end a session of several. */
export const statisticsCommands = ['show slb virtual-server', 'show slb service-group', 'show slb server'];

/** What one partition answered to `statisticsCommands`. */
export interface Statistics {
  readonly partition: string;
  readonly answers: readonly string[];
}

/**
 * Connections and states of virtual ports, groups and members (public transcripts of vThunder 4.1.4 and AX 1000). Packets are told and
 * bytes are not; a group's members have no state there, so theirs is that of the server's port.
 */
export function samplesOf(all: readonly Statistics[]): Pick<Sample, 'pools' | 'virtualServers'> {
  return {
    virtualServers: all.flatMap(({ partition, answers }) => virtualServersOf(answers[0] ?? '', partition)),
    pools: all.flatMap(({ partition, answers }) => poolsOf(answers[1] ?? '', serversOf(answers[2] ?? ''), partition)),
  };
}

const states = /(All Up|Functional Up|Partial Up|Up|Down|Disabled|Disb)\s*$/;

function healthOf(state: string | undefined): { health?: Health } {
  if (state === undefined || state.startsWith('Dis')) return {};
  return { health: state === 'Down' ? 'down' : 'up' };
}

/** `*vip1 192.0.2.1  All Up`, and a row `port 80  http  0  4  28  24  0` for each of its ports. */
function virtualServersOf(text: string, partition: string): readonly VirtualServerSample[] {
  const found: VirtualServerSample[] = [];
  let name = '';
  let address = '';
  let state: string | undefined;
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const head = /^\*(\S+)\s+(.*)$/.exec(line);
    if (head !== null) {
      // `(A)`: active for it by VRRP-A. The address is cut short by nothing, so a state may follow it at once.
      name = (head[1] ?? '').replace(/\([A-Za-z]\)$/, '');
      state = states.exec(head[2] ?? '')?.[1];
      address = /^[0-9a-fA-F:.]+?(?=\s|[A-Z][a-z]|$)/.exec(head[2] ?? '')?.[0] ?? '';
      continue;
    }
    const row = /^\s+port\s+(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+\d+\s+\d+\s+\d+\s*$/.exec(line);
    if (row === null || name === '') continue;
    const [, port = '', type = '', current = '', total = ''] = row;
    const plain = `${name}:${port}`;
    found.push({
      name: fullName(partition, seen.has(plain) ? `${plain}/${type}` : plain),
      ...(address === '' ? {} : { address }),
      port: Number(port),
      // Of a virtual server that is partly up nothing tells which of its ports are.
      ...(state === 'Partial Up' ? {} : healthOf(state)),
      ...(state?.startsWith('Dis') === true ? { adminState: 'disabled' as const } : {}),
      currentConnections: Number(current),
      totalConnections: total,
    });
    seen.add(plain);
  }
  return found;
}

/** `*sg1  State: All Up`, and a row `s1:80  0  2  12  8  0` for each member. */
function poolsOf(text: string, servers: ReadonlyMap<string, string>, partition: string): readonly PoolSample[] {
  const found: { readonly sample: PoolSample; readonly members: MemberSample[] }[] = [];
  for (const line of text.split('\n')) {
    const head = /^\*(\S+)\s+State:\s*(.*)$/.exec(line);
    if (head !== null) {
      const members: MemberSample[] = [];
      const name = fullName(partition, head[1] ?? '');
      found.push({ sample: { name, ...healthOf(states.exec(head[2] ?? '')?.[1]), members }, members });
      continue;
    }
    const row = /^(\S.*?):(\d+)\s+(\d+)\s+(\d+)\s+\d+\s+\d+\s+\d+\s*$/.exec(line);
    if (row === null) continue;
    const [, server = '', port = '', current = '', total = ''] = row;
    const state = servers.get(`${server}:${port}`);
    const isDisabled = state?.startsWith('Dis') === true || servers.get(server)?.startsWith('Dis') === true;
    found.at(-1)?.members.push({
      name: fullName(partition, `${server}:${port}`),
      port: Number(port),
      ...healthOf(state),
      ...(isDisabled ? { adminState: 'disabled' as const } : {}),
      currentConnections: Number(current),
      totalConnections: total,
    });
  }
  return found.map(({ sample }) => sample);
}

/** `s1:80/tcp  0  2  12  8  0  Up` by `s1:80`, and `s1: Total ... Disabled` by `s1`; what TCP and UDP of one number differ in is left out. */
function serversOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const differ = new Set<string>();
  for (const line of text.split('\n')) {
    const row = /^(\S.*?):(?:(\d+)\/\w+|\s*Total)\s+\d+\s+\d+\s+\d+\s+\d+\s+\d+\s+(\S.*?)\s*$/.exec(line);
    if (row === null) continue;
    const [, server = '', port, state = ''] = row;
    const key = port === undefined ? server : `${server}:${port}`;
    if (found.has(key) && found.get(key) !== state) differ.add(key);
    found.set(key, state);
  }
  for (const key of differ) found.delete(key);
  return found;
}
