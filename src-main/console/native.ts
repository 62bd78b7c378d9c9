import type { NativeFile, NativeTools } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import { diffModel } from '../core/plan/diff.ts';
import { drivers } from '../vendors/registry.ts';
import type { SourceFile, VendorDriver } from '../vendors/vendor.ts';
import { maskSecrets } from './device-link.ts';

/** The driver of a kind of balancer. Throws INPUT_INVALID that names those there are. */
export function driverNamed(vendor: string): VendorDriver {
  const driver = drivers.find((candidate) => candidate.id === vendor);
  if (driver) return driver;
  const known = drivers.map((candidate) => candidate.id).join(', ');
  throw new AppError('INPUT_INVALID', `"${vendor}" is not a kind of balancer that is known here; known are ${known}.`);
}

export const nativeTools: NativeTools = {
  parseNative: (vendor, files) => {
    const driver = driverNamed(vendor);
    const model = driver.parse(files.map(toSource));
    const unmodelled = model.unmodelled.map((lines) => ({ ...lines, text: maskSecrets(driver, lines.text) }));
    return { ...model, unmodelled };
  },
  renderNative: (vendor, base, model) => {
    const driver = driverNamed(vendor);
    const sources = base.map(toSource);
    const { virtualServers, pools, monitors, certificates } = model;
    const edit = diffModel(driver.parse(sources), { virtualServers, pools, monitors, certificates }, 'named');
    return driver.edit(sources, edit);
  },
};

function toSource(file: NativeFile): SourceFile {
  const { buffer, byteOffset, byteLength } = file.bytes;
  return { path: file.path, bytes: Buffer.from(buffer, byteOffset, byteLength) };
}
