import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http1Cases } from '../../rigs/conformance/http1-cases.ts';
import { openPeer, type ConformancePeer } from '../../rigs/conformance/peers.ts';
import { proxyNames } from '../../rigs/conformance/proxies.ts';
import { compareWithDocument, ConformanceReport, type Result } from '../../rigs/conformance/report.ts';
import { isMissing } from '../../rigs/need.ts';

const report = new ConformanceReport(http1Cases);

describe.skipIf(isMissing('haproxy', 'nginx'))('HTTP/1.1 beside HAProxy and NGINX', () => {
  let peers: ConformancePeer[] = [];

  beforeAll(async () => {
    peers = await Promise.all(proxyNames.map(openPeer));
    await Promise.all(
      peers.map(async (peer) => {
        const list: Result[] = [];
        for (const one of http1Cases) {
          const seen = await peer.run(one);
          const got = `${seen.ending}, got ${JSON.stringify(seen.text.slice(0, 160))}`;
          const heard = `member heard ${JSON.stringify(seen.heard.slice(0, 300))}`;
          list.push({ isRight: one.isRight(seen), seen: `${got}, ${heard}` });
        }
        report.add(peer.name, list);
      }),
    );
  }, 300_000);

  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
  });

  it.each(report.groups)('is no worse than the better of them in %s', (group) => {
    expect(report.worseThanOthers(group)).toEqual([]);
  });

  it('is as docs/conformance-http1.md tells (STEELYARD_UPDATE=1 writes it)', () => {
    const { ours, written } = compareWithDocument('http1', report.render('HTTP/1.1', 'http1'));
    expect(ours).toEqual(written);
  });
});
