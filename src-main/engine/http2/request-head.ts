import { randomBytes } from 'node:crypto';

/** A request of HTTP/2 as the head of an HTTP/1.1 message, or the status that it is answered with at once. */
export type RequestHead =
  | { readonly text: string; readonly isChunked: boolean; readonly isHead: boolean; readonly isTunnel: boolean }
  | { readonly refusal: 400 | 501 };

const bad: RequestHead = { refusal: 400 };
/** What could end a field or a request line early; Node's HTTP/2 lets none through, but smuggling must not hang on that. */
// eslint-disable-next-line no-control-regex -- control bytes are what it looks for
const unsafe = /[\0-\x08\n-\x1f\x7f]/;
const unsafeTarget = /[^\x21-\x7e\x80-\xff]/;

/**
 * Writes the fields of a stream (`raw`: name, value, name, value ...) as an HTTP/1.1 head, latin1. `hasBody` = the stream
 * goes on after them. What HTTP/2 says in other ways (RFC 9113 8.3) becomes what HTTP/1.1 says: the authority Host, cookie
 * crumbs one Cookie, an extended CONNECT (RFC 8441) an upgrade, an unknown length chunks.
 */
export function writeHead(raw: readonly string[], hasBody: boolean): RequestHead {
  let method = '';
  let target = '';
  let authority = '';
  let protocol = '';
  let host = '';
  let cookie = '';
  let fields = '';
  let hasLength = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    if (unsafe.test(value)) return bad;
    switch (name) {
      case ':method':
        method = value;
        break;
      case ':path':
        target = value;
        break;
      case ':authority':
        authority = value;
        break;
      case ':protocol':
        protocol = value;
        break;
      case ':scheme':
        break;
      case 'host':
        if (host !== '') return bad;
        host = value;
        break;
      case 'cookie':
        cookie = cookie === '' ? value : `${cookie}; ${value}`;
        break;
      // RFC 9113 8.2.2: fields of one HTTP/1.1 connection mean nothing here.
      case 'connection':
      case 'keep-alive':
      case 'proxy-connection':
      case 'transfer-encoding':
      case 'upgrade':
        return bad;
      default:
        hasLength ||= name === 'content-length';
        fields += `${name}: ${value}\r\n`;
    }
  }
  // RFC 9113 8.3.1: the two must not differ.
  if (authority !== '' && host !== '' && authority.toLowerCase() !== host.toLowerCase()) return bad;
  const isTunnel = method === 'CONNECT' && protocol === 'websocket';
  if (method === 'CONNECT' && !isTunnel) return { refusal: 501 };
  if (target === '' || unsafeTarget.test(target)) return bad;
  const isChunked = hasBody && !hasLength && !isTunnel;
  const text =
    `${isTunnel ? 'GET' : method} ${target} HTTP/1.1\r\nHost: ${authority === '' ? host : authority}\r\n${fields}` +
    (cookie === '' ? '' : `cookie: ${cookie}\r\n`) +
    (isChunked ? 'transfer-encoding: chunked\r\n' : '') +
    (isTunnel ? upgradeFields() : '') +
    '\r\n';
  return { text, isChunked, isHead: method === 'HEAD', isTunnel };
}

/** RFC 8441 5: over HTTP/2 there is no key; over HTTP/1.1 there must be one. */
function upgradeFields(): string {
  return `connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n`;
}
