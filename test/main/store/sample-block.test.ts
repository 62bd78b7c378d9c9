import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packBlock, unpackBlock } from '../../../src-main/store/sample-block.ts';

function roundTrip(columns: readonly (readonly number[])[]): number[][] {
  const rows = columns[0]?.length ?? 0;
  const block = unpackBlock(
    packBlock(
      columns.map((_, index) => index * 7),
      columns,
      rows,
    ),
  );
  expect(block.ids).toEqual(columns.map((_, index) => index * 7));
  return columns.map((_, column) => Array.from({ length: block.rows }, (__, row) => block.at(column, row)));
}

const whole = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat(), fc.constant(NaN));
const thousandths = fc.oneof(fc.nat(), fc.constant(NaN)).map((value) => value / 1000);
const any = fc.double({ noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)); // -0 and 0 are one chart value
function table(value: fc.Arbitrary<number>): fc.Arbitrary<number[][]> {
  return fc
    .integer({ min: 0, max: 20 })
    .chain((rows) => fc.array(fc.array(value, { minLength: rows, maxLength: rows }), { maxLength: 8 }));
}

test.each([
  ['whole numbers', whole],
  ['thousandths', thousandths],
  ['any numbers', any],
])('%s come back exactly, and nothing comes back as nothing', (_name, value) => {
  fc.assert(
    fc.property(table(value), (columns) => {
      expect(roundTrip(columns)).toEqual(columns);
    }),
  );
});

test('a minute of small counts takes about a byte each', () => {
  const columns = Array.from({ length: 100 }, (_, column) =>
    Array.from({ length: 60 }, (__, row) => 100 + ((column * 31 + row * 17) % 50)),
  );
  expect(
    packBlock(
      columns.map((_, index) => index),
      columns,
      60,
    ).length,
  ).toBeLessThan(100 * 60 * 1.2);
});

test('bytes that were cut, changed or never packed are told from samples', () => {
  const packed = packBlock(
    [1, 2],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    3,
  );
  for (const bytes of [packed.subarray(0, packed.length - 1), Buffer.from('never packed'), Buffer.alloc(0)]) {
    expect(() => unpackBlock(bytes)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }) as Error);
  }
});
