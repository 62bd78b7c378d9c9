import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { TLSSocket } from 'node:tls';
import { openAuthority, type IssuedCertificate } from './certificates.ts';
import { openEngine } from './engine-process.ts';
import { answering, startRawMember } from './raw-http.ts';

export interface SwapResult {
  readonly swaps: number;
  readonly requests: number;
  readonly handshakes: number;
  /** Serial numbers of the certificates that clients were shown. */
  readonly serials: ReadonlySet<string>;
  readonly failures: readonly string[];
}

/**
 * TLS traffic on kept and on new connections while the certificate is changed `swaps` times, by the admin interface and by
 * new files with a reload in turn. After each change traffic goes on until the new certificate was seen.
 */
export async function swapCertificates(swaps: number): Promise<SwapResult> {
  const authority = openAuthority();
  const body = 'x'.repeat(20_000);
  const member = await startRawMember(answering(body));
  const certificates = Array.from({ length: Math.min(swaps, 8) + 1 }, () =>
    authority.issue({ names: ['www.example.com'] }),
  );
  const [first] = certificates;
  if (first === undefined) throw new Error('no certificate');
  function config({ certFile, keyFile }: IssuedCertificate) {
    return {
      version: 1 as const,
      virtualServers: [
        {
          name: 'web',
          listen: ['127.0.0.1:0'],
          pool: 'app',
          tls: { certificates: [{ name: 'web', certFile, keyFile }] },
        },
      ],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    };
  }
  const engine = await openEngine(config(first), 2);
  const port = engine.port('web');
  const kept = new Agent({ keepAlive: true, maxSockets: 4 });
  const failures: string[] = [];
  const serials = new Set<string>();
  const seen = new WeakSet<TLSSocket>();
  let [requests, handshakes, isOver, lastSerial] = [0, 0, false, ''];

  async function client(agent: Agent | false): Promise<void> {
    while (!isOver) await ask(agent);
  }

  function ask(agent: Agent | false): Promise<void> {
    return new Promise((resolve) => {
      const outgoing = request(
        { host: '127.0.0.1', port, agent, ca: authority.ca, servername: 'www.example.com', timeout: 20_000 },
        (response) => {
          let text = '';
          response.setEncoding('latin1').on('data', (part: string) => (text += part));
          response.on('end', () => {
            requests++;
            if (response.statusCode !== 200 || text !== body)
              failures.push(`${response.statusCode ?? 0}, ${text.length} bytes`);
            resolve();
          });
          response.on('error', (error) => failures.push(error.message));
        },
      );
      outgoing.on('socket', (socket) => {
        if (!(socket instanceof TLSSocket) || seen.has(socket)) return;
        seen.add(socket);
        socket.once('secureConnect', () => {
          handshakes++;
          lastSerial = socket.getPeerX509Certificate()?.serialNumber ?? lastSerial;
          serials.add(lastSerial);
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', (error) => {
        failures.push(error.message);
        resolve();
      });
      outgoing.end();
    });
  }

  const clients = [client(kept), client(kept), client(kept), client(false), client(false)];
  for (let swap = 1; swap <= swaps; swap++) {
    const next = certificates[swap % certificates.length] ?? first;
    const [cert, key] = [readFileSync(next.certFile, 'utf8'), readFileSync(next.keyFile, 'utf8')];
    if (swap % 2 === 1) {
      const { status } = await engine.admin('PUT', '/v1/certificates/web', { cert, key });
      if (status !== 200) failures.push(`PUT answered ${status}`);
    } else {
      engine.write(config(next));
      await engine.reload();
    }
    const serial = new X509Certificate(cert).serialNumber;
    const until = Date.now() + 20_000;
    while (lastSerial !== serial && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    if (lastSerial !== serial) failures.push(`swap ${swap} was not seen`);
  }
  isOver = true;
  await Promise.all(clients);
  kept.destroy();
  await engine.stop();
  await member.close();
  authority.close();
  return { swaps, requests, handshakes, serials, failures };
}
