import { writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { openAuthority, type Authority } from './certificates.ts';
import { Daemons } from './daemon.ts';
import { freePort } from './free-port.ts';
import { startNameServer, type NameServer } from './dnsmasq.ts';

/** Pebble, Let's Encrypt's small ACME server: it forgets everything when it ends. */
export interface Pebble {
  readonly directory: string;
  /** Who its own HTTPS is trusted by. */
  readonly caFile: string;
  /** PEM of the root that it issues from now. */
  readonly root: () => Promise<string>;
  readonly down: () => Promise<void>;
  readonly up: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Looks for every proof at `httpPort`: names below `.here.test` lead to 127.0.0.1, those below `.away.test` to 127.0.0.9, where
 * nobody listens. Certificates are good for `seconds`.
 */
export async function startPebble(httpPort: number, seconds: number): Promise<Pebble> {
  const authority: Authority = openAuthority();
  const names: NameServer = await startNameServer(['address=/here.test/127.0.0.1', 'address=/away.test/127.0.0.9']);
  const [port, managementPort] = [await freePort(), await freePort()];
  const { certFile, keyFile } = authority.issue({ names: ['127.0.0.1'] });
  let daemons: Daemons | undefined;
  async function up(): Promise<void> {
    daemons = new Daemons('pebble');
    const file = join(daemons.directory, 'pebble.json');
    const pebble = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: certFile,
      privateKey: keyFile,
      httpPort,
      tlsPort: 1,
      certificateValidityPeriod: seconds,
    };
    writeFileSync(file, JSON.stringify({ pebble }));
    daemons.own(file, keyFile, authority.directory);
    await daemons.start('pebble', ['-config', file, '-dnsserver', names.address], port, { PEBBLE_VA_NOSLEEP: '1' });
  }
  async function down(): Promise<void> {
    await daemons?.end();
    daemons = undefined;
  }
  await up();
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    caFile: authority.caFile,
    root: () => read(`https://127.0.0.1:${managementPort}/roots/0`, authority.ca),
    up,
    down,
    stop: async () => {
      await down();
      await names.stop();
      authority.close();
    },
  };
}

function read(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}
