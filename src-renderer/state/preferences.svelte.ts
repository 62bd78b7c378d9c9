import type { Connection } from '../api.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
export const densities = ['compact', 'comfortable'] as const;
export type Density = (typeof densities)[number];

const keys = { theme: 'ui.theme', density: 'ui.density', letters: 'ui.letterKeys' } as const;

/** How the window looks and which keys it hears; kept in the console's settings, so that every window opens the same. */
export class Preferences {
  theme = $state<Theme>('system');
  density = $state<Density>('compact');
  /** Single letters as commands: can be turned off (WCAG 2.1.4). */
  hasLetterKeys = $state(true);
  isSystemDark = $state(false);
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get shownTheme(): 'light' | 'dark' {
    if (this.theme !== 'system') return this.theme;
    return this.isSystemDark ? 'dark' : 'light';
  }

  /** Reads what was kept; unknown values are left at their defaults. */
  async load(): Promise<void> {
    const settings = await this.#connection.call('settings.get', {});
    this.theme = themes.find((theme) => theme === settings[keys.theme]) ?? this.theme;
    this.density = densities.find((density) => density === settings[keys.density]) ?? this.density;
    this.hasLetterKeys = settings[keys.letters] !== 'off';
  }

  async setTheme(theme: Theme): Promise<void> {
    this.theme = theme;
    await this.#connection.call('settings.set', { key: keys.theme, value: theme });
  }

  async setDensity(density: Density): Promise<void> {
    this.density = density;
    await this.#connection.call('settings.set', { key: keys.density, value: density });
  }

  async setLetterKeys(isOn: boolean): Promise<void> {
    this.hasLetterKeys = isOn;
    await this.#connection.call('settings.set', { key: keys.letters, value: isOn ? 'on' : 'off' });
  }

  /** Light, dark, system, in turn. */
  nextTheme(): Theme {
    return themes[(themes.indexOf(this.theme) + 1) % themes.length] ?? 'system';
  }
}
