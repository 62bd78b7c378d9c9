function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Local time of day, with seconds where a minute matters. */
export function formatClock(atMs: number, hasSeconds = true): string {
  const date = new Date(atMs);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return hasSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** What a tick of a time axis says by the distance to the next: seconds below a minute, the day from a day on and at midnight. */
export function formatTick(atMs: number, distanceMs: number): string {
  const date = new Date(atMs);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (distanceMs >= 86_400_000 || (isMidnight && distanceMs >= 3_600_000)) {
    return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  }
  return formatClock(atMs, distanceMs < 60_000);
}

/** Local day and time: `12 Nov 14:05`; the year only where it is another. */
export function formatDay(atMs: number, nowMs: number): string {
  const date = new Date(atMs);
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${day}${year} ${formatClock(atMs, false)}`;
}

/** Offset of local time from UTC: `UTC+1`, `UTC−3:30`, `UTC`. */
export function formatZone(atMs: number): string {
  const minutes = -new Date(atMs).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`;
}

/** Seconds left or passed as a clock: `0:09`, `24:10`, `1:02:03`. Never negative. */
export function formatCountdown(durationMs: number): string {
  const seconds = Math.max(0, Math.ceil(durationMs / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Age of a value for a narrow column: `2 s` under a minute, then a clock, then hours and days. */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** How long something took or lasts: `4 ms`, `0.4 s`, `12 s`, `30 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 100) return `${Math.round(durationMs)} ms`;
  if (durationMs < 10_000 && durationMs % 1000 !== 0) return `${(durationMs / 1000).toFixed(1)} s`;
  if (durationMs < 120_000) return `${Math.round(durationMs / 1000)} s`;
  if (durationMs < 7_200_000) return `${Math.round(durationMs / 60_000)} min`;
  return `${Math.round(durationMs / 3_600_000)} h`;
}
