import type { Chart, Plugin } from 'chart.js';
import type { ChartSpec } from './chart-spec.ts';
import { tokenValue } from './tokens.ts';

/** Draws what is no data line: holes behind the lines, configuration changes over them. */
export function overlay(specOf: () => ChartSpec): Plugin<'line'> {
  return {
    id: 'overlay',
    beforeDatasetsDraw(chart) {
      for (const gap of specOf().gaps) shadeGap(chart, gap);
    },
    afterDatasetsDraw(chart) {
      // Where labels would lie on each other, only the first is written.
      let freeFrom = -Infinity;
      for (const marker of specOf().markers) freeFrom = Math.max(freeFrom, drawMarker(chart, marker, freeFrom));
    },
  };
}

function shadeGap(chart: Chart, gap: ChartSpec['gaps'][number]): void {
  const { ctx, chartArea: area } = chart;
  const left = Math.max(area.left, chart.scales['x']?.getPixelForValue(gap.fromMs) ?? area.left);
  const right = Math.min(area.right, chart.scales['x']?.getPixelForValue(gap.toMs) ?? area.left);
  if (right <= left) return;
  ctx.fillStyle = tokenValue('gap-fill');
  ctx.fillRect(left, area.top, right - left, area.height);
  if (gap.words !== undefined) writeInGap(chart, gap.words, left, right);
}

/** The longest words that fit: across, or upright where the hole is too narrow for that. */
function writeInGap({ ctx, chartArea: area }: Chart, words: readonly string[], left: number, right: number): void {
  ctx.save();
  ctx.font = `11px ${tokenValue('font-ui')}`;
  ctx.fillStyle = tokenValue('axis');
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.translate((left + right) / 2, area.top + area.height / 2);
  const room = right - left - 8;
  const across = words.find((text) => ctx.measureText(text).width <= room);
  const upright = words.find((text) => room >= 6 && ctx.measureText(text).width <= area.height);
  if (across === undefined) ctx.rotate(-Math.PI / 2);
  ctx.fillText(across ?? upright ?? '', 0, 0);
  ctx.restore();
}

const longestLabel = 40;

/** Draws a marker, with its label where that begins at `freeFrom` or after; returns where the next label may begin. */
function drawMarker(chart: Chart, marker: ChartSpec['markers'][number], freeFrom: number): number {
  const { ctx, chartArea: area } = chart;
  const at = chart.scales['x']?.getPixelForValue(marker.atMs) ?? -1;
  if (at < area.left || at > area.right) return freeFrom;
  const x = Math.round(at) + 0.5;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = tokenValue('marker');
  ctx.setLineDash([3, 2]);
  ctx.beginPath();
  ctx.moveTo(x, area.top);
  ctx.lineTo(x, area.bottom);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x - 4, area.top - 1);
  ctx.lineTo(x + 4, area.top - 1);
  ctx.lineTo(x, area.top + 5);
  ctx.fill();
  const isRight = x > area.left + area.width * 0.62;
  ctx.font = `11px ${tokenValue('font-ui')}`;
  ctx.textAlign = isRight ? 'right' : 'left';
  ctx.lineWidth = 3;
  ctx.strokeStyle = tokenValue('surface');
  const label = marker.label.slice(0, longestLabel);
  const { width } = ctx.measureText(label);
  const from = isRight ? x - 7 - width : x + 7;
  if (from >= freeFrom) {
    ctx.strokeText(label, x + (isRight ? -7 : 7), area.top + 8);
    ctx.fillText(label, x + (isRight ? -7 : 7), area.top + 8);
  }
  ctx.restore();
  return from >= freeFrom ? from + width + 4 : freeFrom;
}
