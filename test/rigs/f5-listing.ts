import { asConfiguration, BigipText } from '../../src-main/vendors/f5/text.ts';
import { addressNameOf, addressOf } from '../../src-main/vendors/f5/virtual-address.ts';

/** A configuration as a device lists it: files do not always have the addresses that it makes for virtual servers. */
export function asListed(text: string): string {
  const config = new BigipText(asConfiguration(text));
  for (const part of [...config.parts]) {
    const name = addressNameOf(part);
    if (name === undefined || addressOf(config, part) !== undefined) continue;
    const address = name.slice(name.lastIndexOf('/') + 1);
    config.insert({ words: ['ltm', 'virtual-address', name], body: [{ words: ['address', address] }] });
  }
  return config.toString();
}
