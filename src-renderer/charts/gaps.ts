import type { Series } from '$contract/metrics.ts';
import { formatClock } from '../format/time.ts';
import { chartText } from '../messages/charts.ts';
import type { ChartSpec } from './chart-spec.ts';

/** The holes of a series, those in which the computer slept with words. */
export function gapsInWords(gaps: Series['gaps']): ChartSpec['gaps'] {
  return gaps.map(({ fromMs, toMs, sleep }) => {
    if (sleep === undefined) return { fromMs, toMs };
    const whole = chartText.asleep(formatClock(sleep.fromMs, false), formatClock(sleep.toMs, false));
    return { fromMs, toMs, words: [whole, chartText.asleepWord] };
  });
}
