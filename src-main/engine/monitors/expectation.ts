/** How much of an answer is read, in bytes: what a monitor waits for stands at the beginning. */
export const maxAnswerBytes = 65_536;

/** `/text/` is a regular expression, anything else a substring. */
export function isExpected(answer: string, expected: string): boolean {
  const pattern = patternOf(expected);
  return pattern === undefined ? answer.includes(expected) : new RegExp(pattern).test(answer);
}

/** What stands between the slashes of `/text/`. */
export function patternOf(expected: string): string | undefined {
  return /^\/(.+)\/$/s.exec(expected)?.[1];
}

const escapes: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 };

/** The bytes of a text with `\r \n \t \0 \\ \xHH`; undefined where another escape stands in it. Other characters are UTF-8. */
export function bytesOf(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.?|[^\\]+/gs)) {
    if (!part.startsWith('\\')) {
      parts.push(Buffer.from(part));
      continue;
    }
    const byte = part.length === 4 ? Number.parseInt(part.slice(2), 16) : escapes[part.slice(1)];
    if (byte === undefined) return undefined;
    parts.push(Buffer.from([byte]));
  }
  return Buffer.concat(parts);
}

/** What `bytesOf` reads stands somewhere in the bytes, or the `/regex/` matches them as Latin-1. */
export function isFound(received: Buffer, expect: string): boolean {
  if (patternOf(expect) !== undefined) return isExpected(received.toString('latin1'), expect);
  return received.includes(bytesOf(expect) ?? expect);
}

/** The beginning of an answer as people can read it: `"-ERR unknown\r\n"`. */
export function excerpt(answer: Uint8Array): string {
  if (answer.length === 0) return 'nothing';
  const text = Buffer.from(answer.subarray(0, 60)).toString('latin1');
  const shown = JSON.stringify(text).replace(
    /[\u007f-\u00ff]|\\u00[0-9a-f]{2}/g,
    (found) => `\\x${(found.length === 1 ? found.charCodeAt(0).toString(16) : found.slice(4)).padStart(2, '0')}`,
  );
  return answer.length > 60 ? `${shown} and more` : shown;
}
