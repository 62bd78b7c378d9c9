import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRawHttp2Member, type RawHttp2Behaviour } from '../raw-http2-member.ts';
import type { MemberCase, MemberSeen } from './http2-member-cases.ts';
import { openProxy, type ProxyName } from './proxies.ts';

/** Whatever comes without a word after this long never comes; ours is given much longer, so that a busy machine spoils no result. */
const patienceMs = { haproxy: 1000, nginx: 1000, engine: 10_000 };
const settleMs = 20;
/** Cases that run at once, each with a proxy and a member of its own. */
const lanes = 3;

/**
 * Runs all cases against one proxy, whose members speak HTTP/2; answers what was seen, in their order. A case that ends the
 * proxy itself is its own fault alone: the next meets a new one.
 */
export async function runMemberCases(name: ProxyName, cases: readonly MemberCase[]): Promise<MemberSeen[]> {
  const results: MemberSeen[] = [];
  const waiting = [...cases.entries()];
  async function runLane(): Promise<void> {
    let behaviour: RawHttp2Behaviour = {};
    const member = await startRawHttp2Member(() => behaviour);
    const listener = { spoken: 'h2-members', member: member.port } as const;
    let proxy = await openProxy(name, [listener]);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, one] = next;
      if (!(await listens(proxy.ports[0] ?? 0))) {
        await proxy.close();
        proxy = await openProxy(name, [listener]);
      }
      behaviour = one.member;
      const before = member.links.length;
      results[at] = await run(one, proxy.ports[0] ?? 0, patienceMs[name], () => member.links.slice(before));
      // Each case begins without connections.
      for (const link of member.links) link.destroy();
      await sleep(settleMs);
    }
    await proxy.close();
    await member.close();
  }
  await Promise.all(Array.from({ length: lanes }, runLane));
  return results;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

async function run(
  one: MemberCase,
  port: number,
  waitMs: number,
  linksOf: () => MemberSeen['links'],
): Promise<MemberSeen> {
  let text = '';
  let ending: MemberSeen['ending'] = 'open';
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {
    ending = 'reset';
  });
  socket.on('close', () => {
    if (ending === 'open') ending = 'end';
  });
  socket.write(one.send, 'latin1');
  function look(): MemberSeen {
    const statuses = [...text.matchAll(/(?:^|\n|[^\n])HTTP\/1\.\d (\d{3})/g)].map((match) => Number(match[1]));
    const links = linksOf();
    const request = links.map(({ requests }) => requests.values().next().value).find((each) => each !== undefined);
    return { text, ending, statuses, status: statuses.find((each) => each >= 200) ?? 0, links, request };
  }
  const isOver = one.until ?? (({ ending: ended }: MemberSeen) => ended !== 'open');
  for (const deadline = performance.now() + waitMs; !isOver(look()) && performance.now() < deadline;) await sleep(2);
  await sleep(settleMs);
  socket.destroy();
  return look();
}
