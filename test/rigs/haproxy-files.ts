import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { type CalledConsole, openCalledConsole } from './console-calls.ts';
import { freePort } from './free-port.ts';
import { type Site, startSite } from './haproxy-site.ts';

/** A HAProxy before a member with one file of `bytes`: `frontend big` in HTTP mode, `frontend raw` in TCP mode. */
export interface FilesSite {
  readonly site: Site;
  /** A console in this process that has it as the device `lb`. */
  readonly called: CalledConsole;
  /** Seconds that a whole download by `frontend big` takes. */
  readonly download: () => Promise<number>;
  readonly close: () => Promise<void>;
}

const bytes = 300_000;

export async function startFilesSite(program: string | undefined): Promise<FilesSite> {
  const member: Server = createServer((_request, response) => response.end(Buffer.alloc(bytes, 'x')));
  await new Promise<void>((resolve) => member.listen(0, '127.0.0.1', resolve));
  const { port: behind } = member.address() as AddressInfo; // a TCP server's
  const port = await freePort();
  const site = await startSite({
    ...(program !== undefined && { program }),
    more: `frontend big
    bind 127.0.0.1:${port}
    default_backend files

frontend raw
    mode tcp
    bind 127.0.0.1:${await freePort()}
    default_backend rawfiles

backend files
    server f 127.0.0.1:${behind}

backend rawfiles
    mode tcp
    server f 127.0.0.1:${behind}`,
  });
  const called = await openCalledConsole(site.dataDir);
  await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
  return {
    site,
    called,
    download: async () => {
      const from = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      expect((await response.arrayBuffer()).byteLength).toBe(bytes);
      return (performance.now() - from) / 1000;
    },
    close: async () => {
      await site.close();
      member.close();
    },
  };
}
