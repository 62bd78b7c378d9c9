import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openWebBridge, type SocketLike } from '../../src-renderer/web-bridge.ts';

class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  readonly sent: string[] = [];
  readonly send = (text: string): void => {
    this.sent.push(text);
  };
  readonly close = (): void => {
    this.onclose?.();
  };
}

let sockets: FakeSocket[] = [];
function open() {
  return openWebBridge('ws://here/bridge', () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  });
}

beforeEach(() => {
  sockets = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the web bridge', () => {
  test('an answer settles the call of its number', async () => {
    const bridge = open();
    sockets[0]?.onopen?.();
    const first = bridge.call('devices.list', {});
    const second = bridge.call('lab.get', {});
    sockets[0]?.onmessage?.({ data: JSON.stringify({ id: 2, outcome: { ok: true, value: 'second' } }) });
    sockets[0]?.onmessage?.({ data: JSON.stringify({ id: 1, outcome: { ok: true, value: 'first' } }) });
    expect(await Promise.all([first, second])).toEqual([
      { ok: true, value: 'first' },
      { ok: true, value: 'second' },
    ]);
  });

  test('a call made before the socket is open is sent as soon as it is', () => {
    const bridge = open();
    void bridge.call('app.info', {});
    expect(sockets[0]?.sent).toEqual([]);
    sockets[0]?.onopen?.();
    expect(sockets[0]?.sent.map((text) => JSON.parse(text) as unknown)).toEqual([
      { id: 1, call: 'app.info', input: {} },
    ]);
  });

  test('a call in flight when the console is lost fails and says that nobody knows', async () => {
    const bridge = open();
    sockets[0]?.onopen?.();
    const call = bridge.call('push.keep', { device: 'a' });
    sockets[0]?.close();
    expect(await call).toMatchObject({ ok: false, problem: { code: 'SESSION_CLOSED' } });
  });

  test('a call that waits too long for the console fails: nothing was sent', async () => {
    const bridge = open();
    const call = bridge.call('devices.list', {});
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await call).toMatchObject({ ok: false, problem: { code: 'UNREACHABLE' } });
    sockets.at(-1)?.onopen?.();
    expect(sockets.at(-1)?.sent).toEqual([]);
  });

  test('it opens again with growing delays, and tells when the console goes and comes', async () => {
    const bridge = open();
    const heard: string[] = [];
    bridge.onStatus?.((status) => heard.push(status));
    sockets[0]?.onopen?.();
    sockets[0]?.close();
    await vi.advanceTimersByTimeAsync(250);
    expect(sockets).toHaveLength(2);
    sockets[1]?.close();
    await vi.advanceTimersByTimeAsync(499);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(3);
    sockets[2]?.onopen?.();
    expect(heard).toEqual(['open', 'closed', 'open']);
  });

  test('events go to every listener', () => {
    const bridge = open();
    const heard: unknown[] = [];
    bridge.onEvent((name, data) => heard.push([name, data]));
    sockets[0]?.onmessage?.({ data: JSON.stringify({ event: 'lab', data: 1 }) });
    expect(heard).toEqual([['lab', 1]]);
  });
});
