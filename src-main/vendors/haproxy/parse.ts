import type { DeviceModel } from '../../contract/model.ts';
import type { SourceFile } from '../vendor.ts';
import type { Surroundings } from './cfg/conditions.ts';
import { modelOf } from './cfg/model.ts';

/**
 * What the text of haproxy.cfg writes, each key at the object whose own lines write it: the answer of `steelyard parse`.
 * `files` stand in the order of HAProxy's `-f`. Takes any bytes and never throws.
 */
export function parseHaproxy(files: readonly SourceFile[], surroundings: Surroundings = {}): DeviceModel {
  return modelOf(files, { ...surroundings, effective: false });
}

/** What takes effect: with `defaults`, `default-server` and, where `surroundings` tell the version, HAProxy's own defaults. */
export function effectiveModel(files: readonly SourceFile[], surroundings: Surroundings = {}): DeviceModel {
  return modelOf(files, { ...surroundings, effective: true });
}
