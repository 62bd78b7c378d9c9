import { z } from 'zod';

/** A rectangle in device-independent pixels, as Electron counts them. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const pixels = z.number().int().min(-100_000).max(100_000);
const windowStateSchema = z.object({
  x: pixels,
  y: pixels,
  width: pixels,
  height: pixels,
  isMaximized: z.boolean(),
  zoom: z.number().min(0.25).max(5),
});
/** How a window was left. */
export type WindowState = z.infer<typeof windowStateSchema>;

export const smallest = { width: 1000, height: 640 } as const;
const usual = { width: 1440, height: 900 } as const;
/** So much of the title bar must be on a screen, so that a window can be taken hold of. */
const grip = { width: 120, height: 24 } as const;

/** What was kept; undefined where nothing was, or where it is no state. */
export function readWindowState(text: string | undefined): WindowState | undefined {
  try {
    return windowStateSchema.safeParse(JSON.parse(text ?? 'null')).data;
  } catch {
    return undefined;
  }
}

/**
 * Where a window opens: where it was left, if its title bar lies on a screen of today, and never larger than that screen; else in the
 * middle of the first one. `screens` are work areas, the primary one first.
 */
export function fitWindow(left: WindowState | undefined, screens: readonly Area[]): Area {
  const found = left && screens.find((screen) => hasGrip(left, screen));
  if (left !== undefined && found !== undefined) return within(found, left);
  const [primary = { x: 0, y: 0, ...usual }] = screens;
  const size = { width: left?.width ?? usual.width, height: left?.height ?? usual.height };
  const fitting = within(primary, { x: primary.x, y: primary.y, ...size });
  return {
    ...fitting,
    x: primary.x + Math.round((primary.width - fitting.width) / 2),
    y: primary.y + Math.round((primary.height - fitting.height) / 2),
  };
}

function hasGrip(window: Area, screen: Area): boolean {
  const shown = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x);
  return shown >= grip.width && window.y >= screen.y && window.y + grip.height <= screen.y + screen.height;
}

function within(screen: Area, window: Area): Area {
  return {
    x: window.x,
    y: window.y,
    width: Math.min(Math.max(window.width, smallest.width), screen.width),
    height: Math.min(Math.max(window.height, smallest.height), screen.height),
  };
}
