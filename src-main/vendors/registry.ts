import { engine } from './engine/driver.ts';
import { haproxy } from './haproxy/driver.ts';
import type { VendorDriver } from './vendor.ts';

/** Every driver there is: one import and one name each. */
export const drivers: readonly VendorDriver[] = [engine, haproxy];
