import { describe, expect, it } from 'vitest';
import { negotiate, type Coding } from '../../../../src-main/engine/compression/negotiate.ts';
import { planCompression } from '../../../../src-main/engine/compression/plan.ts';

const all: readonly Coding[] = ['zstd', 'br', 'gzip'];

describe('the coding of a response', () => {
  it.each([
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['br;q=0, gzip;q=0.001', 'gzip'],
    ['*', 'zstd'],
    ['*;q=0, gzip', 'gzip'],
    ['zstd;q=0, *', 'br'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['identity, gzip;q=0.5', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=0', undefined],
    ['deflate', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const)('for "%s" is %s', (accepted, coding) => {
    expect(negotiate(accepted, all)).toBe(coding);
  });
});

function plan(fields: string, request = 'Accept-Encoding: gzip\r\n', status = 200) {
  const made = planCompression(
    `GET / HTTP/1.1\r\nHost: x\r\n${request}\r\n`,
    `HTTP/1.1 ${status} OK\r\n${fields}\r\n`,
    status,
    ['gzip'],
    true,
  );
  return made === undefined ? undefined : { coding: made.coding, head: made.head.toString('latin1') };
}

const html = 'Content-Type: text/html; charset=utf-8\r\nContent-Length: 5000\r\n';

describe('a response', () => {
  it('is compressed with its Vary added to, its ETag weakened, its length gone', () => {
    const made = plan(`${html}ETag: "a"\r\nVary: Origin\r\nAccept-Ranges: bytes\r\n`);
    expect(made?.coding).toBe('gzip');
    expect(made?.head).toContain(
      'ETag: W/"a"\r\nVary: Origin, Accept-Encoding\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n',
    );
    expect(made?.head).not.toMatch(/content-length|accept-ranges/i);
  });

  it('gets Vary also where this client wants it plain', () => {
    expect(plan(html, '')).toMatchObject({
      coding: undefined,
      head: expect.stringContaining('Vary: Accept-Encoding\r\n') as unknown,
    });
    expect(plan(`${html}Vary: accept-encoding\r\n`, '')).toBeUndefined();
  });

  it.each([
    ['encoded already', `${html}Content-Encoding: br\r\n`, 200],
    ['not to be transformed', `${html}Cache-Control: no-transform\r\n`, 200],
    ['small', 'Content-Type: text/html\r\nContent-Length: 100\r\n', 200],
    ['a picture', 'Content-Type: image/png\r\nContent-Length: 5000\r\n', 200],
    ['of no type', 'Content-Length: 5000\r\n', 200],
    ['an event stream', 'Content-Type: text/event-stream\r\n', 200],
    ['a part', `${html}Content-Range: bytes 0-4999/9000\r\n`, 206],
  ])('that is %s stays as it is', (_what, fields, status) => {
    expect(plan(fields, 'Accept-Encoding: gzip\r\n', status)).toBeUndefined();
  });

  it('to a request for a part stays plain', () => {
    expect(plan(html, 'Accept-Encoding: gzip\r\nRange: bytes=0-\r\n')?.coding).toBeUndefined();
  });
});
