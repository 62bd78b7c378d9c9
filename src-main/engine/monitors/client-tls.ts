import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { MonitorSettings } from '../config/settings.ts';
import { contextOptions } from '../tls/profiles.ts';
import type { ProbeTarget, Verdict } from './monitor.ts';

/**
 * Hands the TLS settings of a monitor to `probe`: the certificate is verified unless `tls.verify` is false, against
 * `tls.serverName`, else the monitor's `host`, else the address. The file of authorities is read for each probe, so a new one counts
 * at once.
 */
export async function withClientTls(
  settings: MonitorSettings,
  target: ProbeTarget,
  probe: (tls: ConnectionOptions) => Promise<Verdict>,
): Promise<Verdict> {
  const { verify, serverName, sendSni, caFile, parameters } = settings.tls;
  const name = [serverName, settings.host].find((text) => text !== '') ?? target.address;
  let ca: string | undefined;
  try {
    ca = caFile === '' ? undefined : await readFile(caFile, 'utf8');
  } catch (error) {
    return { isPassing: false, result: `caFile: ${error instanceof Error ? error.message : String(error)}` };
  }
  return probe({
    ...(parameters === undefined ? {} : contextOptions(parameters)),
    rejectUnauthorized: verify,
    // RFC 6066, section 3: an address is no server name.
    servername: sendSni && isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(ca === undefined ? {} : { ca }),
  });
}
