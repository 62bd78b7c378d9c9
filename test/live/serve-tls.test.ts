import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveConsole, type WebServer } from '../../src-main/web/server.ts';
import { isMissing } from '../rigs/need.ts';
import { openSmallConsole } from '../rigs/small-console.ts';

describe.skipIf(isMissing('openssl'))('the console served beyond this machine, over TLS', () => {
  let directory: string;
  let server: WebServer;
  let cert: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'steelyard-tls-'));
    const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const names = [
      '-subj',
      '/CN=console',
      '-addext',
      'subjectAltName=DNS:console.example,DNS:*.wild.example,IP:127.0.0.1',
    ];
    execFileSync('openssl', [...words, ...names, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
    await writeFile(join(directory, 'index.html'), '<title>Steelyard</title>');
    cert = await readFile(certFile, 'utf8');
    const tls = { cert, key: await readFile(keyFile, 'utf8') };
    const options = { listen: '0.0.0.0:0', pages: directory, allowRemote: true, report: () => undefined };
    server = await serveConsole(openSmallConsole(), { ...options, tls });
    await expect(serveConsole(openSmallConsole(), { ...options, tls: { cert, key: 'no key' } })).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
    });
  });
  afterAll(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  function send(path: string, host: string): Promise<{ status: number; cookie: string }> {
    const { port } = new URL(server.origin);
    return new Promise((resolve, reject) => {
      const headers = { Host: `${host}:${port}` };
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          path,
          headers,
          ca: cert,
          servername: 'console.example',
          checkServerIdentity: () => undefined,
          agent: false,
        },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, cookie: response.headers['set-cookie']?.[0] ?? '' });
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  test("the link names the certificate's host, and its cookie goes over TLS alone", async () => {
    const link = new URL(server.mintLink());
    expect([link.protocol, link.hostname]).toEqual(['https:', 'console.example']);
    const { status, cookie } = await send(link.pathname + link.search, 'console.example');
    expect([status, cookie]).toEqual([303, expect.stringMatching(/; Secure$/)]);
  });

  test('it answers under the names of its certificate and no other', async () => {
    expect((await send('/', 'console.example')).status).toBe(200);
    expect((await send('/', '127.0.0.1')).status).toBe(200);
    for (const host of ['evil.example', 'a.wild.example', '*.wild.example', '10.0.0.1']) {
      expect((await send('/', host)).status, host).toBe(403);
    }
  });
});
