import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serveConsole, type WebServer } from '../../../src-main/web/server.ts';
import { openSmallConsole } from '../../rigs/small-console.ts';

let directory: string;
let server: WebServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'steelyard-web-'));
  const pages = join(directory, 'renderer');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await writeFile(join(directory, 'secret.txt'), 'not a page');
  await writeFile(join(pages, 'index.html'), '<!doctype html><title>Steelyard</title>');
  await writeFile(join(pages, 'assets', 'index-CnWXC358.js'), 'document.title;');
  server = await serveConsole(openSmallConsole(), { listen: '127.0.0.1:0', pages, report: () => undefined });
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function send(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.origin);
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const { statusCode = 0 } = response;
        resolve({ status: statusCode, headers: response.headers, body: Buffer.concat(parts).toString() });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Bytes as written, for what a proper client would never send. */
function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(answer);
    });
  });
}

function pathOf(link: string): string {
  const { pathname, search } = new URL(link);
  return pathname + search;
}

async function enter(): Promise<string> {
  const { headers } = await send(pathOf(server.mintLink()));
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

describe('the link', () => {
  test('leads to the page, gives a cookie no script and no other site can use, and leaves the address bar', async () => {
    const { status, headers } = await send(pathOf(server.mintLink()));
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']?.[0]).toMatch(/^steelyard-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(headers['cache-control']).toBe('no-store');
    const page = await fetch(server.mintLink());
    expect([page.status, page.url]).toEqual([200, `${server.origin}/`]);
    expect(await page.text()).toContain('<title>Steelyard</title>');
  });

  test('is good for one use: a replay of its token is refused and gives no cookie', async () => {
    const path = pathOf(server.mintLink());
    await send(path);
    const replay = await send(path);
    expect(replay.status).toBe(403);
    expect(replay.headers['set-cookie']).toBeUndefined();
  });

  test('a made-up or empty token is refused', async () => {
    expect((await send(`/?token=${'A'.repeat(43)}`)).status).toBe(403);
    expect((await send('/?token=')).status).toBe(403);
  });

  test('opened again by the browser that holds its session, it just leads on', async () => {
    const path = pathOf(server.mintLink());
    const [cookie = ''] = (await send(path)).headers['set-cookie']?.[0]?.split(';') ?? [];
    const again = await send(path, { Cookie: cookie });
    expect([again.status, again.headers['set-cookie']]).toEqual([303, undefined]);
  });

  test('a HEAD, as previewers send it, does not use it up', async () => {
    const path = pathOf(server.mintLink());
    await send(path, {}, 'HEAD');
    expect((await send(path)).status).toBe(303);
  });

  test('every link has a token of its own, and one with a time ends with it', async () => {
    expect(server.mintLink()).not.toBe(server.mintLink());
    expect((await send(pathOf(server.mintLink(-1)))).status).toBe(403);
  });

  test('a page can ask whether its session stands', async () => {
    expect((await send('/session')).status).toBe(401);
    expect((await send('/session', { Cookie: await enter() })).status).toBe(200);
    expect((await send('/session', { Cookie: `steelyard-${new URL(server.origin).port}=made-up` })).status).toBe(401);
  });
});

describe('a request', () => {
  test('is answered under the exact listen address and localhost alone: a rebound name is refused', async () => {
    const { port } = new URL(server.origin);
    for (const host of [`evil.example:${port}`, `127.0.0.1.evil.example:${port}`, 'localhost', `127.0.0.2:${port}`]) {
      expect((await send('/', { Host: host })).status, host).toBe(403);
    }
    expect((await send('/', { Host: `localhost:${port}` })).status).toBe(200);
    expect((await send('/', { Host: `LOCALHOST:${port}` })).status).toBe(200);
  });

  test('a rebound Host does not use the link up', async () => {
    const path = pathOf(server.mintLink());
    expect((await send(path, { Host: 'evil.example' })).status).toBe(403);
    expect((await send(path)).status).toBe(303);
  });

  test('with the Origin of another page is refused', async () => {
    const cookie = await enter();
    for (const origin of ['https://evil.example', 'null', server.origin.replace('http', 'https')]) {
      expect((await send('/', { Origin: origin, Cookie: cookie })).status, origin).toBe(403);
    }
    expect((await send('/', { Origin: server.origin })).status).toBe(200);
  });

  test('gets files of the list alone: no way out of the folder, however it is written', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '/..%2fsecret.txt',
      '//secret.txt',
      '/assets\\..\\..\\secret.txt',
      '/index.html%00.js',
      '/assets',
      '/assets/',
      'http://evil.example/',
    ]) {
      const answer = await sendRaw(
        `GET ${path} HTTP/1.1\r\nHost: ${new URL(server.origin).host}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, path).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(answer).not.toContain('not a page');
    }
  });

  test('other than GET and HEAD, or with a body, is refused', async () => {
    expect((await send('/', {}, 'POST', 'x')).status).toBe(405);
    expect((await send('/', {}, 'OPTIONS')).status).toBe(405);
    expect((await send('/', { 'Content-Length': '1' }, 'GET', 'x')).status).toBe(413);
    expect((await send('/', {}, 'HEAD')).body).toBe('');
  });

  test('with headers past the limit is cut off', async () => {
    expect((await send('/', { 'X-Long': 'x'.repeat(20_000) })).status).toBe(431);
  });

  test('every answer, a refusal too, carries the policy and its companions', async () => {
    const answers = [
      await send('/'),
      await send('/nothing'),
      await send('/', { Host: 'evil' }),
      await send('/', {}, 'PUT'),
    ];
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('a file with a hash in its name may be kept, the page itself may not', async () => {
    const script = await send('/assets/index-CnWXC358.js');
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'private, max-age=31536000, immutable',
    });
    expect((await send('/index.html')).headers['cache-control']).toBe('no-store');
  });
});

describe('the address to listen on', () => {
  test('other than loopback is refused without TLS and --allow-remote', async () => {
    const options = { pages: join(directory, 'renderer'), report: () => undefined };
    for (const listen of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'example.com:0', '127.0.0.1.example:0']) {
      await expect(serveConsole(openSmallConsole(), { ...options, listen })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      await expect(
        serveConsole(openSmallConsole(), { ...options, listen, allowRemote: true }),
        'the flag alone is not enough',
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });

  test('that is taken, or that is none, is told', async () => {
    const options = { pages: join(directory, 'renderer'), report: () => undefined };
    const taken = new URL(server.origin).host;
    await expect(serveConsole(openSmallConsole(), { ...options, listen: taken })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
    for (const listen of ['', '8080', ':1', '127.0.0.1', '127.0.0.1:99999', '::1:80']) {
      await expect(serveConsole(openSmallConsole(), { ...options, listen })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    }
  });

  test('without a built window it says what to do', async () => {
    const pages = join(directory, 'nothing');
    await expect(
      serveConsole(openSmallConsole(), { listen: '127.0.0.1:0', pages, report: () => undefined }),
    ).rejects.toThrow(/npm run build/);
  });
});
