import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../../rigs/need.ts';
import { probe, type ProbedMonitor } from '../../rigs/probe.ts';

describe.skipIf(isMissing('openssl'))('monitors over TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-monitor-'));
  const caFile = join(directory, 'cert.pem');
  const names: string[] = []; // `false` where none came
  let server: Server;
  let port = 0;

  beforeAll(async () => {
    const keyFile = join(directory, 'key.pem');
    const subject = ['-subj', '/CN=app.internal', '-addext', 'subjectAltName=DNS:app.internal'];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', keyFile, '-out', caFile], { stdio: 'ignore' });
    server = createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, (request, response) => {
      response.end(`for ${request.headers.host ?? ''}`);
    });
    server.on('secureConnection', (socket) => names.push(String(socket.servername)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port; // a TCP server has an address and port
  });

  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(['https', 'tls-hello'] as const)(
    '%s passes a certificate of the file of authorities, asked for by name',
    async (type) => {
      const verdict = await probe({ type, tls: { caFile, serverName: 'app.internal' } }, port);
      expect(verdict.isPassing, verdict.result).toBe(true);
      expect(verdict.result).toMatch(type === 'https' ? /^HTTP 200$/ : /^TLSv1\.3, certificate until .* GMT$/);
      expect(names.at(-1)).toBe('app.internal');
    },
  );

  it.each(['https', 'tls-hello'] as const)(
    '%s fails a certificate that nobody vouches for, and says so',
    async (type) => {
      const verdict = await probe({ type, tls: { serverName: 'app.internal' } }, port);
      expect(verdict.isPassing).toBe(false);
      expect(verdict.result).toContain('SELF_SIGNED_CERT');
    },
  );

  it.each(['https', 'tls-hello'] as const)('%s fails a certificate of another name', async (type) => {
    const verdict = await probe({ type, tls: { caFile } }, port);
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it.each(['https', 'tls-hello'] as const)('%s passes any certificate where it is told not to verify', async (type) => {
    expect((await probe({ type, tls: { verify: false } }, port)).isPassing).toBe(true);
    expect(names.at(-1)).toBe('false');
  });

  it.each(['https', 'tls-hello'] as const)('%s speaks the versions and suites that it is told to', async (type) => {
    const keys = { key: readFileSync(join(directory, 'key.pem')), cert: readFileSync(caFile) };
    const suite = 'ECDHE-ECDSA-AES256-GCM-SHA384';
    const old = createServer({ ...keys, maxVersion: 'TLSv1.2', ciphers: suite }, (_, response) => response.end());
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    const { port: oldPort } = old.address() as AddressInfo; // a TCP server has an address and port
    async function passes(tls: NonNullable<ProbedMonitor['tls']>, at = oldPort): Promise<boolean> {
      return (await probe({ type, tls: { ...tls, verify: false } }, at)).isPassing;
    }
    expect(await passes({})).toBe(true);
    expect(await passes({ minVersion: '1.3' })).toBe(false);
    expect(await passes({ profile: 'modern' })).toBe(false);
    expect(await passes({ profile: 'modern' }, port)).toBe(true);
    expect(await passes({ ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] })).toBe(false);
    expect(await passes({ ciphers: [suite] })).toBe(true);
    expect(await passes({ maxVersion: '1.2' }, port)).toBe(true);
    old.close();
  });

  it('says when the file of authorities cannot be read', async () => {
    const verdict = await probe({ type: 'tls-hello', tls: { caFile: join(directory, 'absent.pem') } }, port);
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).toContain('caFile: ENOENT');
  });

  it('looks at the status and body behind TLS', async () => {
    const monitor: ProbedMonitor = { type: 'https', host: 'app.internal', tls: { caFile }, expectBody: 'app.internal' };
    expect(await probe(monitor, port)).toEqual({ isPassing: true, result: 'HTTP 200' });
    expect((await probe({ ...monitor, expectStatus: ['204'] }, port)).isPassing).toBe(false);
  });
});
