import { AuthProtocols, PrivProtocols, SecurityLevel } from 'net-snmp';
import type { EngineSettings } from '../config/settings.ts';

type SnmpUser = NonNullable<EngineSettings['snmp']>['users'][number];

/** AES-256 in both ways that keys are stretched, as the package names them; its types lack them. */
const privProtocols = { aes: PrivProtocols.aes, aes256: PrivProtocols.aes256b, aes256c: PrivProtocols.aes256r };

/** A user as the package wants one: a request below the level of what is written is refused. */
export function packageUser({ name, auth, authPassword, priv, privPassword }: SnmpUser) {
  if (auth === undefined) return { name, level: SecurityLevel.noAuthNoPriv };
  const signed = { name, authProtocol: AuthProtocols[auth], authKey: authPassword };
  if (priv === undefined) return { ...signed, level: SecurityLevel.authNoPriv };
  return { ...signed, level: SecurityLevel.authPriv, privProtocol: privProtocols[priv], privKey: privPassword };
}
