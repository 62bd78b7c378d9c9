import { agentMonitor } from './agent.ts';
import { dnsMonitor } from './dns.ts';
import { grpcMonitor } from './grpc.ts';
import { httpMonitor } from './http.ts';
import { httpsMonitor } from './https.ts';
import { icmpMonitor } from './icmp.ts';
import { ldapMonitor } from './ldap.ts';
import type { MonitorKind } from './monitor.ts';
import { mysqlMonitor } from './mysql.ts';
import { postgresqlMonitor } from './postgresql.ts';
import { redisMonitor } from './redis.ts';
import { scriptMonitor } from './script.ts';
import { smtpMonitor } from './smtp.ts';
import { tcpHalfOpenMonitor } from './tcp-half-open.ts';
import { tcpSendExpectMonitor } from './tcp-send-expect.ts';
import { tcpMonitor } from './tcp.ts';
import { tlsHelloMonitor } from './tls-hello.ts';
import { udpMonitor } from './udp.ts';

const list: readonly MonitorKind[] = [
  httpMonitor,
  httpsMonitor,
  tcpMonitor,
  tcpHalfOpenMonitor,
  tcpSendExpectMonitor,
  udpMonitor,
  tlsHelloMonitor,
  dnsMonitor,
  icmpMonitor,
  redisMonitor,
  mysqlMonitor,
  postgresqlMonitor,
  ldapMonitor,
  smtpMonitor,
  grpcMonitor,
  scriptMonitor,
  agentMonitor,
];

/** Every kind of monitor that the engine speaks, by its type in the model. One import and one name make another. */
export const monitors: ReadonlyMap<string, MonitorKind> = new Map(list.map((kind) => [kind.type, kind]));
