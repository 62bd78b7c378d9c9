// node scripts/tokens-check.mjs : text contrast (4.5), graphics contrast (3), and distance of state colours for colour-blind eyes.
import { readFileSync } from 'node:fs';
const css = readFileSync(new URL('../src-renderer/styles/tokens.css', import.meta.url), 'utf8');
const block = (re) =>
  Object.fromEntries([...css.match(re)[1].matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
const themes = {
  light: block(/data-theme="light"\] \{([\s\S]*?)\n\}/),
  dark: block(/data-theme="dark"\] \{([\s\S]*?)\n\}/),
};
const rgb = (h) => [1, 3, 5].map((i) => parseInt(h.slice(i, i + 2), 16) / 255);
const lin = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const lum = (h) => {
  const [r, g, b] = rgb(h).map(lin);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
const CVD = {
  // Machado 2009, severity 1
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const oklab = (h, m) => {
  let c = rgb(h).map(lin);
  c = m.map((r) => Math.max(0, r[0] * c[0] + r[1] * c[1] + r[2] * c[2]));
  const l = Math.cbrt(0.4122214708 * c[0] + 0.5363325363 * c[1] + 0.0514459929 * c[2]);
  const mm = Math.cbrt(0.2119034982 * c[0] + 0.6806995451 * c[1] + 0.1073969566 * c[2]);
  const s = Math.cbrt(0.0883024619 * c[0] + 0.2817188376 * c[1] + 0.6299787005 * c[2]);
  return [
    0.2104542553 * l + 0.793617785 * mm - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * mm + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * mm - 0.808675766 * s,
  ];
};
let bad = 0;
for (const [name, t] of Object.entries(themes)) {
  const need = (fg, bg, min) => {
    const c = contrast(t[fg], t[bg]);
    if (c < min) {
      bad++;
      console.log(`FAIL ${name} ${fg} on ${bg} ${c.toFixed(2)} < ${min}`);
    }
    return c;
  };
  let lowest = 99;
  for (const fg of ['text', 'text-2', 'text-3', 'accent', 'up', 'degraded', 'down', 'draining', 'off'])
    for (const bg of ['canvas', 'surface', 'raised', 'hover', 'selected']) lowest = Math.min(lowest, need(fg, bg, 4.5));
  for (const s of ['up', 'degraded', 'down', 'draining', 'off']) lowest = Math.min(lowest, need(s, `${s}-tint`, 4.5));
  for (const fg of ['text', 'text-2', 'text-3'])
    lowest = Math.min(lowest, need(fg, 'sunken', 4.5), need(fg, 'code-bg', 4.5));
  need('text', 'code-add', 4.5);
  need('text', 'code-del', 4.5);
  need('on-accent', 'accent-solid', 4.5);
  need('on-accent', 'accent-hover', 4.0);
  for (const e of ['prod', 'staging', 'lab', 'all']) need('env-ink', `env-${e}`, 4.5);
  for (const g of [
    'line-strong',
    'focus',
    'up',
    'degraded',
    'down',
    'draining',
    'off',
    's1',
    's2',
    's3',
    's4',
    's5',
    's6',
    's7',
    's8',
  ])
    need(g, 'surface', 3);
  console.log(name, 'lowest text contrast', lowest.toFixed(2));
  for (const [set, keys] of Object.entries({
    states: ['up-fill', 'degraded-fill', 'down-fill', 'draining-fill', 'off-fill'],
    series: ['s1', 's2', 's3', 's4', 's5', 's6'],
  }))
    for (const [k, m] of Object.entries(CVD)) {
      let min = [9];
      for (const a of keys)
        for (const b of keys)
          if (a < b) {
            const p = oklab(t[a], m),
              q = oklab(t[b], m);
            const d = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
            if (d < min[0]) min = [d, a, b];
          }
      console.log(' ', set, k, 'closest', min[1], min[2], min[0].toFixed(3));
    }
}
process.exit(bad ? 1 : 0);
