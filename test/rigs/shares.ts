import { connect } from 'node:net';

/** What `answering(name)` members have said over `connections` kept connections with `total` requests in turns: how often each. */
export async function countShares(port: number, total: number, connections: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let left = total;
  await Promise.all(Array.from({ length: connections }, () => walk(port, () => left-- > 0, (name) => counts.set(name, (counts.get(name) ?? 0) + 1)))); // prettier-ignore
  return counts;
}

function walk(port: number, hasTurn: () => boolean, onName: (name: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    function next(): void {
      if (hasTurn()) socket.write('GET / HTTP/1.1\r\nHost: l\r\n\r\n');
      else socket.end();
    }
    socket.on('connect', next).on('error', reject);
    socket.on('close', () => {
      resolve();
    });
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const [, length = '', body = ''] = /content-length: (\d+)[^]*?\r\n\r\n([^]*)$/i.exec(text) ?? [];
      if (length === '' || body.length < Number(length)) return;
      text = '';
      onName(body);
      next();
    });
  });
}
