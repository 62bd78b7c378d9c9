import { createContext } from 'svelte';
import type { Clock } from './clock.svelte.ts';
import type { ConsoleState } from './console.svelte.ts';
import type { UnlockRequest } from './locks.svelte.ts';
import type { Markers } from './markers.svelte.ts';
import type { Notices } from './notices.svelte.ts';
import type { Preferences } from './preferences.svelte.ts';
import type { TimeRange } from './range.svelte.ts';
import type { Review } from './review.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { Staging } from './staging.svelte.ts';
import type { Trends } from './trends.svelte.ts';

/** What every view may ask for: made once by the application and handed down. */
export interface Workbench {
  readonly console: ConsoleState;
  readonly clock: Clock;
  readonly router: Router;
  readonly staging: Staging;
  readonly review: Review;
  readonly preferences: Preferences;
  readonly notices: Notices;
  readonly range: TimeRange;
  readonly trends: Trends;
  readonly markers: Markers;
  readonly unlock: UnlockRequest;
}

export const [getWorkbench, setWorkbench] = createContext<Workbench>();
