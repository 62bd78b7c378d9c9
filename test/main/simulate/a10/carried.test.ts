import { describe, expect, test } from 'vitest';
import { carriedServersOf } from '../../../../src-main/simulate/a10/carried.ts';
import { shared } from '../../../../src-main/simulate/a10/device.ts';
import type { CarriedServer } from '../../../../src-main/simulate/carried.ts';
import { configuring } from './vthunder.ts';

const config = `!
health monitor page
  interval 2 timeout 1
  retry 2
  up-retry 3
  method http port 81 url GET /up expect response-code 200,204
!
health monitor word
  method http expect fine url HEAD /x
!
slb template persist cookie c1
!
slb template persist source-ip src
  timeout 3
!
slb server s1 127.0.0.1
  port 80 tcp
!
slb server s2 127.0.0.2
  weight 7
  conn-limit 9
  port 80 tcp
    weight 3
    health-check page
!
slb service-group sg tcp
  member s1 80
  member s2 80
!
slb virtual-server vip 127.0.0.1
  port 8080 http
    service-group sg
  port 8443 https
    service-group sg
  port 5060 sip
    service-group sg
!
slb virtual-server far 192.0.2.1
  port 80 http
    service-group sg
!
end
`;

async function carriedAfter(...lines: readonly string[]): Promise<readonly CarriedServer[]> {
  const typist = await configuring({ config });
  for (const line of lines) expect(await typist.type(line)).toBe('');
  const { device } = typist;
  return carriedServersOf({
    partition: shared,
    config: device.config(shared),
    tls: (virtual, port) => device.tls(shared, virtual, port),
    isBroken: device.isBroken,
  });
}
async function webAfter(...lines: readonly string[]): Promise<CarriedServer> {
  const [web] = await carriedAfter(...lines);
  if (web === undefined) throw new Error('Nothing is carried.');
  return web;
}

describe('what a Thunder is configured to do with connections', () => {
  test('each port on a loopback address is carried, with the servers of its group', async () => {
    expect((await carriedAfter()).map(({ key, protocol, isOn }) => [key, protocol, isOn])).toEqual([
      ['shared v vip:8080/http', 'http', true],
      ['shared v vip:8443/https', 'http', false], // without a certificate
    ]);
    expect((await webAfter()).pool).toEqual({
      name: 'shared sg',
      method: { name: 'round-robin' },
      members: [
        {
          key: 'shared m sg s1:80',
          address: '127.0.0.1',
          port: 80,
          weight: 1,
          priority: 1,
          state: 'enabled',
          connectionLimit: 0,
          monitors: [{ type: 'tcp', intervalMs: 5000, timeoutMs: 5000, rise: 1, fall: 4 }],
          cookieValue: 'ABAAAAHPFAAA',
        },
        {
          key: 'shared m sg s2:80',
          address: '127.0.0.2',
          port: 80,
          weight: 1,
          priority: 1,
          state: 'enabled',
          connectionLimit: 9,
          monitors: [
            {
              type: 'http',
              intervalMs: 2000,
              timeoutMs: 1000,
              rise: 3,
              fall: 3,
              port: 81,
              method: 'GET',
              path: '/up',
              expectStatus: ['200', '204'],
            },
          ],
          cookieValue: 'ACAAAAHPFAAA',
        },
      ],
    });
  });

  test.each([
    ['service-weighted-rr', 'round-robin', [1, 3]],
    ['weighted-rr', 'round-robin', [1, 7]],
    ['round-robin-strict', 'round-robin', [1, 1]],
    ['service-least-connection', 'least-connections', [1, 1]],
    ['service-weighted-least-connection', 'least-connections', [1, 3]],
    ['fastest-response', 'least-response-time', [1, 1]],
    ['src-ip-only-hash', 'source-ip-hash', [1, 1]],
  ])('%s is %s with the weights %j', async (method, name, weights) => {
    const { pool } = await webAfter('slb service-group sg tcp', `method ${method}`);
    expect([pool.method, pool.members.map(({ weight }) => weight)]).toEqual([{ name }, weights]);
  });

  test('a member drains whose check goes on; a member, port or server that is disabled is out', async () => {
    async function stateAfter(...lines: readonly string[]): Promise<string | undefined> {
      return (await webAfter(...lines)).pool.members[1]?.state;
    }
    const member = ['slb service-group sg tcp', 'member s2 80'];
    expect(await stateAfter(...member, 'disable-with-health-check')).toBe('draining');
    expect(await stateAfter(...member, 'disable')).toBe('disabled');
    expect(await stateAfter('slb server s2 127.0.0.2', 'disable')).toBe('disabled');
    expect(await stateAfter('slb server s2 127.0.0.2', 'port 80 tcp', 'disable')).toBe('disabled');
    const { isOn } = await webAfter('slb virtual-server vip 127.0.0.1', 'port 8080 http', 'disable');
    expect(isOn).toBe(false);
  });

  test("the group's monitor goes before the port's, and none where checks are off", async () => {
    const { pool } = await webAfter('slb service-group sg tcp', 'health-check word', 'min-active-member 2');
    const word = { method: 'HEAD', path: '/x', expectStatus: ['100-599'], expectBody: 'fine' };
    expect(pool.members.map(({ monitors }) => monitors)).toMatchObject([[word], [word]]);
    expect(pool.minActive).toBe(2);
    const off = await webAfter('slb service-group sg tcp', 'health-check-disable');
    expect(off.pool.members.map(({ monitors }) => monitors)).toEqual([[], []]);
  });

  test('persistence is by cookie, named after the port, or by source address for minutes', async () => {
    const port = ['slb virtual-server vip 127.0.0.1', 'port 8080 http'];
    const cookie = { method: 'cookie-insert', isCookieHttpOnly: false };
    expect((await webAfter(...port, 'template persist cookie c1')).persistence).toEqual({
      ...cookie,
      cookieName: 'sto-id-36895',
    });
    const named = ['slb template persist cookie c1', 'name id', 'match-type service-group'];
    expect((await webAfter(...named, ...port, 'template persist cookie c1')).persistence).toEqual({
      ...cookie,
      cookieName: 'id-36895-sg',
    });
    expect((await webAfter(...port, 'template persist source-ip src')).persistence).toEqual({
      method: 'source-ip',
      timeoutMs: 180_000,
    });
  });
});
