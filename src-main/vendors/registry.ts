import { engine } from './engine/driver.ts';
import { haproxy } from './haproxy/driver.ts';
import { mibs } from './mib/data/index.ts';
import { mibDriver } from './mib/driver.ts';
import { host } from './mib/host.ts';
import type { VendorDriver } from './vendor.ts';

/** Every driver there is: one import and one name each. */
export const drivers: readonly VendorDriver[] = [engine, haproxy, ...mibs.map(mibDriver), host];
