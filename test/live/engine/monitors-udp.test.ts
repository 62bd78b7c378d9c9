import { afterEach, describe, expect, it } from 'vitest';
import { startNameServer } from '../../rigs/dnsmasq.ts';
import { isMissing } from '../../rigs/need.ts';
import { probe } from '../../rigs/probe.ts';
import { openUdpPeer, type UdpPeer } from '../../rigs/udp.ts';

const open: UdpPeer[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function answering(answer?: (text: string) => string | undefined): Promise<UdpPeer> {
  const peer = await openUdpPeer('127.0.0.1', answer);
  open.push(peer);
  return peer;
}

describe('a monitor of type udp', () => {
  it('sends its bytes once and passes at the answer that it waits for', async () => {
    const peer = await answering((text) => `re:${text}`);
    const monitor = { type: 'udp', send: 'a\\x41\\r\\n', expect: 're:aA', timeoutMs: 20_000 } as const;
    expect(await probe(monitor, peer.port)).toEqual({ isPassing: true, result: 'answered "re:aA\\r\\n"' });
    expect(peer.heard.map(({ text }) => text)).toEqual(['aA\r\n']);
    expect((await probe({ ...monitor, expect: '/^re:a[A-Z]/' }, peer.port)).isPassing).toBe(true);
  });

  it('fails where only other answers come, and tells one of them', async () => {
    const peer = await answering(() => 'no');
    expect(await probe({ type: 'udp', send: 'x', expect: 'yes', timeoutMs: 200 }, peer.port)).toEqual({
      isPassing: false,
      result: 'no answer with yes within 200 ms, only "no"',
    });
  });

  it('fails at silence where an answer is expected, passes where none is', async () => {
    const peer = await answering();
    expect((await probe({ type: 'udp', expect: 'yes', timeoutMs: 50 }, peer.port)).isPassing).toBe(false);
    expect(await probe({ type: 'udp', timeoutMs: 50 }, peer.port)).toEqual({
      isPassing: true,
      result: 'not refused within 50 ms',
    });
    expect(peer.heard.map(({ text }) => text)).toEqual(['', '']);
  });

  it('fails at once where nobody listens, and when the engine stops', async () => {
    const peer = await answering();
    const stop = new AbortController();
    const stopped = probe({ type: 'udp', timeoutMs: 60_000 }, peer.port, { signal: stop.signal });
    stop.abort();
    expect(await stopped).toEqual({ isPassing: false, result: 'stopped' });
    const { port } = peer;
    await peer.close();
    expect(await probe({ type: 'udp', timeoutMs: 60_000 }, port)).toEqual({ isPassing: false, result: 'ECONNREFUSED' });
  });
});

describe.skipIf(isMissing('dnsmasq'))('a monitor of type udp against dnsmasq', () => {
  it('finds the address in the bytes of its answer', async () => {
    const server = await startNameServer(['host-record=app.test,10.1.2.3']);
    // RFC 1035 4.1: id 1, recursion asked for, one question: app.test A IN.
    const send =
      '\\x00\\x01\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x03app\\x04test\\x00\\x00\\x01\\x00\\x01';
    const port = Number(server.address.split(':')[1]);
    const monitor = { type: 'udp', send, timeoutMs: 10_000 } as const;
    const found = await probe({ ...monitor, expect: '\\x0a\\x01\\x02\\x03' }, port);
    const other = await probe({ ...monitor, expect: '\\x0a\\x09', timeoutMs: 300 }, port);
    await server.stop();
    expect(found.isPassing, found.result).toBe(true);
    expect(other.isPassing).toBe(false);
  });
});
