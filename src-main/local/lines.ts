/** The longest line taken: a device's whole configuration as a model, with room. */
const mostLineBytes = 64 * 2 ** 20;

/**
 * Cuts a stream of bytes into lines. `take` is called with each whole line; a line past the limit calls `refuse` once and the rest of
 * the stream is dropped.
 */
export function cutLines(take: (line: string) => void, refuse: () => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let length = 0;
  let isRefused = false;
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0 && !isRefused; end = chunk.indexOf(10, from)) {
      take(Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8'));
      from = end + 1;
      parts = [];
      length = 0;
    }
    const rest = chunk.subarray(from);
    length += rest.length;
    if (isRefused || rest.length === 0) return;
    if (length > mostLineBytes) {
      isRefused = true;
      parts = [];
      refuse();
    } else parts.push(rest);
  };
}
