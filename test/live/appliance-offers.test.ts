import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { DeviceFacts, Offered, WritablePath } from '../../src-main/contract/api.ts';
import { type Desired, desiredSchema, type DeviceModel } from '../../src-main/contract/model.ts';
import { diffModel } from '../../src-main/core/plan/diff.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import type { SourceFile } from '../../src-main/vendors/vendor.ts';
import { appliances, password } from '../rigs/appliances.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';

/** What a form promises on a device, its driver can plan: nobody fills in a form to be refused at its end. */
describe.each(appliances)('every form of $label', ({ vendor, account, start, pool, virtualServer, members }) => {
  let facts: DeviceFacts;
  let model: DeviceModel;
  let files: readonly SourceFile[];
  const driver = drivers.find(({ id }) => id === vendor);

  beforeAll(async () => {
    const device = await start();
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-offers-'));
    const called = await openCalledConsole(dataDir);
    try {
      const address = `${vendor}+ssh://${account}@${device.host}:${String(device.port)}`;
      const credentials = { password };
      await called.call('devices.test', { testId: 't', address, credentials, acceptHostKey: device.fingerprint });
      await called.call('devices.add', { spec: { name: 'lb', address, environment: 'lab' }, credentials });
      ({ facts, model } = await called.call('devices.read', { device: 'lb' }));
      // A reading is kept a moment after it was answered.
      const shown = await vi.waitFor(() => called.call('history.show', { device: 'lb', version: 1 }), 20_000);
      files = shown.map(({ path, text }) => ({ path, bytes: Buffer.from(text) }));
    } finally {
      await called.console.close();
      await device.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);

  /** Throws as a plan would. */
  function tryOut(desired: Desired): void {
    if (driver === undefined) throw new Error(`There is no driver ${vendor}.`);
    const edit = diffModel(model, desiredSchema.parse(desired), 'merge');
    expect(edit.changes.length, JSON.stringify(desired)).toBeGreaterThan(0);
    expect(driver.edit(files, edit)[0]?.bytes.equals(files[0]?.bytes ?? Buffer.of()), JSON.stringify(desired)).toBe(
      false,
    );
  }

  test('algorithms, with each of their settings', () => {
    expect(facts.algorithms.length).toBeGreaterThan(3);
    for (const offered of facts.algorithms) {
      for (const settings of choicesOf(offered)) {
        const algorithm = { name: offered.name, ...settings };
        const edit = diffModel(model, desiredSchema.parse({ pools: [{ name: pool, algorithm }] }), 'merge');
        // What the pool has already needs no command.
        if (edit.changes.length > 0) expect(() => driver?.edit(files, edit), JSON.stringify(algorithm)).not.toThrow();
      }
    }
  });

  test('persistence, with each of its settings', () => {
    for (const { name, settings = [], needs = [], multipleOf } of facts.persistence ?? []) {
      const values: Readonly<Record<string, unknown>> = {
        cookieName: 'Held',
        expression: 'HTTP.REQ.HEADER("X-User")',
        timeoutMs: 2 * (multipleOf?.['timeoutMs'] ?? 1),
        ipv4Prefix: 24,
        ipv6Prefix: 64,
      };
      const persistence = Object.fromEntries([...needs, ...settings].map((key) => [key, values[key]]));
      tryOut({ virtualServers: [{ name: virtualServer, persistence: { method: name, ...persistence } }] } as Desired); // keys of the schema, which is asked
    }
    expect(facts.persistence?.length).toBeGreaterThan(0);
  });

  test('what it says that it writes, and nothing for no limit', () => {
    const [member] = members;
    const wishes: Readonly<Partial<Record<WritablePath, readonly Desired[]>>> = {
      'member.maxConnections': [1, 0].map((maxConnections) => ({
        pools: [{ name: pool, members: [{ name: member, maxConnections }] }],
      })),
      'member.priority': [{ pools: [{ name: pool, members: [{ name: member, priority: 7 }] }] }],
      'pool.minActiveMembers': [{ pools: [{ name: pool, minActiveMembers: 1 }] }],
      'pool.slowStartMs': [{ pools: [{ name: pool, slowStartMs: 0 }] }],
      'virtualServer.adminState': [{ virtualServers: [{ name: virtualServer, adminState: 'disabled' }] }],
      'virtualServer.tls.minVersion': ['1.1', '1.3'].map((minVersion) => ({
        virtualServers: [{ name: virtualServer, tls: { minVersion, maxVersion: '1.3' } }],
      })),
      'virtualServer.tls.sessionTickets': [
        { virtualServers: [{ name: virtualServer, tls: { sessionTickets: true } }] },
      ],
      'pool.tls': [{ pools: [{ name: pool, tls: { serverName: 'app.example' } }] }],
      'virtualServer.connectionLimit': [{ virtualServers: [{ name: virtualServer, connectionLimit: 9 }] }],
    };
    const unwritable = new Set(
      (facts.unwritable ?? [])
        .filter((one) => one.pool === pool || one.virtualServer === virtualServer)
        .map(({ path }) => path),
    );
    for (const path of facts.writes ?? []) {
      if (unwritable.has(path)) continue;
      for (const wish of wishes[path] ?? []) {
        const edit = diffModel(model, desiredSchema.parse(wish), 'merge');
        expect(() => driver?.edit(files, edit), JSON.stringify(wish)).not.toThrow();
      }
    }
  });
});

/** Every way to fill in the fields of an algorithm's form. */
function choicesOf({ needs = [], settings = [] }: Offered): readonly Readonly<Record<string, unknown>>[] {
  const values: Readonly<Record<string, readonly unknown[]>> = {
    key: ['X-User'],
    per: ['member', 'node', undefined],
    weighted: [true, false, undefined],
  };
  return [...needs, ...settings].reduce<readonly Readonly<Record<string, unknown>>[]>(
    (made, key) => made.flatMap((one) => (values[key] ?? [undefined]).map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}
