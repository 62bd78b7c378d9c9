import type { DeviceAddress } from '../contract/address.ts';
import type { Credentials } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { SnmpOptions, SnmpSecurity } from '../transports/snmp-options.ts';
import { openSnmp } from '../transports/snmp-session.ts';
import type { SnmpSession } from '../transports/transport.ts';

/**
 * How to speak to the agent at an address. The community stands in the address or is the stored password, `public` where there is
 * neither; of SNMPv3 the passwords are stored, and one serves for both where only one is.
 */
export function snmpOptions(address: DeviceAddress, credentials: Credentials): SnmpOptions {
  return { host: address.host, port: address.port, security: securityOf(address, credentials) };
}

function securityOf({ user, options }: DeviceAddress, { password, privacyPassword }: Credentials): SnmpSecurity {
  if (options['version'] !== '3') {
    const community = user !== '' ? user : (password ?? 'public');
    return { version: options['version'] === '1' ? 1 : 2, community };
  }
  const { auth, priv, context } = options;
  const secret = password ?? privacyPassword;
  if (auth === undefined && (priv !== undefined || secret !== undefined)) {
    throw new AppError(
      'INPUT_INVALID',
      `The SNMPv3 user "${user}" has a password but no protocol: give auth, as ?auth=SHA-256.`,
    );
  }
  return {
    version: 3,
    user,
    context,
    auth: auth === undefined ? undefined : { protocol: auth, password: password ?? '' },
    priv: priv === undefined ? undefined : { protocol: priv, password: privacyPassword ?? password ?? '' },
  };
}

/** Nothing to keep alive, but secrets are asked for when they are first needed, and again after `retryNow`. */
export function keptSnmp(
  address: DeviceAddress,
  credentials: () => Promise<Credentials>,
): { readonly session: SnmpSession; readonly retryNow: () => void } {
  let opened: SnmpSession | undefined;
  let isClosed = false;
  async function ready(): Promise<SnmpSession> {
    const known = opened;
    if (known !== undefined) return known;
    const secrets = await credentials();
    if (isClosed) throw new AppError('SESSION_CLOSED', 'The session was closed by Steelyard.');
    opened ??= openSnmp(snmpOptions(address, secrets));
    return opened;
  }
  function drop(): void {
    opened?.close();
    opened = undefined;
  }
  return {
    session: {
      get: async (...call) => (await ready()).get(...call),
      walk: async (...call) => (await ready()).walk(...call),
      close: () => {
        isClosed = true;
        drop();
      },
    },
    retryNow: drop,
  };
}
