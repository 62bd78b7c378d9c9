import type { DatabaseSync } from 'node:sqlite';
import { type DeviceSpec, deviceSpecSchema } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { text } from './database.ts';

/** Devices and settings, on the worker's side. */
export function inventoryCalls(database: DatabaseSync) {
  const list = database.prepare('SELECT name, spec FROM device ORDER BY name');
  const put = database.prepare(
    'INSERT INTO device (name, spec) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET spec = excluded.spec',
  );
  const remove = database.prepare('DELETE FROM device WHERE name = ?');
  const settings = database.prepare('SELECT key, value FROM setting ORDER BY key');
  const setting = database.prepare('SELECT value FROM setting WHERE key = ?');
  const set = database.prepare(
    'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    listDevices: (): DeviceSpec[] => list.all().map((row) => parseSpec(text(row, 'name'), text(row, 'spec'))),
    putDevice: (spec: DeviceSpec): void => {
      put.run(spec.name, JSON.stringify(spec));
    },
    removeDevice: (name: string): void => {
      if (remove.run(name).changes === 0) throw new AppError('NOT_FOUND', `No device is named "${name}".`);
    },
    allSettings: (): Record<string, string> =>
      Object.fromEntries(settings.all().map((row) => [text(row, 'key'), text(row, 'value')])),
    getSetting: (key: string): string | undefined => {
      const row = setting.get(key);
      return row && text(row, 'value');
    },
    setSetting: (key: string, value: string): void => {
      set.run(key, value);
    },
  };
}

function parseSpec(name: string, json: string): DeviceSpec {
  const spec = deviceSpecSchema.safeParse(JSON.parse(json));
  if (spec.success) return spec.data;
  throw new AppError('STORE_CORRUPT', `The stored entry of device "${name}" cannot be read: ${spec.error.message}`);
}
