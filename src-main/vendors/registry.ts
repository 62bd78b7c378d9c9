import { openA10 } from './a10/driver.ts';
import { editA10 } from './a10/edit.ts';
import { parseA10 } from './a10/parse.ts';
import { a10Secrets } from './a10/secrets.ts';
import { a10Terminal } from './a10/terminal.ts';
import { engine } from './engine/driver.ts';
import { openBigip } from './f5/driver.ts';
import { editBigip } from './f5/edit.ts';
import { f5Secrets, parseBigip } from './f5/parse.ts';
import { haproxy } from './haproxy/driver.ts';
import { mibs } from './mib/data/index.ts';
import { mibDriver } from './mib/driver.ts';
import { host } from './mib/host.ts';
import type { HostSession } from '../transports/transport.ts';
import { openNetscaler } from './netscaler/driver.ts';
import { namePools } from './netscaler/named.ts';
import { editNetscaler } from './netscaler/edit.ts';
import { netscalerSecrets, parseNetscaler } from './netscaler/parse.ts';
import type { DriverTools, OpenDevice, VendorDriver } from './vendor.ts';

/** What a kind has beside its MIB: a configuration as text, and perhaps a command line over SSH by which it is read and changed. */
interface CommandLine
  extends Pick<VendorDriver, 'parse' | 'secrets'>, Partial<Pick<VendorDriver, 'edit' | 'named' | 'ssh' | 'terminal'>> {
  readonly openHost?: (host: HostSession, tools: DriverTools) => OpenDevice;
  /** True once a recording of the whole scenario on a real device is among the fixtures. */
  readonly isTried?: boolean;
}

const commandLines: Readonly<Partial<Record<VendorDriver['id'], CommandLine>>> = {
  a10: {
    parse: parseA10,
    secrets: a10Secrets,
    edit: editA10,
    openHost: openA10,
    terminal: a10Terminal,
    ssh: { asksEnable: true, polledBy: 'a10' },
  },
  f5: {
    parse: parseBigip,
    secrets: f5Secrets,
    edit: editBigip,
    openHost: openBigip,
    ssh: { polledBy: 'f5' },
  },
  netscaler: {
    parse: parseNetscaler,
    secrets: netscalerSecrets,
    edit: editNetscaler,
    openHost: openNetscaler,
    named: namePools,
    ssh: { polledBy: 'netscaler' },
  },
};

/** The driver by MIB, with what the kind has beside it. */
function withCommandLine(driver: VendorDriver): VendorDriver {
  const { openHost, isTried = false, ...text } = commandLines[driver.id] ?? {};
  if (openHost === undefined) return { ...driver, ...text };
  return {
    ...driver,
    ...text,
    transports: ['ssh', ...driver.transports],
    ...(isTried ? {} : { untried: ['ssh'] }),
    open: (session, address, tools) =>
      session.kind === 'host' ? openHost(session.host, tools) : driver.open(session, address, tools),
  };
}

/** Every driver there is: one import and one name each. */
export const drivers: readonly VendorDriver[] = [
  engine,
  haproxy,
  ...mibs.map((mib) => withCommandLine(mibDriver(mib))),
  host,
];
