import type { DeviceAddress } from '../../contract/address.ts';
import type { Command } from '../../contract/plan.ts';

type HttpCommand = Extract<Command, { kind: 'http' }>;

/** A call of the admin interface, shown as the curl command that does the same from a shell on this machine. */
export function httpCommand(
  address: DeviceAddress,
  method: HttpCommand['method'],
  path: string,
  body?: string,
): HttpCommand {
  const { where, url } = curlTarget(address, path);
  const words = ['curl', '--fail-with-body', '--silent', '--show-error', ...where, '--request', method];
  if (body === undefined) return { kind: 'http', method, path, shown: [...words, url].join(' ') };
  const head = [...words, '--header', "'content-type: application/json'"];
  const shown = body.includes('\n')
    ? // A line of JSON text never is the mark: strings in it have no raw line breaks.
      [...head, '--data-binary', '@-', url, "<<'END'"].join(' ') + `\n${body}\nEND`
    : [...head, '--data-binary', quote(body), url].join(' ');
  return { kind: 'http', method, path, body, shown };
}

/** The token is never shown: the shell takes it from its own environment. */
function curlTarget(address: DeviceAddress, path: string): { where: string[]; url: string } {
  if (address.transport === 'unix') {
    return { where: ['--unix-socket', quote(address.path)], url: quote(`http://localhost${path}`) };
  }
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    where: ['--header', '"Authorization: Bearer $STEELYARD_TOKEN"'],
    url: quote(`http://${host}:${address.port}${path}`),
  };
}

/** One word of a POSIX shell, whatever is in it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** `/v1/pools/{pool}` and below, each name as one segment. */
export function poolPath(pool: string, ...rest: readonly string[]): string {
  return ['/v1/pools', ...[pool, ...rest].map((part) => encodeURIComponent(part))].join('/');
}
