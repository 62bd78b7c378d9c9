import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sendRequests, startBackends } from '../rigs/backends.ts';
import { freePort } from '../rigs/free-port.ts';

const patient = { timeout: 30_000, interval: 50 };

test('steelyard simulate f5 --carry serves, and tells a port that it cannot serve in words', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-carry-'));
  const file = join(directory, 'bigip.conf');
  const backends = await startBackends(['b1', 'b2']);
  const [own, taken] = [await freePort(), await freePort()];
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve));
  writeFileSync(file, configOf(backends.ports, { web: own, other: taken }));
  const command = join(import.meta.dirname, '../../src-main/cli.ts');
  const child = spawn(process.execPath, [command, 'simulate', 'f5', '--config', file, '--carry']);
  let told = '';
  child.stderr.on('data', (part) => (told += String(part)));
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    await vi.waitFor(() => {
      expect(told).toContain(`The virtual server /Common/other is not served on 127.0.0.1:${taken}: `);
      expect(told).toContain('Ctrl-C ends it.');
    }, patient);
    expect((await sendRequests(own, 4)).byBackend).toEqual({ b1: 2, b2: 2 });
  } finally {
    child.kill('SIGINT');
    rmSync(directory, { recursive: true });
  }
  expect(await ended).toBe(0);
  expect((await sendRequests(own, 1)).failures).toEqual([expect.stringContaining('ECONNREFUSED')]);
  await new Promise((resolve) => other.close(resolve));
  await backends.close();
});

function configOf(ports: readonly number[], virtuals: Readonly<Record<string, number>>): string {
  const members = ports.map(
    (port) => `        /Common/127.0.0.1:${port} {\n            address 127.0.0.1\n        }\n`,
  );
  const servers = Object.entries(virtuals).map(
    ([name, port]) => `ltm virtual /Common/${name} {
    destination /Common/127.0.0.1:${port}
    ip-protocol tcp
    pool /Common/web
    profiles {
        /Common/http { }
        /Common/tcp { }
    }
}
`,
  );
  return `ltm pool /Common/web {\n    members {\n${members.join('')}    }\n}\n${servers.join('')}`;
}
