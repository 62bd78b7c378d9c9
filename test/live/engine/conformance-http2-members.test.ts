import { beforeAll, describe, expect, it } from 'vitest';
import { memberCases } from '../../rigs/conformance/http2-member-cases.ts';
import { runMemberCases } from '../../rigs/conformance/http2-member-peer.ts';
import { compareWithDocument, ConformanceReport } from '../../rigs/conformance/report.ts';
import { isMissing } from '../../rigs/need.ts';

const names = ['haproxy', 'engine'] as const;
const report = new ConformanceReport(memberCases, [{ name: 'haproxy', shown: 'HAProxy', release: 'HAProxy 2.6' }]);

describe.skipIf(isMissing('haproxy'))('HTTP/2 to members beside HAProxy', () => {
  beforeAll(async () => {
    await Promise.all(
      names.map(async (name) => {
        const all = await runMemberCases(name, memberCases);
        const results = memberCases.map((one, index) => {
          const seen = all[index];
          if (seen === undefined) return { isRight: false, seen: 'not run' };
          const got = `${seen.ending}, got ${JSON.stringify(seen.text.slice(0, 200))}`;
          const heard = seen.links.map(({ goAways, frames }) => ({ goAways, frames: frames.map(({ type }) => type) }));
          const told = `member heard ${JSON.stringify(heard)} ${JSON.stringify(seen.request ?? 'nothing').slice(0, 400)}`;
          return { isRight: one.isRight(seen), seen: `${got}, ${told}` };
        });
        report.add(name, results);
      }),
    );
  }, 300_000);

  it.each(report.groups)('is no worse than it in %s', (group) => {
    expect(report.worseThanOthers(group)).toEqual([]);
  });

  it('is as docs/conformance-http2-members.md tells (STEELYARD_UPDATE=1 writes it)', () => {
    const { ours, written } = compareWithDocument('http2-members', report.render('HTTP/2 to members', 'http2-members'));
    expect(ours).toEqual(written);
  });
});
