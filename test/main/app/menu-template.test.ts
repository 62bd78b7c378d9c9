import { describe, expect, test } from 'vitest';
import { menuTemplate } from '../../../src-main/app/menu-template.ts';
import type { Shown } from '../../../src-main/contract/api.ts';

interface Line {
  readonly label?: string;
  readonly role?: string;
  readonly accelerator?: string;
  readonly registerAccelerator?: boolean;
  readonly submenu?: readonly Line[];
  readonly click?: () => void;
}

function menuOf(platform: NodeJS.Platform): { menu: readonly Line[]; lines: readonly Line[]; shown: Shown[] } {
  const shown: Shown[] = [];
  // Ours are written as plain lists with clicks that take nothing.
  const menu = menuTemplate(platform, (each) => shown.push(each)) as unknown as readonly Line[];
  return { menu, lines: menu.flatMap(({ submenu }) => submenu ?? []), shown };
}

describe('the application menu', () => {
  test.each(['darwin', 'linux', 'win32'] as const)(
    'on %s every line of ours shows something, and none reloads',
    (platform) => {
      const { lines, shown } = menuOf(platform);
      const ours = lines.filter(({ click }) => click !== undefined);
      for (const { click } of ours) click?.();
      expect(shown).toHaveLength(ours.length);
      expect(lines.map(({ role }) => role)).not.toContain('reload');
      const labels = lines.flatMap(({ label }) => label ?? []);
      expect(new Set(labels).size).toBe(labels.length);
    },
  );

  test('on macOS settings and quitting stand under the name of the program, elsewhere under File', () => {
    const mac = menuOf('darwin').menu;
    expect(mac[0]?.role).toBe('appMenu');
    expect(mac[0]?.submenu?.map(({ role, accelerator }) => role ?? accelerator)).toEqual(
      expect.arrayContaining(['about', 'Cmd+,', 'services', 'hide', 'quit']),
    );
    const [file] = menuOf('linux').menu;
    expect(file?.submenu?.map(({ label, role }) => label ?? role)).toEqual(
      expect.arrayContaining(['Settings…', 'close', 'quit']),
    );
  });

  test('no shortcut is taken from the page, which has the same keys', () => {
    const { lines } = menuOf('linux');
    const keyed = lines.filter(({ accelerator }) => accelerator !== undefined);
    expect(keyed.length).toBeGreaterThan(3);
    expect(keyed.filter(({ registerAccelerator }) => registerAccelerator !== false)).toEqual([]);
  });
});
