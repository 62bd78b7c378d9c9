import { beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../need.ts';
import { proxyNames, type ProxyName } from './proxies.ts';
import { runRawCases, type RawCase } from './raw-peer.ts';
import { compareWithDocument, ConformanceReport, type Listed, type Result } from './report.ts';

/** Cases that are run otherwise, behind the raw ones in the table. */
export interface FurtherCases {
  readonly cases: readonly Listed[];
  readonly run: (proxy: ProxyName) => Promise<Result[]>;
}

/** The tests of one table: every case at every proxy, ours as good as the better of the others, and as `docs/conformance-NAME.md` tells. */
export function holdAgainstOthers(
  title: string,
  name: string,
  cases: readonly RawCase[],
  further?: FurtherCases,
): void {
  const report = new ConformanceReport([...cases, ...(further?.cases ?? [])]);
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
          report.add(proxy, [...results, ...((await further?.run(proxy)) ?? [])]);
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
