import { expect, test } from 'vitest';
import { type PaletteItem, searchPalette } from '../../../src-renderer/state/palette.ts';

function item(title: string, group: 'go' | 'do' = 'go', detail = ''): PaletteItem {
  return { id: title, group, icon: 'pool', title, detail, run: () => undefined };
}
const items = [
  item('web / dl-fra-03', 'go', '10.20.4.13 hap-1'),
  item('fra', 'go', 'device'),
  item('api-fra'),
  item('Start the lab', 'do'),
];

test('a title that begins with the word comes before one that holds it', () => {
  expect(searchPalette(items, 'fra').map(({ title }) => title)).toEqual(['fra', 'web / dl-fra-03', 'api-fra']);
});

test('every word must be there, in the title or the detail', () => {
  expect(searchPalette(items, 'dl 10.20').map(({ title }) => title)).toEqual(['web / dl-fra-03']);
  expect(searchPalette(items, 'dl nowhere')).toEqual([]);
});

test('a leading > leaves commands only', () => {
  expect(searchPalette(items, '> ').map(({ title }) => title)).toEqual(['Start the lab']);
});

test('an empty query lists everything, forty at most', () => {
  expect(searchPalette(items, '')).toHaveLength(4);
  expect(
    searchPalette(
      Array.from({ length: 900 }, (_, at) => item(`m${at}`)),
      'm',
    ),
  ).toHaveLength(40);
});
