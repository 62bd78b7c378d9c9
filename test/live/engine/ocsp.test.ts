import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOcspAnswer } from '../../../src-main/engine/tls/ocsp.ts';
import { openAuthority, type Authority, type IssuedCertificate } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { freePort } from '../../rigs/free-port.ts';
import { isMissing } from '../../rigs/need.ts';

describe.skipIf(isMissing('openssl'))('OCSP stapling', () => {
  let authority: Authority;
  let good: IssuedCertificate;
  let revoked: IssuedCertificate;
  let unnamed: IssuedCertificate;
  let responder: ChildProcess;
  let engine: TestEngine;

  beforeAll(async () => {
    authority = openAuthority();
    const port = await freePort();
    const ocsp = `http://127.0.0.1:${port}/`;
    good = authority.issue({ names: ['good.example.com'], file: 'good', ocsp });
    revoked = authority.issue({ names: ['revoked.example.com'], file: 'revoked', ocsp });
    unnamed = authority.issue({ names: ['unnamed.example.com'], file: 'unnamed' });
    const index = authority.index([good], [revoked]);
    responder = spawn(
      'openssl',
      [
        'ocsp',
        '-port',
        String(port),
        '-index',
        index,
        '-CA',
        authority.caFile,
        '-rsigner',
        authority.caFile,
        '-rkey',
        authority.caKey,
        '-nmin',
        '60',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    await Promise.race([once(responder.stdout ?? responder, 'data'), once(responder.stderr ?? responder, 'data')]); // it says that it waits
    engine = await openEngine({
      version: 1,
      virtualServers: [
        {
          name: 'web',
          listen: ['127.0.0.1:0'],
          fixedResponse: { status: 200, body: 'ok' },
          tls: {
            certificates: [good, revoked, unnamed].map((each) => ({ ...each, chainFile: authority.caFile })),
            ocspStapling: true,
          },
        },
      ],
    });
  });

  afterAll(async () => {
    await engine.stop();
    responder.kill();
    authority.close();
  });

  /** What is stapled to a handshake with this name; undefined = nothing. */
  async function stapled(servername: string, options: ConnectionOptions = {}): Promise<Buffer | undefined> {
    const port = engine.port('web');
    const socket = connect({ port, host: '127.0.0.1', servername, ca: authority.ca, requestOCSP: true, ...options });
    let answer: Buffer | undefined;
    socket.on('OCSPResponse', (bytes: Buffer | null) => {
      answer = bytes ?? undefined;
    });
    await once(socket, 'secureConnect');
    socket.destroy();
    return answer;
  }

  it('shows what the responder of the certificate says', async () => {
    await expect.poll(() => stapled('good.example.com'), { timeout: 10_000 }).toBeDefined();
    const answer = await stapled('good.example.com', { maxVersion: 'TLSv1.2' });
    const { nextUpdateMs } = readOcspAnswer(answer ?? Buffer.alloc(0));
    expect(nextUpdateMs).toBeGreaterThan(Date.now());
  });

  it('shows nothing for a certificate that is revoked or names no responder, and says why', async () => {
    function reasonFor(certificate: string): unknown {
      return engine.events.find((event) => event['change'] === 'ocsp-failed' && event['certificate'] === certificate)?.[
        'reason'
      ];
    }
    await expect.poll(() => reasonFor('revoked.pem'), { timeout: 10_000 }).toBe('the certificate is revoked');
    expect(reasonFor('unnamed.pem')).toBe('it names no OCSP responder over http');
    expect(await stapled('revoked.example.com')).toBeUndefined();
    expect(await stapled('unnamed.example.com')).toBeUndefined();
  });
});
