import { httpMonitor } from './http.ts';
import { httpsMonitor } from './https.ts';
import type { MonitorKind } from './monitor.ts';
import { redisMonitor } from './redis.ts';
import { tcpMonitor } from './tcp.ts';
import { tcpSendExpectMonitor } from './tcp-send-expect.ts';
import { tlsHelloMonitor } from './tls-hello.ts';

const list: readonly MonitorKind[] = [
  httpMonitor,
  httpsMonitor,
  tcpMonitor,
  tcpSendExpectMonitor,
  tlsHelloMonitor,
  redisMonitor,
];

/** Every kind of monitor that the engine speaks, by its type in the model. One import and one name make another. */
export const monitors: ReadonlyMap<string, MonitorKind> = new Map(list.map((kind) => [kind.type, kind]));
