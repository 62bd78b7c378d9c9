import { describe, expect, test } from 'vitest';
import { type KeyPress, Shortcuts } from '../../../src-renderer/state/shortcuts.ts';

function press(key: string, settings: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, isInField: false, ...settings };
}

describe('keys', () => {
  test('single letters act outside fields only', () => {
    expect(new Shortcuts().read(press('f'), true)).toEqual({ name: 'faults' });
    expect(new Shortcuts().read(press('f', { isInField: true }), true)).toBeUndefined();
  });

  test('single letters can be turned off; combinations stay', () => {
    expect(new Shortcuts().read(press('f'), false)).toBeUndefined();
    expect(new Shortcuts().read(press('k', { ctrlKey: true }), false)).toEqual({ name: 'palette' });
  });

  test('g and a letter go to a screen; another key in between forgets the g', () => {
    const keys = new Shortcuts();
    expect(keys.read(press('g'), true)).toBeUndefined();
    expect(keys.read(press('o'), true)).toEqual({ name: 'go', screen: 'overview' });
    keys.read(press('g'), true);
    keys.read(press('x'), true);
    expect(keys.read(press('o'), true)).toBeUndefined();
  });

  test('the command key of a Mac does what Ctrl does', () => {
    expect(new Shortcuts().read(press('k', { metaKey: true }), true)).toEqual({ name: 'palette' });
  });

  test('Ctrl+Z in a field belongs to the field', () => {
    expect(new Shortcuts().read(press('z', { ctrlKey: true, isInField: true }), true)).toBeUndefined();
    expect(new Shortcuts().read(press('z', { ctrlKey: true }), true)).toEqual({ name: 'undo' });
  });
});
