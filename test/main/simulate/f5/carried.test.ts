import { describe, expect, test } from 'vitest';
import { carriedServersOf } from '../../../../src-main/simulate/f5/carried.ts';
import type { CarriedServer } from '../../../../src-main/simulate/carried.ts';
import { startShop } from './shop.ts';

/** The shop's own virtual server after these commands. */
function carriedAfter(...commands: readonly string[]): CarriedServer {
  const { appliance, tmsh } = startShop();
  for (const command of commands) expect(tmsh.run(command)).toMatchObject({ error: '' });
  const { files, isBroken } = appliance;
  const [server] = carriedServersOf({ config: appliance.config(), isBroken, read: (path) => files.read(path) });
  if (server === undefined) throw new Error('The shop carries nothing.');
  return server;
}
function weightsAfter(mode: string): readonly (number | undefined)[] {
  return carriedAfter(`modify ltm pool web load-balancing-mode ${mode}`).pool.members.map(({ weight }) => weight);
}

describe('what a BIG-IP is configured to do with connections', () => {
  test('the shop is an HTTP server whose pool has ratios and a monitor', () => {
    const monitor = {
      type: 'tcp-send-expect',
      send: String.raw`GET /health HTTP/1.1\r\nHost: shop\r\n\r\n`,
      expect: '',
    };
    const timing = { intervalMs: 5000, timeoutMs: 5000, rise: 1, fall: 4 };
    expect(carriedAfter()).toEqual({
      key: '/Common/shop',
      address: '192.0.2.100',
      port: 443,
      protocol: 'http',
      isOn: true,
      connectionLimit: 0,
      tellsClient: false,
      pool: {
        name: '/Common/web',
        method: { name: 'round-robin' },
        members: [
          ['/Common/192.0.2.2:8080', '192.0.2.2', 8080, 1, '33685696.36895.0000'],
          ['/Common/w1:80', '192.0.2.1', 80, 3, '16908480.20480.0000'],
        ].map(([name, address, port, weight, cookieValue]) => ({
          key: `/Common/web ${name}`,
          address,
          port,
          weight,
          priority: 0,
          state: 'enabled',
          connectionLimit: 0,
          monitors: [{ ...monitor, ...timing }],
          cookieValue,
        })),
      },
    });
  });

  test.each([
    ['round-robin', 'round-robin', [1, 1]],
    ['ratio-member', 'round-robin', [1, 3]],
    ['least-connections-member', 'least-connections', [1, 1]],
    ['ratio-least-connections-member', 'least-connections', [1, 3]],
    ['fastest-app-response', 'least-response-time', [1, 1]],
    ['observed-member', 'least-connections', [1, 1]],
    ['least-sessions', 'least-sessions', [1, 1]],
  ])('%s is %s with the weights %j', (mode, name, weights) => {
    expect(carriedAfter(`modify ltm pool web load-balancing-mode ${mode}`).pool.method).toEqual({ name });
    expect(weightsAfter(mode)).toEqual(weights);
  });

  test('a user disables to drain and forces offline to end; a node does so for all its members', () => {
    function states(...commands: readonly string[]): readonly string[] {
      return carriedAfter(...commands).pool.members.map(({ state }) => state);
    }
    expect(states('modify ltm pool web members modify { w1:80 { session user-disabled } }')).toEqual([
      'enabled',
      'draining',
    ]);
    expect(states('modify ltm pool web members modify { w1:80 { state user-down } }')).toEqual(['enabled', 'disabled']);
    expect(states('modify ltm node w1 session user-disabled')).toEqual(['enabled', 'draining']);
    expect(states('modify ltm node w1 state user-down session user-disabled')).toEqual(['enabled', 'disabled']);
  });

  test('priority groups count once a number of members activates them', () => {
    const groups = 'modify ltm pool web members modify { w1:80 { priority-group 10 } }';
    expect(carriedAfter(groups).pool.members.map(({ priority }) => priority)).toEqual([0, 0]);
    const { pool } = carriedAfter(groups, 'modify ltm pool web min-active-members 1');
    expect([pool.minActive, pool.members.map(({ priority }) => priority)]).toEqual([1, [0, 10]]);
  });

  test("monitors are its own or the pool's, inherit from their parents, and tell what they expect", () => {
    const made = [
      'create ltm monitor http up interval 2 timeout 7 send "GET /up HTTP/1.0\\r\\n" recv "200 OK" destination *:8081',
      'create ltm monitor tcp port',
      'create ltm monitor https safe send "HEAD /x HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n" recv "HTTP/1.1 204"',
    ];
    const rule = 'modify ltm pool web monitor min 1 of { up port safe }';
    const { pool } = carriedAfter(...made, rule, 'modify ltm pool web members modify { w1:80 { monitor port } }');
    const normal = { intervalMs: 5000, timeoutMs: 5000, rise: 1, fall: 4 };
    const tcp = { type: 'tcp', ...normal };
    expect(pool.monitorsRequired).toBe(1);
    expect(pool.members.map(({ monitors }) => monitors)).toEqual([
      [
        {
          type: 'tcp-send-expect',
          intervalMs: 2000,
          timeoutMs: 2000,
          rise: 1,
          fall: 4,
          port: 8081,
          send: String.raw`GET /up HTTP/1.0\r\n\r\n`,
          expect: '/200 OK/',
        },
        tcp,
        { type: 'https', ...normal, method: 'HEAD', path: '/x', host: 'a.example', expectStatus: ['204'] },
      ],
      [tcp],
    ]);
  });

  test('persistence is by cookie, by source address with a mask, and one behind the other', () => {
    expect(
      carriedAfter('modify ltm virtual shop persist replace-all-with { cookie } fallback-persistence source_addr')
        .persistence,
    ).toEqual({
      method: 'cookie-insert',
      cookieName: 'BIGipServerweb',
      isCookieHttpOnly: true,
      isCookieSecure: false,
      fallback: 'source-ip',
    });
    const own = 'create ltm persistence source-addr net mask 255.255.255.0 timeout 60';
    expect(carriedAfter(own, 'modify ltm virtual shop persist replace-all-with { net }').persistence).toEqual({
      method: 'source-ip',
      ipv4Prefix: 24,
      timeoutMs: 60_000,
    });
  });

  test('a client-ssl profile leaves the versions that its options and ciphers do not switch off', () => {
    const use = 'modify ltm virtual shop profiles replace-all-with { http { } tcp { } own { context clientside } }';
    function tlsOf(words: string): CarriedServer['tls'] {
      return carriedAfter(`create ltm profile client-ssl own ${words}`, use).tls;
    }
    expect(tlsOf('ciphers DEFAULT')).toMatchObject({
      certificates: [],
      versions: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
      ciphers: undefined,
    });
    expect(tlsOf('options { no-tlsv1 no-tlsv1.1 }')?.versions).toEqual(['TLSv1.2', 'TLSv1.3']);
    expect(tlsOf('ciphers DEFAULT:!TLSv1:!TLSv1_1')?.versions).toEqual(['TLSv1.2']);
    expect(
      tlsOf('ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-CBC-SHA:TLS13-AES128-GCM-SHA256')?.ciphers,
    ).toEqual(['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA', 'TLS_AES_128_GCM_SHA256']);
  });
});
