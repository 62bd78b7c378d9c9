import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startOrigin, type Answer, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { startEngineCache, startNginxCache, startVarnish, type CacheServer } from '../../rigs/cache-servers.ts';
import { cacheCases, sourceOf, type CacheCase, type CacheStep } from '../../rigs/conformance/cache-cases.ts';
import { compareWithDocument, ConformanceReport } from '../../rigs/conformance/report.ts';
import { isMissing } from '../../rigs/need.ts';

const report = new ConformanceReport(
  cacheCases.map((each) => ({ group: each.group, name: each.name, source: sourceOf(each) })),
  [
    { name: 'varnish', shown: 'Varnish', release: 'Varnish 7.1' },
    { name: 'nginx', shown: 'NGINX', release: 'NGINX 1.22' },
  ],
);

describe.skipIf(isMissing('varnishd', 'nginx'))('the cache beside Varnish and NGINX', () => {
  let origin: CacheOrigin;
  let servers: readonly CacheServer[] = [];
  /** What went wrong, by case and server; empty = nothing. */
  const results = new Map<string, Map<string, string>>();

  beforeAll(async () => {
    origin = await startOrigin();
    servers = await Promise.all([
      startEngineCache(origin.port),
      startVarnish(origin.port),
      startNginxCache(origin.port),
    ]);
    for (const [index, each] of cacheCases.entries()) {
      const found = new Map<string, string>();
      for (const server of servers)
        found.set(server.name, await tryCase(each, `/${server.name}/${index}`, server.port));
      results.set(nameOf(each), found);
    }
    for (const { name } of servers) {
      report.add(
        name,
        cacheCases.map((each) => {
          const seen = results.get(nameOf(each))?.get(name) ?? 'not run';
          return { isRight: seen === '', seen };
        }),
      );
    }
  }, 120_000);

  afterAll(async () => {
    for (const server of servers) await server.close();
    await origin.close();
  });

  /** The first thing that is not as the case says. */
  async function tryCase({ steps }: CacheCase, path: string, port: number): Promise<string> {
    let current: CacheStep | undefined;
    origin.serve(path, (_request, response, turn) => {
      const { status = 200, headers = {}, body = `answer ${turn}` } = current?.answer ?? {};
      const hasBody = status !== 304 && status !== 204;
      response.writeHead(status, { ...headers, 'x-turn': turn, ...(hasBody ? { 'content-length': body.length } : {}) });
      response.end(hasBody ? body : undefined);
    });
    for (const [index, step] of steps.entries()) {
      current = step;
      const before = origin.heard(path).length;
      const answer = await ask(port, path, step);
      const problem = compare(step, answer, origin.heard(path).slice(before));
      if (problem !== '') return `step ${index + 1}: ${problem}`;
    }
    return '';
  }

  it.each(cacheCases.map(nameOf))('%s', (name) => {
    expect(results.get(name)?.get('engine')).toBe('');
  });

  it.each(report.groups)('is no worse than the better of the two in %s', (group) => {
    expect(report.worseThanOthers(group)).toEqual([]);
  });

  it('is as docs/conformance-cache.md tells (STEELYARD_UPDATE=1 writes it)', () => {
    const { ours, written } = compareWithDocument('cache', report.render('Cache', 'cache'));
    expect(ours).toEqual(written);
  });
});

function nameOf({ group, name }: CacheCase): string {
  return `${group}: ${name}`;
}

function compare(
  { expect: wanted }: CacheStep,
  answer: Answer,
  heard: readonly Readonly<Record<string, unknown>>[],
): string {
  const body = answer.body.toString();
  if (wanted.status !== undefined && answer.status !== wanted.status) return `status ${answer.status}`;
  if (wanted.body !== undefined && body !== wanted.body) return `body "${body}"`;
  // A member that was asked and answered with a body is who answered; one that said 304 is not.
  if (wanted.from === 'member' && heard.length === 0) return 'came from the cache';
  if (
    wanted.from === 'cache' &&
    heard.length > 0 &&
    wanted.memberSees === undefined &&
    wanted.body === undefined &&
    !isOldTurn(answer)
  )
    return 'came from the member';
  for (const [name, pattern] of Object.entries(wanted.headers ?? {})) {
    if (!pattern.test(String(answer.headers[name]))) return `${name}: ${String(answer.headers[name])}`;
  }
  for (const [name, pattern] of Object.entries(wanted.memberSees ?? {})) {
    if (!heard.some((each) => pattern.test(String(each[name])))) return `the member did not see ${name}`;
  }
  return '';
}

/** The body of the first answer, though the member was asked meanwhile: it said 304, or failed, or was asked in the background. */
function isOldTurn(answer: Answer): boolean {
  return answer.body.toString() === 'answer 1';
}
