import type { Offered } from '../../../contract/api.ts';
import { dialogueVersion, isOlder } from './check-words.ts';

const times = ['intervalMs', 'timeoutMs', 'rise', 'fall', 'fastIntervalMs', 'downIntervalMs'];
const places = ['port', 'address'];

/** Checks that can be written, by the words of the version at hand: before 2.2 an HTTP check is one request and one answer. */
export function offeredChecks(version: string | undefined): readonly Offered[] {
  const request = ['method', 'path', 'host', 'httpVersion', 'expectStatus', 'expectBody', 'drainStatus'];
  const steps = isOlder(version, dialogueVersion) ? [] : ['steps'];
  const rest = [...times, ...places];
  return [
    { name: 'tcp', native: 'check', settings: rest },
    { name: 'http', native: 'option httpchk', settings: [...request, ...steps, ...rest] },
    { name: 'https', native: 'option httpchk, check-ssl', settings: [...request, 'serverName', ...steps, ...rest] },
    { name: 'tcp-send-expect', native: 'option tcp-check', settings: ['send', 'expect', 'steps', ...rest] },
    { name: 'tls-hello', native: 'option ssl-hello-chk', settings: rest },
    { name: 'redis', native: 'option redis-check', settings: rest },
    { name: 'mysql', native: 'option mysql-check', settings: ['user', ...rest] },
    { name: 'postgresql', native: 'option pgsql-check', needs: ['user'], settings: rest },
    { name: 'ldap', native: 'option ldap-check', settings: rest },
    { name: 'smtp', native: 'option smtpchk', settings: ['method', 'host', ...rest] },
    { name: 'script', native: 'option external-check', needs: ['script'], settings: rest },
    { name: 'agent', native: 'agent-check', needs: ['port'], settings: ['address', 'intervalMs', 'send'] },
  ];
}
