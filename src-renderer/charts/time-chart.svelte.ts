import { Chart, type ChartDataset, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import { untrack } from 'svelte';
import type { Attachment } from 'svelte/attachments';
import { formatNumber } from '../format/number.ts';
import { formatTick } from '../format/time.ts';
import type { ChartLine, ChartPoint, ChartSpec } from './chart-spec.ts';
import { drawInNextFrame, forgetDrawing } from './frame.ts';
import { pointsForPlot } from './reduce-points.ts';
import { overlay } from './overlay.ts';
import { CalmScale, decimalsOf, timeTicks } from './scale.ts';
import { tokenValue } from './tokens.ts';

Chart.register(LineController, LineElement, LinearScale, PointElement);

/** Where the plot stands in its canvas, in CSS pixels: the crosshair is drawn over it without drawing the chart again. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const pixelsPerTimeTick = 76;
/** The same for every chart, so that a moment stands above itself in a column of charts. */
const axisWidth = 42;

/**
 * Draws what `specOf` says and follows it: at most once a frame, and not at all while the canvas is out of sight. Colours are read
 * anew when `themeOf` changes. `onarea` tells where the plot stands after each drawing.
 */
export function timeChart(
  specOf: () => ChartSpec,
  themeOf: () => string,
  onarea: (area: PlotArea) => void,
): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    let spec = untrack(specOf);
    let isInSight = true;
    const calm = new CalmScale();
    const chart = makeChart(canvas, () => spec);

    function draw(): void {
      if (!isInSight || document.hidden) return;
      apply(chart, spec, calm);
      const { left, right, top, bottom } = chart.chartArea;
      onarea({ left, right, top, bottom });
    }
    function drawSoon(): void {
      drawInNextFrame(draw);
    }
    const sight = new IntersectionObserver((entries) => {
      isInSight = entries.at(-1)?.isIntersecting ?? true;
      drawSoon();
    });
    sight.observe(canvas);
    const size = new ResizeObserver(drawSoon);
    size.observe(canvas);
    document.addEventListener('visibilitychange', drawSoon);
    $effect(() => {
      spec = specOf();
      themeOf();
      drawSoon();
    });
    return () => {
      sight.disconnect();
      size.disconnect();
      document.removeEventListener('visibilitychange', drawSoon);
      forgetDrawing(draw);
      chart.destroy();
    };
  };
}

type LineChart = Chart<'line', ChartPoint[]>;

function makeChart(canvas: HTMLCanvasElement, specOf: () => ChartSpec): LineChart {
  return new Chart<'line', ChartPoint[]>(canvas, {
    type: 'line',
    data: { datasets: [] },
    plugins: [overlay(specOf)],
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: { top: 6, right: 6 } },
      elements: { point: { radius: 0 }, line: { tension: 0 } },
      scales: {
        x: {
          type: 'linear',
          grid: { display: false },
          ticks: { maxRotation: 0, callback: (value, _at, ticks) => formatTick(Number(value), distanceOf(ticks)) },
          afterBuildTicks(axis) {
            const most = Math.max(2, Math.floor(axis.width / pixelsPerTimeTick));
            const ticks = timeTicks(axis.min, axis.max, most, -new Date(axis.max).getTimezoneOffset() * 60_000);
            axis.ticks = ticks.map((value) => ({ value }));
          },
        },
        y: {
          min: 0,
          border: { display: false },
          grid: { drawTicks: false },
          ticks: { padding: 5 },
          afterFit(axis) {
            axis.width = axisWidth;
          },
        },
      },
    },
  });
}

function distanceOf([first, second]: readonly { readonly value: number }[]): number {
  return first !== undefined && second !== undefined ? second.value - first.value : 60_000;
}

function apply(chart: LineChart, spec: ChartSpec, calm: CalmScale): void {
  const scales = chart.options.scales ?? {};
  const font = { size: 11, family: tokenValue('font-ui') };
  const ticks = { color: tokenValue('axis'), font };
  const scale = calm.next(largestOf(spec), spec.floor, spec.toMs);
  Object.assign(scales['x'] ?? {}, { min: spec.fromMs, max: spec.toMs, border: { color: tokenValue('line') } });
  Object.assign(scales['y'] ?? {}, { max: scale.max, grid: { color: tokenValue('grid'), drawTicks: false } });
  Object.assign(scales['x']?.ticks ?? {}, ticks);
  Object.assign(scales['y']?.ticks ?? {}, ticks, {
    stepSize: scale.step,
    callback: (value: string | number) => formatNumber(Number(value), decimalsOf(scale.step)),
  });
  chart.data.datasets = spec.lines.map((line) => datasetOf(line, spec, chart.width));
  chart.update('none');
}

function largestOf({ lines, fromMs }: ChartSpec): number {
  let largest = 0;
  for (const { points } of lines) {
    for (const { x, y } of points) if (y !== null && x >= fromMs && y > largest) largest = y;
  }
  return largest;
}

function datasetOf(line: ChartLine, { fromMs, toMs }: ChartSpec, pixels: number): ChartDataset<'line', ChartPoint[]> {
  return {
    label: line.name,
    data: pointsForPlot(line.points, fromMs, toMs, pixels) as ChartPoint[], // Chart.js reads them only: `parsing` is off
    borderColor: tokenValue(line.colour),
    borderDash: [...line.dash],
    borderWidth: line.width ?? 1.6,
    spanGaps: false,
    stepped: line.isStepped === true,
  };
}
