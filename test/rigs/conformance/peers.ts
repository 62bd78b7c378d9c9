import { speak, startRawMember } from '../raw-http.ts';
import type { ConformanceCase, Seen } from './case.ts';
import { openProxy, type ProxyName } from './proxies.ts';

/** A proxy with one member of its own that answers what the case says. */
export interface ConformancePeer {
  readonly name: ProxyName;
  readonly run: (one: ConformanceCase) => Promise<Seen>;
  readonly close: () => Promise<void>;
}

const defaultAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

export async function openPeer(name: ProxyName): Promise<ConformancePeer> {
  let answer = defaultAnswer;
  const answered = new WeakMap<object, number>();
  const member = await startRawMember((socket, said) => {
    if (!said.includes('\r\n\r\n') || answered.has(socket)) return;
    answered.set(socket, 1);
    const isTunnel = answer.startsWith('HTTP/1.1 101');
    // A body may still be on its way: the member's end comes only once the sender has had time to say everything.
    socket.write(Buffer.from(answer, 'latin1'));
    if (!isTunnel) setTimeout(() => socket.end(), 20);
  });
  const proxy = await openProxy(name, [{ spoken: 'http1', member: member.port }]);
  const [port = 0] = proxy.ports;
  return {
    name,
    run: async (one) => {
      answer = one.answer ?? defaultAnswer;
      const before = member.heard.length;
      const { text, ending } = await speak(port, Buffer.from(one.send, 'latin1'), {
        timeoutMs: 1500,
        ...(one.until === undefined ? {} : { until: one.until }),
      });
      const statuses = [...text.matchAll(/(?:^|\n|[^\n])HTTP\/1\.\d (\d{3})/g)].map((match) => Number(match[1]));
      const heard = member.heard.slice(before).join('');
      return { text, ending, heard, statuses, status: statuses.find((each) => each >= 200) ?? 0 };
    },
    close: async () => {
      await proxy.close();
      await member.close();
    },
  };
}
