import { describe, expect, test } from 'vitest';
import type { CarriedServer } from '../../../../src-main/simulate/carried.ts';
import { makeAppliance } from '../../../../src-main/simulate/netscaler/appliance.ts';
import { carriedServersOf } from '../../../../src-main/simulate/netscaler/carried.ts';
import { parseConfiguration } from '../../../../src-main/simulate/netscaler/configuration.ts';
import { makeLeaving } from '../../../../src-main/simulate/netscaler/leaving.ts';

const config = `#NS13.1 Build 37.38
add server w1 127.0.0.1
add server w2 127.0.0.2
add service old w2 HTTP 8081 -gslb NONE -maxClient 9
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add lb vserver shop HTTP 127.0.0.1 8080 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
add lb vserver safe SSL 127.0.0.1 8443 -persistenceType NONE -cltTimeout 180
add lb vserver pass SSL_BRIDGE 127.0.0.1 8444 -persistenceType NONE -cltTimeout 180
add lb vserver all ANY 127.0.0.1 * -persistenceType NONE
bind lb vserver shop app
bind lb vserver shop old -weight 5
add lb monitor page HTTP-ECV -send "GET /up" -recv fine -customHeaders "Host: a.example\\r\\n" -interval 1 MIN -destPort 81
add lb monitor ping PING
bind service old -monitorName page
bind service old -monitorName ping
bind serviceGroup app w1 8081 -weight 2
`;

/** What it carries after these commands; who leaves is told by `waiting`. */
function carriedAfter(commands: readonly string[], waiting: readonly string[] = []): readonly CarriedServer[] {
  const appliance = makeAppliance({ config });
  for (const command of commands) expect(appliance.run(command)).toMatchObject({ isRefused: false });
  return carriedServersOf({
    config: parseConfiguration(appliance.running()),
    tls: appliance.tls,
    isWaiting: (name) => waiting.includes(name),
  });
}
function shopAfter(commands: readonly string[], waiting: readonly string[] = []): CarriedServer {
  const shop = carriedAfter(commands, waiting).find(({ key }) => key === 'vserver shop');
  if (shop === undefined) throw new Error('The shop is not carried.');
  return shop;
}

describe('what a NetScaler is configured to do with connections', () => {
  test('members of groups and services stand beside each other, with the weights of their bindings', () => {
    const timing = { timeoutMs: 2000, rise: 1, fall: 3 };
    expect(shopAfter([])).toEqual({
      key: 'vserver shop',
      address: '127.0.0.1',
      port: 8080,
      protocol: 'http',
      isOn: true,
      tellsClient: false,
      pool: {
        name: 'shop',
        method: { name: 'round-robin' },
        members: [
          {
            key: 'app?w1?8081',
            address: '127.0.0.1',
            port: 8081,
            weight: 2,
            state: 'enabled',
            connectionLimit: 0,
            // Bound to nothing else it is probed by tcp-default.
            monitors: [{ type: 'tcp', intervalMs: 5000, ...timing }],
            cookieValue: 'ffffffff7f0000011f91',
          },
          {
            key: 'old',
            address: '127.0.0.2',
            port: 8081,
            weight: 5,
            state: 'enabled',
            connectionLimit: 9,
            monitors: [
              {
                type: 'http',
                intervalMs: 60_000,
                ...timing,
                port: 81,
                method: 'GET',
                path: '/up',
                host: 'a.example',
                expectStatus: ['100-599'],
                expectBody: 'fine',
              },
            ],
            cookieValue: 'ffffffff7f0000021f91',
          },
        ],
      },
    });
  });

  test('the types of virtual servers are the protocols; without a certificate one of TLS is down', () => {
    const carried = carriedAfter([]).map(({ key, protocol, isOn }) => [key, protocol, isOn]);
    expect(carried).toEqual([
      ['vserver shop', 'http', true],
      ['vserver safe', 'http', false],
      ['vserver pass', 'tls-passthrough', true],
    ]);
    expect(shopAfter(['disable lb vserver shop']).isOn).toBe(false);
  });

  test.each([
    ['LEASTCONNECTION', 'least-connections'],
    ['LEASTREQUEST', 'least-requests'],
    ['URLHASH', 'uri-hash'],
    ['SOURCEIPHASH', 'source-ip-hash'],
    ['TOKEN', 'round-robin'],
  ])('%s is %s', (method, name) => {
    expect(shopAfter([`set lb vserver shop -lbMethod ${method}`]).pool.method).toEqual({ name });
  });

  test('who is disabled is cut off, unless the down state is not flushed or a shutdown still waits', () => {
    function stateAfter(commands: readonly string[], waiting: readonly string[] = []): string | undefined {
      return shopAfter(commands, waiting).pool.members[0]?.state;
    }
    const disabled = ['disable serviceGroup app w1 8081'];
    expect(stateAfter(disabled)).toBe('cut');
    expect(stateAfter(['disable server w1'])).toBe('cut');
    expect(stateAfter([...disabled, 'set serviceGroup app -downStateFlush DISABLED'])).toBe('disabled');
    expect(stateAfter(disabled, ['app?w1?8081'])).toBe('draining');
    expect(stateAfter([...disabled, 'enable serviceGroup app w1 8081'], ['app?w1?8081'])).toBe('enabled');
  });

  test("persistence is by cookie, whose name is made of the virtual server's, or by source address for minutes", () => {
    const cookie = 'set lb vserver shop -persistenceType COOKIEINSERT -persistenceBackup SOURCEIP';
    expect(shopAfter([cookie]).persistence).toEqual({
      method: 'cookie-insert',
      cookieName: 'NSC_tipq',
      isCookieHttpOnly: true,
      isCookieSecure: false,
      fallback: 'source-ip',
    });
    const source = 'set lb vserver shop -persistenceType SOURCEIP -timeout 10 -persistMask 255.255.0.0';
    expect(shopAfter([source]).persistence).toEqual({ method: 'source-ip', ipv4Prefix: 16, timeoutMs: 600_000 });
  });
});

describe('a shutdown of a NetScaler', () => {
  const parsed = parseConfiguration(config);
  function leavingAfter(command: string): (name: string, current: number, at: number) => boolean {
    let now = 0;
    const leaving = makeLeaving(() => now, 1000);
    leaving.note(command, parsed);
    return (name, current, at) => {
      now = at;
      return leaving.isWaiting(name, current);
    };
  }

  test('with grace waits for the last connection, however long that is, and does not come back', () => {
    const isWaiting = leavingAfter('disable serviceGroup app w1 8081 -graceFul YES');
    expect([isWaiting('app?w1?8081', 0, 500), isWaiting('app?w1?8081', 1, 1e9)]).toEqual([true, true]);
    expect([isWaiting('app?w1?8081', 0, 1e9), isWaiting('app?w1?8081', 1, 1e9)]).toEqual([false, false]);
  });

  test('with a delay ends by the clock, and a server takes all that stand on it along', () => {
    const isWaiting = leavingAfter('disable server w2 30');
    expect([isWaiting('old', 0, 29_999), isWaiting('app?w1?8081', 5, 0), isWaiting('old', 9, 30_000)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('without either does not wait', () => {
    expect(leavingAfter('disable service old')('old', 5, 0)).toBe(false);
  });
});
