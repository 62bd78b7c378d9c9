import { beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../need.ts';
import { proxyNames } from './proxies.ts';
import { runRawCases, type RawCase } from './raw-peer.ts';
import { compareWithDocument, ConformanceReport } from './report.ts';

/** The tests of one table: every case at every proxy, ours as good as the better of the others, and as `docs/conformance-NAME.md` tells. */
export function holdAgainstOthers(title: string, name: string, cases: readonly RawCase[]): void {
  const report = new ConformanceReport(cases);
  describe.skipIf(isMissing('haproxy', 'nginx', 'openssl'))(`${title} beside HAProxy and NGINX`, () => {
    beforeAll(async () => {
      await Promise.all(
        proxyNames.map(async (proxy) => {
          const all = await runRawCases(proxy, cases);
          const results = cases.map((one, index) => {
            const seen = all[index];
            if (seen === undefined) return { isRight: false, seen: 'not run' };
            const { ending, text, heard, memberEndings } = seen;
            const got = `${ending}, got ${JSON.stringify(text.slice(0, 160))}`;
            const said = `members heard ${JSON.stringify(heard.map((each) => each.slice(0, 300)))}`;
            return { isRight: one.isRight(seen), seen: `${got}, ${said}, ended by ${memberEndings.join()}` };
          });
          report.add(proxy, results);
        }),
      );
    }, 300_000);

    it.each(report.groups)('is no worse than the better of them in %s', (group) => {
      expect(report.worseThanOthers(group)).toEqual([]);
    });

    it(`is as docs/conformance-${name}.md tells (STEELYARD_UPDATE=1 writes it)`, () => {
      const { ours, written } = compareWithDocument(name, report.render(title, name));
      expect(ours).toEqual(written);
    });
  });
}
