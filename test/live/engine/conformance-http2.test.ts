import { beforeAll, describe, expect, it } from 'vitest';
import type { Http2Seen } from '../../rigs/conformance/http2-case.ts';
import { http2Cases } from '../../rigs/conformance/http2-cases.ts';
import { runHttp2Cases } from '../../rigs/conformance/http2-peer.ts';
import { proxyNames } from '../../rigs/conformance/proxies.ts';
import { compareWithDocument, ConformanceReport } from '../../rigs/conformance/report.ts';
import { isMissing } from '../../rigs/need.ts';

const report = new ConformanceReport(http2Cases);

describe.skipIf(isMissing('haproxy', 'nginx'))('HTTP/2 beside HAProxy and NGINX', () => {
  beforeAll(async () => {
    await Promise.all(
      proxyNames.map(async (name) => {
        const all = await runHttp2Cases(name, http2Cases);
        const results = http2Cases.map((one, index) => {
          const seen = all[index];
          return seen === undefined
            ? { isRight: false, seen: 'not run' }
            : { isRight: one.isRight(seen), seen: describeSeen(seen) };
        });
        report.add(name, results);
      }),
    );
  }, 300_000);

  it.each(report.groups)('is no worse than the better of them in %s', (group) => {
    expect(report.worseThanOthers(group)).toEqual([]);
  });

  it('is as docs/conformance-http2.md tells (STEELYARD_UPDATE=1 writes it)', () => {
    const { ours, written } = compareWithDocument('http2', report.render('HTTP/2', 'http2'));
    expect(ours).toEqual(written);
  });
});

function describeSeen(seen: Http2Seen): string {
  const heard = JSON.stringify(seen.heard.slice(0, 300));
  const told = `statuses ${seen.statuses().join()}, RST_STREAM ${String(seen.resetCode())}, GOAWAY ${String(seen.goaway)}`;
  return `${seen.ending}, ${told}, body ${JSON.stringify(seen.body().slice(0, 60))}, member heard ${heard} ${seen.problem}`;
}
