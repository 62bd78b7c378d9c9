import { describe, expect, test } from 'vitest';
import { compileFormat, parseLine, usualFormats } from '../../../../src-main/vendors/haproxy/log/format.ts';
import { decodeTermination } from '../../../../src-main/vendors/haproxy/log/termination.ts';

const usual = usualFormats.map(compileFormat).filter((format) => format !== undefined);
const head = 'Nov 27 15:04:05 lb1 haproxy[4711]: ';

describe('a line of the log', () => {
  test('of HTTP is taken apart, with captures and without', () => {
    const bare = '10.0.1.2:33317 [27/Nov/2026:15:04:05.655] web app/b1 10/0/30/69/109 200 2750 - - --VN 1/1/1/1/0 0/0 ';
    const request = '"GET /index.html HTTP/1.1"';
    const wanted = {
      at: '27/Nov/2026:15:04:05.655',
      client: '10.0.1.2',
      virtualServer: 'web',
      pool: 'app',
      member: 'b1',
      status: 200,
      totalMs: 109,
      bytesOut: 2750,
      request: 'GET /index.html HTTP/1.1',
      state: {
        code: '--VN',
        isNormal: true,
        words: ['The client’s cookie was valid and followed.', 'No cookie was set.'],
      },
    };
    for (const captured of ['', '{host} ', '{host|agent "x"} {text/html} ']) {
      const text = `${head}${bare}${captured}${request}`;
      expect(parseLine(text, usual)).toEqual({ text, ...wanted });
    }
  });
  test('of TCP, of a client that never asked, and of no session', () => {
    const tcp = `${head}10.0.1.2:4711 [27/Nov/2026:15:04:05.655] fnt bck/srv1 0/0/5007 212 sD 0/0/0/0/3 0/0`;
    expect(parseLine(tcp, usual)).toMatchObject({
      pool: 'bck',
      member: 'srv1',
      totalMs: 5007,
      state: { isNormal: false },
    });
    const bad = `${head}10.0.1.2:4711 [27/Nov/2026:15:04:05.655] web~ web/<NOSRV> -1/-1/-1/-1/5 400 0 - - CR-- 2/2/0/0/0 0/0 "<BADREQ>"`;
    const entry = parseLine(bad, usual);
    expect(entry).toMatchObject({ virtualServer: 'web', status: 400, state: { code: 'CR--' } });
    expect([entry.member, entry.pool]).toEqual([undefined, undefined]);
    const failed = '10.0.1.2:4711 [27/Nov/2026:15:04:05.655] web/1: SSL handshake failure';
    expect(parseLine(failed, usual)).toEqual({
      text: failed,
      client: '10.0.1.2',
      at: '27/Nov/2026:15:04:05.655',
      virtualServer: 'web',
    });
    expect(parseLine(`${head}Server app/b1 is DOWN.`, usual)).toEqual({ text: `${head}Server app/b1 is DOWN.` });
  });
  test('of an own format is read by that format', () => {
    const own = compileFormat('ts=%ts id=%ID %[capture.req.hdr(0),json("[]")] to:%b/%s %{+Q}r %Ta%%');
    if (own === undefined) throw new Error('the format says nothing');
    expect(parseLine('ts=SC id=7F000001 "x" to:app/b1 "GET / HTTP/1.1" 12%', [own])).toMatchObject({
      pool: 'app',
      member: 'b1',
      request: 'GET / HTTP/1.1',
      totalMs: 12,
      state: { code: 'SC', isNormal: false },
    });
    expect(compileFormat('%pid only')).toBeUndefined();
  });
  test('of any length is read within bounds', () => {
    const started = performance.now();
    parseLine(`${head}${'1.2.3.4:5 [x] a b/c '.repeat(50_000)}`, usual);
    parseLine('haproxy[1] '.repeat(20_000), usual);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test('a termination state is told by who ended it and how far it had come; what HAProxy answers itself is no failure', () => {
  expect(decodeTermination('cD--')).toEqual({
    code: 'cD--',
    isNormal: false,
    words: ['The client was silent for longer than its time-out while data was passed on.'],
  });
  expect(decodeTermination('SC')?.words).toEqual([
    'The server broke it off or refused it while connecting to the server.',
  ]);
  expect(decodeTermination('LR--')?.isNormal).toBe(true);
  expect(decodeTermination('--')).toEqual({ code: '--', isNormal: true, words: [] });
  expect(decodeTermination('GET ')).toBeUndefined();
});
