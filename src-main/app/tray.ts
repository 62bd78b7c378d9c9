import { app, Menu, Tray } from 'electron';
import { join } from 'node:path';
import type { Attention, Shown, Tick } from '../contract/api.ts';
import { type WorstState, worstState } from '../core/notices/worst-state.ts';

const words: Readonly<Record<WorstState, string>> = {
  up: 'all is well',
  degraded: 'needs a look',
  down: 'down',
  stale: 'a device does not answer',
  unknown: 'nothing known yet',
};
const shownLines = 6;
const longestLine = 80;

/** The icon beside the clock: its badge is the worst state of the estate, its menu what needs someone. */
export class StatusTray {
  readonly #icons: string;
  readonly #show: (shown?: Shown) => void;
  #tray: Tray | undefined;
  #state: WorstState = 'unknown';
  #lines: readonly Attention[] = [];

  constructor(icons: string, show: (shown?: Shown) => void) {
    this.#icons = icons;
    this.#show = show;
  }

  get isThere(): boolean {
    return this.#tray !== undefined;
  }

  /** Puts it there or takes it away. */
  set(isWanted: boolean): void {
    if (isWanted === this.isThere) return;
    if (!isWanted) {
      this.#tray?.destroy();
      this.#tray = undefined;
      return;
    }
    const tray = new Tray(this.#image());
    this.#tray = tray;
    tray.on('click', () => {
      this.#show();
    });
    this.#draw(tray);
  }

  /** Draws anew only where something to be seen has changed. */
  take(tick: Tick): void {
    const state = worstState(tick);
    const lines = tick.attention.slice(0, shownLines);
    const isSame = state === this.#state && keyOf(lines) === keyOf(this.#lines);
    [this.#state, this.#lines] = [state, lines];
    if (this.#tray !== undefined && !isSame) this.#draw(this.#tray);
  }

  #draw(tray: Tray): void {
    tray.setImage(this.#image());
    tray.setToolTip(`Steelyard: ${words[this.#state]}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        {
          label: 'Open Steelyard',
          click: () => {
            this.#show();
          },
        },
        { type: 'separator' },
        ...this.#lines.map((line) => ({
          label: line.sentence.slice(0, longestLine).replaceAll('&', '&&'), // a lone & would underline a letter
          click: () => {
            this.#show({ place: placeOf(line) });
          },
        })),
        ...(this.#lines.length === 0 ? [{ label: 'Nothing needs someone', enabled: false }] : []),
        { type: 'separator' },
        {
          label: 'Quit',
          click: () => {
            app.quit();
          },
        },
      ]),
    );
  }

  #image(): string {
    return join(this.#icons, `tray-${this.#state}.png`);
  }
}

function keyOf(lines: readonly Attention[]): string {
  return JSON.stringify(lines.map(({ sentence }) => sentence));
}

function placeOf({ device, pool, member }: Attention): Extract<Shown, { place: unknown }>['place'] {
  if (pool === undefined) return { screen: 'device', device };
  return { screen: 'pool', device, pool, ...(member === undefined ? {} : { member }) };
}
