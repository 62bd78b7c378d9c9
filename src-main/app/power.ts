import { app, powerMonitor } from 'electron';
import type { Console } from '../contract/console.ts';

const context = { client: 'desktop', shell: 'electron' } as const;

/** Sleep, waking up, a locked screen and the end of the session, as the console takes them. */
export function followPower(console: Console, onWake: () => void, onFailure: (error: unknown) => void): void {
  powerMonitor.on('suspend', () => {
    console.sleep().catch(onFailure);
  });
  powerMonitor.on('resume', () => {
    onWake();
    console.wake().catch(onFailure);
  });
  powerMonitor.on('lock-screen', () => {
    lockUnlocked(console).catch(onFailure);
  });
  // Nobody waits for us at the end of a session: what is under way stands in the journal.
  powerMonitor.on('shutdown', () => {
    app.quit();
  });
}

/** Who leaves the screen leaves no device open to the next one who sits there. */
async function lockUnlocked({ handlers }: Console): Promise<void> {
  const devices = (await handlers['devices.list']({}, context))
    .filter(({ lock }) => !lock.isLocked && lock.unlockedUntil !== undefined)
    .map(({ spec }) => spec.name);
  if (devices.length > 0) await handlers['devices.lock']({ devices }, context);
}
