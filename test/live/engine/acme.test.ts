import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { startPebble, type Pebble } from '../../rigs/pebble.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

/** Renewed after two thirds of it. */
const lifeS = 12;
const within = { timeout: 100_000, interval: 50 };
const names = ['www.here.test', 'shop.here.test'];

describe.skipIf(isMissing('openssl', 'pebble', 'dnsmasq'))(
  'certificates that an authority issues',
  { timeout: 120_000 },
  () => {
    const state = mkdtempSync(join(tmpdir(), 'steelyard-state-'));
    const body = 'x'.repeat(20_000);
    let member: RawMember;
    let engine: TestEngine;
    let pebble: Pebble;

    beforeAll(async () => {
      member = await startRawMember(answering(body));
      engine = await openEngine(config(), 2);
      pebble = await startPebble(engine.port('plain'), lifeS);
      await pebble.down();
    });

    afterAll(async () => {
      await engine.stop();
      await pebble.stop();
      await member.close();
      rmSync(state, { recursive: true, force: true });
    });

    /** The clear-text server sends everybody to HTTPS: the authority's look goes before that. */
    function config(...certificates: readonly (readonly string[])[]): EngineConfig {
      const tls = {
        certificates: certificates.map((each) => ({
          acme: { directory: pebble.directory, caFile: pebble.caFile, email: 'ops@here.test', names: [...each] },
        })),
      };
      const secure = { name: 'secure', listen: ['127.0.0.1:0'], pool: 'app', tls };
      return {
        version: 1,
        stateDirectory: state,
        virtualServers: [
          { name: 'plain', listen: ['127.0.0.1:0'], pool: 'app', http: { redirectToHttps: true } },
          ...(certificates.length === 0 ? [] : [secure]),
        ],
        pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
      };
    }

    function told(change: string, of: TestEngine = engine) {
      return of.events.filter((event) => event['event'] === 'certificate' && event['change'] === change);
    }

    /** Of everything that the authority issued to it. */
    function serialsOf(of: TestEngine): unknown[] {
      return [...told('issued', of), ...told('renewed', of)].map(({ serial }) => serial);
    }

    async function securePort(of: TestEngine = engine): Promise<number> {
      const { virtualServers } = await of.stats();
      return Number(/:(\d+)$/.exec(virtualServers.find(({ name }) => name === 'secure')?.listen[0] ?? '')?.[1]);
    }

    async function shown(port: number, options: ConnectionOptions): Promise<X509Certificate | undefined> {
      const socket = connect({ port, host: '127.0.0.1', servername: names[0] ?? '', ...options });
      await once(socket, 'secureConnect');
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      return certificate;
    }

    it('are self-signed while the authority is down, which an event says with its reason and the next try', async () => {
      engine.write(config(names));
      await engine.reload();
      const certificate = await shown(await securePort(), { rejectUnauthorized: false });
      expect(certificate?.subject).toBe(certificate?.issuer);
      expect(certificate?.checkHost('shop.here.test')).toBe('shop.here.test');
      await expect.poll(() => told('acme-failed').length, within).toBe(1);
      expect(told('placeholder')).toMatchObject([{ certificate: 'www.here.test', names }]);
      const [failed] = told('acme-failed');
      expect(failed).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') as string, failures: 1 });
      expect(Date.parse(String(failed?.['retryAt']))).toBeGreaterThan(Date.now());
    });

    it('come after a reload, and no member hears of the proof', async () => {
      await pebble.up();
      await engine.reload();
      await expect.poll(() => told('issued').length, within).toBe(1);
      const certificate = await shown(await securePort(), { ca: await pebble.root() });
      expect(certificate?.subjectAltName).toBe('DNS:www.here.test, DNS:shop.here.test');
      expect(serialsOf(engine)).toContain(certificate?.serialNumber);
      expect(member.heard).toEqual([]);
    });

    it('are renewed under traffic, and no request fails', async () => {
      const kept = new Agent({ keepAlive: true, maxSockets: 2 });
      const [port, serials, failures] = [await securePort(), new Set<string>(), new Array<string>()];
      let [isOver, requests] = [false, 0];
      async function client(agent: Agent | false): Promise<void> {
        while (!isOver) {
          await new Promise<void>((resolve) => {
            const outgoing = request({ port, host: '127.0.0.1', agent, rejectUnauthorized: false }, (response) => {
              let length = 0;
              response.on('data', (part: Buffer) => (length += part.length));
              response.on('end', () => {
                requests++;
                if (length !== body.length) failures.push(`${response.statusCode ?? 0}, ${length} bytes`);
                setTimeout(resolve, 20);
              });
              response.on('error', (error) => failures.push(error.message));
            });
            outgoing.on('error', (error) => {
              failures.push(error.message);
              resolve();
            });
            outgoing.end();
          });
        }
      }
      const clients = [client(kept), client(kept), client(false), client(false)];
      await expect.poll(() => told('renewed').length, within).toBeGreaterThan(0);
      await expect
        .poll(async () => {
          serials.add((await shown(port, { rejectUnauthorized: false }))?.serialNumber ?? '');
          return told('renewed').some(({ serial }) => serials.has(String(serial)));
        }, within)
        .toBe(true);
      isOver = true;
      await Promise.all(clients);
      kept.destroy();
      expect(failures).toEqual([]);
      expect(requests).toBeGreaterThan(10);
      expect(told('renewed')[0]?.['serial']).not.toBe(told('issued')[0]?.['serial']);
    });

    it('are kept for the next start, where nobody else can read them', async () => {
      const files = readdirSync(join(state, 'acme')).filter((name) => name.endsWith('.pem'));
      expect(files.filter((name) => name.startsWith('account-'))).toHaveLength(1);
      expect(files.filter((name) => !name.startsWith('account-'))).toHaveLength(1);
      expect(files.map((name) => statSync(join(state, 'acme', name)).mode & 0o777)).toEqual([0o600, 0o600]);
      expect(statSync(join(state, 'acme')).mode & 0o777).toBe(0o700);
      const next = await openEngine(config(names));
      const certificate = await shown(await securePort(next), { rejectUnauthorized: false });
      await next.stop();
      expect([...serialsOf(engine), ...serialsOf(next)]).toContain(certificate?.serialNumber);
      expect(told('placeholder', next)).toEqual([]);
    });

    it('stay what they are where the authority refuses another, whose words an event has', async () => {
      engine.write(config(names, ['www.away.test']));
      await engine.reload();
      await expect
        .poll(() => told('acme-failed').some((event) => event['certificate'] === 'www.away.test'), within)
        .toBe(true);
      const failed = told('acme-failed').find((event) => event['certificate'] === 'www.away.test');
      expect(failed?.['reason']).toMatch(/connection refused/i);
      const certificate = await shown(await securePort(), { servername: 'www.away.test', rejectUnauthorized: false });
      expect(certificate?.subject).toBe('CN=www.away.test');
      expect(certificate?.issuer).toBe('CN=www.away.test');
      expect((await shown(await securePort(), { rejectUnauthorized: false }))?.issuer).toContain('Pebble');
      const said = JSON.stringify(engine.events);
      expect(said).not.toContain('PRIVATE KEY');
      for (const name of readdirSync(join(state, 'acme')).filter((each) => each.endsWith('.pem'))) {
        const key = /PRIVATE KEY-----\n(.+)\n/.exec(readFileSync(join(state, 'acme', name), 'utf8'))?.[1] ?? '';
        expect(key).not.toBe('');
        expect(said).not.toContain(key);
      }
    });

    it('answer no token that is not theirs: members may have files of that name', async () => {
      const { text } = await speak(
        engine.port('plain'),
        'GET /.well-known/acme-challenge/abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      expect(text).toMatch(/^HTTP\/1.1 308 /);
    });
  },
);
