import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

/** More than are kept idle where nothing happens at once. */
const atOnce = 100;

describe('connections to a member', () => {
  let member: Server;
  let connections = 0;
  let engine: TestEngine | undefined;
  const waiting: ServerResponse[] = [];

  beforeEach(async () => {
    connections = 0;
    // It answers when all of a round have come, so that each needs a connection of its own.
    member = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
      waiting.push(response);
      if (waiting.length === atOnce) for (const each of waiting.splice(0)) each.end('ok');
    });
    member.on('connection', () => connections++);
    member.listen(0, '127.0.0.1');
    await once(member, 'listening');
  });

  afterEach(async () => {
    await engine?.stop();
    member.closeAllConnections();
    member.close();
  });

  async function askRounds(keepAlive: NonNullable<EnginePool['keepAlive']>, rounds: number): Promise<void> {
    const { port } = member.address() as AddressInfo; // a TCP server has an address and port
    engine = await openEngine({
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: true } }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port }], keepAlive }],
    });
    const session = connect(`http://127.0.0.1:${engine.port('web')}`);
    await once(session, 'remoteSettings');
    for (let round = 0; round < rounds; round++) {
      const streams = Array.from({ length: atOnce }, () => session.request({ ':path': '/' }));
      await Promise.all(streams.map((stream) => once(stream.resume(), 'close')));
    }
    session.destroy();
  }

  it('are kept as many as were in use at once', async () => {
    await askRounds({}, 4);
    expect(connections).toBe(atOnce);
  });

  it('are kept no more than the pool says', async () => {
    await askRounds({ maxIdle: 30 }, 3);
    expect(connections).toBe(atOnce + 2 * (atOnce - 30));
  });
});
