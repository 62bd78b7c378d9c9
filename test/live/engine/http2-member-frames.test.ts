import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { ErrorCode, Flag, FrameType, Setting } from '../../../src-main/engine/http2/frames.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { fields, frame, settings, uint32 } from '../../rigs/raw-http2.ts';
import {
  respond,
  startRawHttp2Member,
  type HeardRequest,
  type RawHttp2Behaviour,
  type RawHttp2Link,
  type RawHttp2Member,
} from '../../rigs/raw-http2-member.ts';

const patience = { timeout: 20_000, interval: 10 };
const ok = [[':status', '200']] as const;

/** Pools of the engine under test: what they set beside their one or two members. */
const pools = {
  plain: {},
  retrying: { retry: { attempts: 1 } },
  two: { retry: { attempts: 1 } },
  limited: { queue: { limit: 10, timeoutMs: 60_000 } },
  silent: { responseTimeoutMs: 300 },
  brief: { keepAlive: { idleTimeoutMs: 200 } },
  told: { sendProxyProtocol: 'v1' },
} as const satisfies Record<string, Partial<EnginePool>>;

type PoolName = keyof typeof pools;

describe('frames of members', () => {
  const behaviours = new Map<string, RawHttp2Behaviour>();
  const members = new Map<string, RawHttp2Member>();
  let engine: TestEngine;
  let session: ClientHttp2Session | undefined;

  beforeAll(async () => {
    const entries: EnginePool[] = [];
    for (const [name, more] of Object.entries(pools)) {
      const names = name === 'two' ? ['two', 'other'] : [name];
      for (const each of names) members.set(each, await startRawHttp2Member(() => behaviours.get(each) ?? {}));
      entries.push({
        name,
        http2: true,
        retry: { attempts: 0 },
        members: names.map((each) => ({
          name: each,
          address: '127.0.0.1',
          port: memberOf(each).port,
          ...(name === 'limited' ? { maxConnections: 2 } : {}),
        })),
        ...more,
      });
    }
    engine = await openEngine({
      version: 1,
      virtualServers: entries.map(({ name }) => ({ name, listen: ['127.0.0.1:0'], pool: name, http: { http2: true } })),
      pools: entries,
    });
  }, 60_000);

  afterEach(() => {
    session?.destroy();
    session = undefined;
    behaviours.clear();
    // Each case meets a member without connections.
    for (const { links } of members.values()) for (const link of links) link.destroy();
  });

  afterAll(async () => {
    await engine.stop();
    for (const member of members.values()) await member.close();
  });

  function memberOf(name: string): RawHttp2Member {
    const member = members.get(name);
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  function last(name: string): RawHttp2Link {
    const link = memberOf(name).links.at(-1);
    if (link === undefined) throw new Error(`${name} has no connection`);
    return link;
  }

  async function ask(pool: PoolName, options: { method?: string; body?: string; path?: string } = {}) {
    const { method = 'GET', body, path = '/' } = options;
    const outgoing = request({ port: engine.port(pool), path, method, agent: false });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // what Node's types call unknown
    let text = '';
    try {
      for await (const bytes of response) text += String(bytes);
    } catch {
      text += ' (cut)';
    }
    return `${String(response.statusCode)} ${text.trim()}`;
  }

  async function errorsOf(pool: PoolName, member: string = pool) {
    const { pools: found } = await engine.stats();
    return found.find(({ name }) => name === pool)?.members.find(({ name }) => name === member)?.errors ?? {};
  }

  function answers(text: string): RawHttp2Behaviour {
    return {
      onRequest: (link, { stream }) => {
        link.send(respond(stream, ok, text));
      },
    };
  }

  function goAway(lastStream: number, error: number = ErrorCode.none): Buffer {
    return frame(FrameType.goAway, 0, 0, Buffer.concat([uint32(lastStream), uint32(error)]));
  }

  function reset(stream: number, error: number): Buffer {
    return frame(FrameType.resetStream, 0, stream, uint32(error));
  }

  it('lets streams finish behind GOAWAY and takes a new connection for what comes', async () => {
    const waiting: [RawHttp2Link, HeardRequest][] = [];
    behaviours.set('plain', { onRequest: (link, heard) => waiting.push([link, heard]) });
    const first = ask('plain');
    await vi.waitFor(() => { expect(waiting).toHaveLength(1); }, patience); // prettier-ignore
    const [asked] = waiting;
    if (asked === undefined) throw new Error('nothing was asked');
    const [old, { stream }] = asked;
    old.send(goAway(stream));
    behaviours.set('plain', answers('new'));
    // The engine has read GOAWAY once it answers a PING behind it.
    old.send(frame(FrameType.ping, 0, 0, 'ping-one'));
    await vi.waitFor(() => { expect(old.pings).toContain('ack:ping-one'); }, patience); // prettier-ignore
    expect(await ask('plain')).toBe('200 new');
    old.send(respond(stream, ok, 'old'));
    expect(await first).toBe('200 old');
    expect(last('plain')).not.toBe(old);
    await vi.waitFor(() => { expect(old.goAways).toEqual([ErrorCode.none]); }, patience); // prettier-ignore
  });

  it('asks again, whatever the method and without a try, for what GOAWAY says was not looked at', async () => {
    behaviours.set('plain', answers('first'));
    expect(await ask('plain')).toBe('200 first');
    behaviours.set('plain', {
      onRequest: (link, { stream }) => {
        behaviours.set('plain', answers('again'));
        link.send(goAway(stream - 2));
      },
    });
    expect(await ask('plain', { method: 'POST', body: 'whole' })).toBe('200 again');
    expect(last('plain').requests.get(1)?.body).toBe('whole');
    expect(await errorsOf('plain')).toMatchObject({ 'reset-before-response': 0 });
  });

  it('asks another member where one refuses a stream, whatever the method, within the tries of the pool', async () => {
    const refuses: RawHttp2Behaviour = {
      onRequest: (link, { stream }) => {
        link.send(reset(stream, ErrorCode.refusedStream));
      },
    };
    behaviours.set('two', refuses);
    behaviours.set('other', answers('other'));
    expect(await ask('two', { method: 'POST', body: 'a' })).toBe('200 other');
    expect(await ask('two', { method: 'POST', body: 'a' })).toBe('200 other');
    behaviours.set('plain', refuses);
    expect(await ask('plain', { method: 'POST', body: 'a' })).toBe('502 502 Bad Gateway');
    expect(await errorsOf('plain')).toMatchObject({ 'reset-before-response': 1 });
  });

  it('asks again for what is idempotent where a stream is reset otherwise, and for nothing else', async () => {
    behaviours.set('retrying', {
      onRequest: (link, { stream, fields: asked }) => {
        const isFirst = asked.some(([name, value]) => name === ':path' && value === '/first') && stream === 1;
        link.send(isFirst ? reset(stream, ErrorCode.internal) : respond(stream, ok, 'answered'));
      },
    });
    expect(await ask('retrying', { path: '/first' })).toBe('200 answered');
    behaviours.set('retrying', {
      onRequest: (link, { stream }) => {
        link.send(reset(stream, ErrorCode.internal));
      },
    });
    expect(await ask('retrying', { method: 'POST', body: 'a' })).toBe('502 502 Bad Gateway');
  });

  it('cuts a response whose stream is disowned by GOAWAY, and asks no more than the tries for what is reset', async () => {
    behaviours.set('plain', answers('first'));
    expect(await ask('plain')).toBe('200 first');
    behaviours.set('plain', {
      onRequest: (link, { stream }) => {
        link.send(frame(FrameType.headers, Flag.endHeaders, stream, fields(...ok, ['content-length', '9'])));
        link.send(frame(FrameType.data, 0, stream, 'part'), goAway(0));
      },
    });
    expect(await ask('plain')).toBe('200 part (cut)');
    const asked: number[] = [];
    behaviours.set('retrying', answers('first'));
    expect(await ask('retrying')).toBe('200 first');
    behaviours.set('retrying', {
      onRequest: (link, { stream }) => {
        asked.push(stream);
        link.send(reset(stream, ErrorCode.cancel));
      },
    });
    expect(await ask('retrying')).toBe('502 502 Bad Gateway');
    expect(asked).toHaveLength(2);
  });

  it('reads what the table of the connection has kept, however short', async () => {
    const kept = [0x40, 12, ...Buffer.from('content-type'), 3, ...Buffer.from('a/b')];
    behaviours.set('plain', {
      onRequest: (link, { stream }) => {
        const more = Buffer.from(stream === 1 ? kept : [0xbe]);
        link.send(frame(FrameType.headers, Flag.endHeaders, stream, Buffer.concat([fields(...ok), more])));
        link.send(frame(FrameType.data, Flag.endStream, stream, 'typed'));
      },
    });
    for (let turn = 0; turn < 3; turn++) expect(await ask('plain')).toBe('200 typed');
    expect(last('plain').requests.size).toBe(3);
  });

  it.each([
    [ErrorCode.cancel, ErrorCode.cancel],
    [ErrorCode.enhanceYourCalm, ErrorCode.enhanceYourCalm],
    [ErrorCode.refusedStream, ErrorCode.internal],
    [ErrorCode.flowControl, ErrorCode.internal],
  ])('breaks off with RST_STREAM: what the member says as %i the client hears as %i', async (said, heard) => {
    behaviours.set('plain', {
      onRequest: (link, { stream }) => {
        link.send(frame(FrameType.headers, Flag.endHeaders, stream, fields(...ok)));
        link.send(frame(FrameType.data, 0, stream, 'part'));
        link.send(reset(stream, said));
      },
    });
    session = connect(`http://127.0.0.1:${engine.port('plain')}`);
    session.on('error', () => undefined);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => undefined);
    stream.resume();
    await new Promise((resolve) => stream.on('close', resolve));
    expect(stream.rstCode).toBe(heard);
  });

  it('sends no more of a body than the member has let it, and holds the client back meanwhile', async () => {
    const asked: HeardRequest[] = [];
    behaviours.set('plain', {
      greets: settings(Setting.initialWindowSize, 10),
      onHead: (_, heard) => asked.push(heard),
      onRequest: (link, { stream, body }) => {
        link.send(respond(stream, ok, String(body.length)));
      },
    });
    const size = 300_000;
    const answer = ask('plain', { method: 'POST', body: 'x'.repeat(size) });
    await vi.waitFor(() => { expect(asked[0]?.body).toHaveLength(10); }, patience); // prettier-ignore
    const link = last('plain');
    link.send(frame(FrameType.windowUpdate, 0, 1, uint32(5)));
    await vi.waitFor(() => { expect(asked[0]?.body).toHaveLength(15); }, patience); // prettier-ignore
    // SETTINGS that change move the windows of streams that run.
    link.send(settings(Setting.initialWindowSize, 110), frame(FrameType.windowUpdate, 0, 0, uint32(size)));
    await vi.waitFor(() => { expect(asked[0]?.body).toHaveLength(115); }, patience); // prettier-ignore
    link.send(frame(FrameType.windowUpdate, 0, 1, uint32(size)));
    expect(await answer).toBe(`200 ${size}`);
  });

  it('opens no more streams than the member allows, and follows when it allows others', async () => {
    const before = memberOf('plain').links.length;
    const waiting: [RawHttp2Link, number][] = [];
    behaviours.set('plain', {
      greets: settings(Setting.maxConcurrentStreams, 2),
      onRequest: (link, { stream }) => waiting.push([link, stream]),
    });
    const five = Array.from({ length: 5 }, () => ask('plain'));
    await vi.waitFor(() => { expect(waiting).toHaveLength(5); }, patience); // prettier-ignore
    expect(new Set(waiting.map(([link]) => link)).size).toBe(3);
    for (const [link, stream] of waiting) link.send(respond(stream, ok, 'ok'));
    expect(await Promise.all(five)).toEqual(Array.from({ length: 5 }, () => '200 ok'));
    const [first] = memberOf('plain').links.slice(before);
    first?.send(settings(Setting.maxConcurrentStreams, 5));
    await vi.waitFor(() => { expect(first?.isClosed()).toBe(false); }, patience); // prettier-ignore
    first?.send(frame(FrameType.ping, 0, 0, 'settings'));
    await vi.waitFor(() => { expect(first?.pings).toContain('ack:settings'); }, patience); // prettier-ignore
    waiting.length = 0;
    const more = Array.from({ length: 5 }, () => ask('plain'));
    await vi.waitFor(() => { expect(waiting).toHaveLength(5); }, patience); // prettier-ignore
    expect(new Set(waiting.map(([link]) => link))).toEqual(new Set([first]));
    for (const [link, stream] of waiting) link.send(respond(stream, ok, 'ok'));
    await Promise.all(more);
  });

  it('counts exchanges by maxConnections, so a queue forms though the connection has room', async () => {
    const waiting: [RawHttp2Link, number][] = [];
    behaviours.set('limited', { onRequest: (link, { stream }) => waiting.push([link, stream]) });
    const three = Array.from({ length: 3 }, () => ask('limited'));
    await vi.waitFor(() => { expect(waiting).toHaveLength(2); }, patience); // prettier-ignore
    await vi.waitFor(async () => {
      const { pools: found } = await engine.stats();
      expect(found.find(({ name }) => name === 'limited')).toMatchObject({ queuedRequests: 1 });
    }, patience);
    for (const [link, stream] of waiting.slice(0, 1)) link.send(respond(stream, ok, 'one'));
    await vi.waitFor(() => { expect(waiting).toHaveLength(3); }, patience); // prettier-ignore
    for (const [each, id] of waiting.slice(1)) each.send(respond(id, ok, 'one'));
    expect(await Promise.all(three)).toEqual(['200 one', '200 one', '200 one']);
    expect(memberOf('limited').links).toHaveLength(1);
  });

  it('gives up a stream that stays silent, and the connection where PING is not answered either', async () => {
    behaviours.set('silent', {});
    expect(await ask('silent')).toBe('504 504 Gateway Timeout');
    const link = last('silent');
    await vi.waitFor(() => { expect(link.requests.get(1)?.reset).toBe(ErrorCode.cancel); }, patience); // prettier-ignore
    await vi.waitFor(() => { expect(link.pings).toEqual(['alive?\r\n']); }, patience); // prettier-ignore
    // It has answered: the connection goes on.
    behaviours.set('silent', answers('alive'));
    await vi.waitFor(async () => { expect(await ask('silent')).toBe('200 alive'); }, patience); // prettier-ignore
    expect(await errorsOf('silent')).toMatchObject({ 'response-timeout': 1 });
  });

  it('closes a connection that lies idle', async () => {
    behaviours.set('brief', answers('brief'));
    expect(await ask('brief')).toBe('200 brief');
    const link = last('brief');
    await vi.waitFor(() => { expect(link.isClosed()).toBe(true); }, patience); // prettier-ignore
    expect(link.goAways).toEqual([ErrorCode.none]);
  });

  it('shares no connection that told of its client', async () => {
    behaviours.set('told', answers('told'));
    const before = memberOf('told').links.length;
    session = connect(`http://127.0.0.1:${engine.port('told')}`);
    for (let turn = 0; turn < 3; turn++) {
      const stream = session.request({ ':path': '/' });
      stream.resume();
      await once(stream, 'close');
    }
    expect(await ask('told')).toBe('200 told');
    const links = memberOf('told').links.slice(before);
    expect(links.map(({ requests }) => requests.size)).toEqual([3, 1]);
    expect(new Set(links.map((link) => link.proxied())).size).toBe(2);
    expect(links[0]?.proxied()).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/);
  });

  it('answers 502 to a WebSocket where the member takes none, and an event says why', async () => {
    behaviours.set('plain', answers('no'));
    const outgoing = request({
      port: engine.port('plain'),
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // what Node's types call unknown
    response.resume();
    expect(response.statusCode).toBe(502);
    await vi.waitFor(() => {
      const reason = 'it does not take WebSocket over HTTP/2 (RFC 8441)';
      expect(engine.events).toContainEqual(expect.objectContaining({ change: 'http2-failed', pool: 'plain', reason }));
    }, patience);
  });

  it.each([
    ['PING', () => [frame(FrameType.ping, 0, 0, 'pingping')]],
    ['SETTINGS', () => [settings()]],
    ['empty DATA', (stream: number) => [frame(FrameType.data, 0, stream)]],
    ['interim responses', (stream: number) => [respondInterim(stream)]],
    ['CONTINUATION', (stream: number) => [frame(FrameType.continuation, 0, stream, fields(['a', 'b']))]],
  ])('ends a member that floods it with %s, and goes on with the next', async (name, flood) => {
    behaviours.set('plain', {
      onRequest: (link, { stream }) => {
        behaviours.set('plain', answers('next'));
        if (name === 'CONTINUATION') link.send(frame(FrameType.headers, 0, stream, fields(...ok)));
        else if (name === 'empty DATA') link.send(frame(FrameType.headers, Flag.endHeaders, stream, fields(...ok)));
        link.send(...Array.from({ length: 3000 }, () => flood(stream)).flat());
      },
    });
    expect(await ask('plain', { method: 'POST', body: 'a' })).toMatch(/^502|\(cut\)$/);
    expect(await ask('plain')).toBe('200 next');
  });

  function respondInterim(stream: number): Buffer {
    return frame(FrameType.headers, Flag.endHeaders, stream, fields([':status', '103']));
  }
});
