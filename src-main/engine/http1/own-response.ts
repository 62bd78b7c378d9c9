/** Responses that the engine gives itself. */

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

export interface OwnResponse {
  readonly status: number;
  /** Plain text; the reason phrase where it is empty and the status may have a body. */
  readonly body?: string;
  readonly contentType?: string;
  /** Whole lines, each with CR LF. */
  readonly extraLines?: string;
}

/** The whole message. A HEAD request gets the head alone. */
export function renderOwnResponse(
  response: OwnResponse,
  dateLine: Buffer,
  connection: string,
  isHead: boolean,
): Buffer {
  const { status } = response;
  const reason = reasons[status] ?? '';
  const hasBody = status !== 204 && status !== 304 && status >= 200;
  const body = Buffer.from(hasBody ? (response.body ?? `${status} ${reason}\n`) : '', 'utf8');
  const lines =
    `HTTP/1.1 ${status} ${reason}\r\n${dateLine.toString('latin1')}` +
    (hasBody
      ? `Content-Type: ${response.contentType ?? 'text/plain; charset=utf-8'}\r\nContent-Length: ${body.length}\r\n`
      : '') +
    `${response.extraLines ?? ''}${connection}\r\n`;
  const top = Buffer.from(lines, 'latin1');
  return isHead || !hasBody ? top : Buffer.concat([top, body]);
}
