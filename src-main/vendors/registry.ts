import { a10Secrets, parseA10 } from './a10/parse.ts';
import { engine } from './engine/driver.ts';
import { f5Secrets, parseBigip } from './f5/parse.ts';
import { haproxy } from './haproxy/driver.ts';
import { mibs } from './mib/data/index.ts';
import { mibDriver } from './mib/driver.ts';
import { host } from './mib/host.ts';
import { netscalerSecrets, parseNetscaler } from './netscaler/parse.ts';
import type { VendorDriver } from './vendor.ts';

/** What reads a kind's configuration as text, where its boxes are otherwise read by their MIB. */
const texts: Readonly<Partial<Record<VendorDriver['id'], Pick<VendorDriver, 'parse' | 'secrets'>>>> = {
  a10: { parse: parseA10, secrets: a10Secrets },
  f5: { parse: parseBigip, secrets: f5Secrets },
  netscaler: { parse: parseNetscaler, secrets: netscalerSecrets },
};

/** Every driver there is: one import and one name each. */
export const drivers: readonly VendorDriver[] = [
  engine,
  haproxy,
  ...mibs.map((mib) => ({ ...mibDriver(mib), ...texts[mib.id] })),
  host,
];
