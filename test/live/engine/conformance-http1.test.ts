import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Seen } from '../../rigs/conformance/case.ts';
import { http1Cases } from '../../rigs/conformance/http1-cases.ts';
import { openPeer, type ConformancePeer } from '../../rigs/conformance/peers.ts';
import { isMissing } from '../../rigs/need.ts';

const names = ['haproxy', 'nginx', 'engine'] as const;
const document = join(import.meta.dirname, '../../../docs/conformance-http1.md');
const groups = [...new Set(http1Cases.map((one) => one.group))];

/** Peer, then case by place: right or not, and what was seen. */
const results = new Map<string, { readonly isRight: boolean; readonly seen: Seen }[]>();

describe.skipIf(isMissing('haproxy', 'nginx'))('HTTP/1.1 beside HAProxy and NGINX', () => {
  let peers: ConformancePeer[] = [];

  beforeAll(async () => {
    peers = await Promise.all(names.map(openPeer));
    await Promise.all(
      peers.map(async (peer) => {
        const list: { readonly isRight: boolean; readonly seen: Seen }[] = [];
        for (const one of http1Cases) {
          const seen = await peer.run(one);
          list.push({ isRight: one.isRight(seen), seen });
        }
        results.set(peer.name, list);
      }),
    );
  }, 300_000);

  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
  });

  it.each(groups)('is no worse than the better of them in %s', (group) => {
    const wrong = failures('engine', group);
    const allowed = Math.min(failures('haproxy', group).length, failures('nginx', group).length);
    expect(wrong.length <= allowed ? [] : wrong).toEqual([]);
  });

  it('is as docs/conformance-http1.md tells (STEELYARD_UPDATE=1 writes it)', () => {
    const table = renderDocument();
    if (process.env['STEELYARD_UPDATE'] === '1') writeFileSync(document, table);
    const written = existsSync(document) ? readFileSync(document, 'utf8') : '';
    // Other releases of the peers may do better or worse: what is ours must agree.
    expect(oursOf(table)).toEqual(oursOf(written));
  });
});

function failures(peer: string, group: string): string[] {
  const list = results.get(peer) ?? [];
  return http1Cases.flatMap((one, index) => {
    const result = list[index];
    if (one.group !== group || result?.isRight === true) return [];
    const { text = '', heard = '', ending = 'open' } = result?.seen ?? {};
    return [
      `${one.name} (RFC ${one.source}): ${ending}, got ${JSON.stringify(text.slice(0, 160))}, member heard ${JSON.stringify(heard.slice(0, 300))}`,
    ];
  });
}

function renderDocument(): string {
  const sums = groups.map((group) => {
    const total = http1Cases.filter((one) => one.group === group).length;
    const cells = names.map((name) => String(total - failures(name, group).length));
    return `| ${group} | ${total} | ${cells.join(' | ')} |`;
  });
  const lines = http1Cases.map((one, index) => {
    const cells = names.map((name) => (results.get(name)?.[index]?.isRight === true ? 'yes' : 'no'));
    return `| ${one.group} | ${one.name.replaceAll('|', '\\|')} | ${one.source} | ${cells.join(' | ')} |`;
  });
  return `# HTTP/1.1 conformance

Written by \`STEELYARD_UPDATE=1 npm run live -- test/live/engine/conformance-http1.test.ts\`, which runs every case against HAProxy,
NGINX (Debian 12's) and the engine: cases of our own from the standards, as they bind an intermediary. The cases stand in
\`test/rigs/conformance/http1-cases.ts\`.

| group | cases | HAProxy 2.6 | NGINX 1.22 | engine |
| --- | --- | --- | --- | --- |
${sums.join('\n')}

| group | case | RFC | HAProxy | NGINX | engine |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
}

/** Names and the last column of every line of a table. */
function oursOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| -'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => `${cells[1] ?? ''} ${cells[2] ?? ''}: ${cells.at(-2) ?? ''}`);
}
