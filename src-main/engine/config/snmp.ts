import type { EngineConfig } from '../../contract/engine-config.ts';
import { parseListenAddress } from './listen-address.ts';
import type { ConfigProblem } from './problem.ts';

/** Where the SNMP agent cannot listen, and users or communities that nobody could be. */
export function snmpProblems(snmp: EngineConfig['snmp']): ConfigProblem[] {
  if (snmp === undefined) return [];
  const problems: ConfigProblem[] = [];
  if (parseListenAddress(snmp.listen)?.kind !== 'tcp') {
    const what = `"${snmp.listen}" is no host:port`;
    problems.push({ path: ['snmp', 'listen'], what, why: 'nothing can listen there', remedy: 'write 127.0.0.1:1161' });
  }
  const users = snmp.users ?? [];
  if (snmp.community === undefined && users.length === 0) {
    const what = 'snmp has neither community nor users';
    problems.push({ path: ['snmp'], what, why: 'nobody would be answered', remedy: 'write one of them' });
  }
  for (const [index, user] of users.entries()) {
    const path = ['snmp', 'users', index];
    if (users.findIndex(({ name }) => name === user.name) < index) {
      const what = `the name "${user.name}" stands twice`;
      const remedy = 'give one of them another name';
      problems.push({ path: [...path, 'name'], what, why: 'a user is found by its name', remedy });
    }
    for (const key of ['auth', 'priv'] as const) {
      const hasPassword = user[`${key}Password`] !== undefined;
      if ((user[key] !== undefined) === hasPassword) continue;
      const what = hasPassword ? `${key}Password has no ${key}` : `${key} has no ${key}Password`;
      const remedy = hasPassword ? `write ${key}, the protocol` : `write ${key}Password`;
      problems.push({
        path: [...path, hasPassword ? `${key}Password` : key],
        what,
        why: 'one is of no use alone',
        remedy,
      });
    }
    if (user.priv !== undefined && user.auth === undefined) {
      const why = 'encryption without a signature does not exist (RFC 3411 3.4.3)';
      problems.push({ path: [...path, 'priv'], what: 'priv has no auth', why, remedy: 'write auth and authPassword' });
    }
  }
  return problems;
}
