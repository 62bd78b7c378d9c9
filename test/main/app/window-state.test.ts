import { describe, expect, test } from 'vitest';
import { fitWindow, readWindowState, type WindowState } from '../../../src-main/app/window-state.ts';

const laptop = { x: 0, y: 25, width: 1440, height: 875 };
const beside = { x: 1440, y: -200, width: 2560, height: 1440 };
const left: WindowState = { x: 1600, y: 0, width: 2000, height: 1200, isMaximized: false, zoom: 1.25 };

describe('a window opens', () => {
  test('where it was left, on a screen that is still there', () => {
    expect(fitWindow(left, [laptop, beside])).toEqual({ x: 1600, y: 0, width: 2000, height: 1200 });
  });

  test('in the middle of the first screen, and no larger, where its own is gone', () => {
    expect(fitWindow(left, [laptop])).toEqual({ x: 0, y: 25, width: 1440, height: 875 });
    const small = { ...left, width: 1000, height: 700 };
    expect(fitWindow(small, [laptop])).toEqual({ x: 220, y: 113, width: 1000, height: 700 });
  });

  test('where one can take hold of it: a title bar above the screen, or a sliver beside it, is not enough', () => {
    for (const place of [
      { x: 100, y: -30 },
      { x: 1400, y: 100 },
      { x: -1950, y: 100 },
      { x: 100, y: 890 },
    ]) {
      expect(fitWindow({ ...left, ...place }, [laptop]), JSON.stringify(place)).toMatchObject({ x: 0, y: 25 });
    }
  });

  test('at the usual size the first time', () => {
    expect(fitWindow(undefined, [beside])).toEqual({ x: 2000, y: 70, width: 1440, height: 900 });
  });
});

test('what was kept damaged is as if nothing was kept', () => {
  for (const text of [
    undefined,
    '',
    '{',
    'null',
    '{"x":1}',
    '{"x":1e9,"y":0,"width":1,"height":1,"isMaximized":true,"zoom":1}',
  ]) {
    expect(readWindowState(text), text).toBeUndefined();
  }
  expect(readWindowState(JSON.stringify(left))).toEqual(left);
});
