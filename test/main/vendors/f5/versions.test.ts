import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificateForms } from '../../../../src-main/vendors/f5/certificates/forms.ts';
import { readingText } from '../../../../src-main/vendors/f5/listing.ts';
import {
  features,
  knownMajors,
  refuseMissing,
  type Tmos,
  whyNoRoutes,
} from '../../../../src-main/vendors/f5/versions.ts';

const file = join(import.meta.dirname, '../../../../docs/appliances.md');

/** `yes`, `from 11.4`, or `-` for a major version. */
function cell(major: number, [first, second]: Tmos): string {
  if (major < first) return '-';
  return major > first || second === 0 ? 'yes' : `from ${String(first)}.${String(second)}`;
}

test('the table of versions in the documentation is that of the driver', () => {
  const head = `| Feature | ${knownMajors.join(' | ')} | source |`;
  const rows = Object.values(features).map(
    ({ what, from, source }) =>
      `| ${what} | ${knownMajors.map((major) => cell(major, from)).join(' | ')} | ${source} |`,
  );
  const [, f5 = ''] = readFileSync(file, 'utf8').split('### F5 BIG-IP');
  const lines = (f5.split('### A10')[0] ?? '').split('\n').map((line) => line.replaceAll(/ {2,}/g, ' '));
  expect(lines.filter((line) => /^\| (?!-)/.test(line))).toEqual([head, ...rows]);
});

test('policies are asked for from 11.4 on', () => {
  expect(readingText('tmsh', [11, 3])).not.toContain('ltm policy');
  expect(readingText('tmsh', [11, 4])).toContain('list ltm policy recursive');
  expect(readingText('tmsh', [21, 0])).toContain('list ltm policy recursive');
});

test('what a version lacks is refused in words before anything is sent', () => {
  const options = 'modify ltm profile client-ssl /Common/x options';
  const only13 = `${options} { dont-insert-empty-fragments no-tlsv1 no-tlsv1.1 no-tlsv1.2 }`;
  expect(() => {
    refuseMissing([13, 1], [only13]);
  }).toThrow(/TLS 1\.3, which TMOS has from 14\.0 on \(this is 13\.1\)/);
  expect(() => {
    refuseMissing([13, 1], [`${options} { no-tlsv1.3 }`]);
  }).toThrow(/TLS 1\.3/);
  refuseMissing([13, 1], [`${options} { no-tlsv1 no-tlsv1.1 }`, 'delete ltm pool /Common/no-tlsv1']);
  refuseMissing([14, 0], [only13]);
});

test('the form of certificates changes where the table says', () => {
  expect(features.certificates.from).toEqual(certificateForms[0]?.from);
});

test('why routes are not written goes by the version', () => {
  const versions: readonly Tmos[] = [
    [11, 3],
    [11, 6],
    [12, 1],
  ];
  expect(versions.map(whyNoRoutes)).toEqual([
    'TMOS has LTM policies from 11.4 on.',
    'Routes are LTM policies: they are only read.',
    'Routes are LTM policies, which are published from drafts: they are only read.',
  ]);
});
