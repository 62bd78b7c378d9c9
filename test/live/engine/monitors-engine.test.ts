import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { sendRequests, startBackends, type Backends } from '../../rigs/backends.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

let engine: TestEngine | undefined;
let backends: Backends | undefined;
const servers: Server[] = [];

afterEach(async () => {
  await engine?.stop();
  await backends?.close();
  for (const server of servers.splice(0)) server.close();
  engine = backends = undefined;
});

/** An agent that says what `line` holds now. */
async function startAgent(line: () => string): Promise<{ readonly port: number; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    asked++;
    socket.on('error', () => undefined);
    socket.end(`${line()}\n`);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has an address and port
  return { port, asked: () => asked };
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`It did not come to: ${what}`);
}

async function memberOf(name: string) {
  const stats = await engine?.stats();
  const member = stats?.pools[0]?.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`There is no member ${name}`);
  return member;
}

describe('agents', () => {
  it('weigh, drain and stop members, once for the engine and not counted as clients', async () => {
    let line = 'up 100%';
    const agent = await startAgent(() => line);
    backends = await startBackends(['a', 'b']);
    const [portA = 0, portB = 0] = backends.ports;
    const config: EngineConfig = {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: false } }],
      pools: [
        {
          name: 'app',
          algorithm: 'dynamic-ratio',
          members: [
            { name: 'a', address: '127.0.0.1', port: portA, monitors: ['agent'] },
            { name: 'b', address: '127.0.0.1', port: portB },
          ],
        },
      ],
      monitors: [{ name: 'agent', type: 'agent', port: agent.port, intervalMs: 50, timeoutMs: 5000, rise: 1, fall: 1 }],
    };
    engine = await openEngine(config);
    const web = engine.port('web');
    await until('a measured weight', async () => (await memberOf('a')).weightPercent === 100);
    expect((await sendRequests(web, 60, { concurrency: 1 })).byBackend).toEqual({ a: 30, b: 30 });

    line = '200%';
    await until('twice the weight', async () => (await memberOf('a')).weightPercent === 200);
    expect((await sendRequests(web, 60, { concurrency: 1 })).byBackend).toEqual({ a: 40, b: 20 });

    line = 'drain';
    await until('a drain', async () => (await memberOf('a')).asked === 'drain');
    expect((await sendRequests(web, 20)).byBackend).toEqual({ b: 20 });
    expect(await memberOf('a')).toMatchObject({ health: 'up', adminState: 'enabled' });

    line = 'maint';
    await until('maintenance', async () => (await memberOf('a')).asked === 'stop');
    expect((await sendRequests(web, 20)).byBackend).toEqual({ b: 20 });

    line = 'ready 100%';
    await until('traffic again', async () => (await memberOf('a')).asked === undefined);
    expect((await sendRequests(web, 60, { concurrency: 1 })).byBackend).toEqual({ a: 30, b: 30 });

    line = 'down # no disk';
    await until('down', async () => (await memberOf('a')).health === 'down');
    expect((await memberOf('a')).lastCheck).toMatchObject({ monitor: 'agent', result: 'down # no disk' });
    const { virtualServers, pools } = await engine.stats();
    expect(agent.asked()).toBeGreaterThan(5);
    expect(virtualServers[0]?.requests).toBe(220);
    expect(pools[0]?.requests).toBe(220);
  });
});

describe('monitorsRequired', () => {
  it('keeps a member up while so many of its monitors pass', async () => {
    backends = await startBackends(['a']);
    const [port = 0] = backends.ports;
    const nobody = await startAgent(() => '');
    const timing = { intervalMs: 30, timeoutMs: 5000, fall: 1 };
    const monitors: EngineConfig['monitors'] = [
      { name: 'good', type: 'http', ...timing },
      { name: 'bad', type: 'redis', port: nobody.port, ...timing },
    ];
    function configOf(monitorsRequired: number): EngineConfig {
      const members = [{ name: 'a', address: '127.0.0.1', port }];
      return {
        version: 1,
        virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: false } }],
        pools: [{ name: 'app', members, monitors: ['good', 'bad'], monitorsRequired }],
        monitors,
      };
    }
    engine = await openEngine(configOf(0));
    await until('down', async () => (await memberOf('a')).health === 'down');
    engine.write(configOf(1));
    await engine.reload();
    await until('up', async () => (await memberOf('a')).health === 'up');
    await until('asked again', () => Promise.resolve(nobody.asked() > 1));
  });
});

describe('scripts', () => {
  it('are run as the file says, and never set over the admin interface', async () => {
    const config: EngineConfig = {
      version: 1,
      pools: [{ name: 'app', members: [{ name: 'a', address: '127.0.0.1', port: 9 }], monitors: ['own'] }],
      monitors: [{ name: 'own', type: 'script', script: 'check', intervalMs: 30, timeoutMs: 10_000 }],
      scripts: { check: 'echo $STEELYARD_POOL/$STEELYARD_MEMBER' },
    };
    engine = await openEngine(config);
    await until('up', async () => (await memberOf('a')).health === 'up');
    expect((await memberOf('a')).lastCheck?.result).toBe('app/a');
    const { body } = await engine.admin('GET', '/v1/config');
    const changed = { ...(body as EngineConfig), scripts: { check: 'touch /tmp/owned' } }; // what it answered is a configuration
    const refused = await engine.admin('PUT', '/v1/config', changed);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'scripts' }] } });
    expect((await engine.admin('PUT', '/v1/config', body)).status).toBe(200);
  });
});
