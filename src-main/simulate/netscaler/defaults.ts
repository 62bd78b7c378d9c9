import { toWord } from './words.ts';
import type { Argument } from './config-line.ts';

/** What the appliance writes by itself on a new object: as public ns.conf files of 11.1 to 13.1 have it. */
export function defaultArguments(object: string, serviceType: string): readonly Argument[] {
  const [client, server] = timeouts(serviceType);
  const service = `-maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES`;
  const tail = `-cltTimeout ${client} -svrTimeout ${server} -CKA NO -TCPB NO -CMP NO`;
  if (object === 'service') return read(`-gslb NONE ${service} -sp OFF ${tail}`);
  if (object === 'serviceGroup') return read(`${service} ${tail}`);
  if (object === 'lb vserver') return read(`-persistenceType NONE -cltTimeout ${client}`);
  return [];
}

/** Values that are not written where they are the default. */
export const unwritten: Readonly<Record<string, string>> = {
  lbMethod: 'LEASTCONNECTION',
  backupLBMethod: 'ROUNDROBIN',
  state: 'ENABLED',
  monState: 'ENABLED',
  weight: '1',
  timeout: '2',
  healthMonitor: 'YES',
  downStateFlush: 'ENABLED',
  appflowLog: 'ENABLED',
  cacheable: 'NO',
  monThreshold: '0',
  maxBandwidth: '0',
};

/** Seconds for clients and servers, as the manual's page "service" has them by type. */
function timeouts(serviceType: string): readonly [number, number] {
  if (/^(HTTP|SSL)$/.test(serviceType)) return [180, 360];
  return /^(UDP|DNS|ANY|SNMP|RADIUS|TFTP)/.test(serviceType) ? [120, 120] : [9000, 9000];
}

function read(text: string): readonly Argument[] {
  return text
    .slice(1)
    .split(' -')
    .map((part) => {
      const [name = '', ...values] = part.split(' ');
      return { name, values: values.map(toWord) };
    });
}
