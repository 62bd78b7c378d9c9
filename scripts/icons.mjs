import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// node scripts/icons.mjs: draws every icon of the program into resources/icons, with the Chromium that the tests use. The pictures are
// kept in the repository: this runs again only when the drawing changes.
const folder = join(import.meta.dirname, '../resources/icons');
mkdirSync(folder, { recursive: true });

/** A steelyard, as in src-renderer/components/Logo.svelte: the pan on the short arm, the poise on the long one. */
const logo = `
  <g fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round">
    <path d="M2 8.600 20.500 4.200M7 1.800v5.400M3.200 8.400v3M15.400 5.600v3"/>
    <path d="M.8 11.600h4.800a2.400 2.400 0 0 1-4.800 0z" fill="#fff" stroke-linejoin="round"/>
    <path d="M13.200 9h4.400l1 6.200h-6.400z" fill="#8fc1ff" stroke="#8fc1ff" stroke-linejoin="round"/>
  </g>`;
const tile = (inset) => `
  <rect x="${inset}" y="${inset}" width="${100 - 2 * inset}" height="${100 - 2 * inset}" rx="${22 - inset / 2}" fill="#17466f"/>
  <svg x="${14 + inset / 2}" y="${20 + inset / 2}" width="${72 - inset}" height="${62 - inset}" viewBox="0 0 22 17">${logo}</svg>`;
const app = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">${tile(4)}</svg>`;

/** The states' own shapes and fills (src-renderer/styles/tokens.css): told apart without colour, too. */
const badges = {
  up: '<circle cx="72" cy="72" r="24" fill="#18a37c"/>',
  degraded: '<path d="M72 44 100 98H44z" fill="#f0b02e"/>',
  down: '<rect x="46" y="46" width="52" height="52" rx="6" fill="#e04a3c"/><path d="m58 58 28 28m0-28L58 86" stroke="#fff" stroke-width="9"/>',
  stale:
    '<circle cx="72" cy="72" r="24" fill="#fff"/><path d="M72 56v17l11 8" fill="none" stroke="#8a5200" stroke-width="8"/>',
  unknown: '<circle cx="72" cy="72" r="19" fill="none" stroke="#c4ced7" stroke-width="9" stroke-dasharray="13 11"/>',
};
function tray(badge) {
  const ground = '<circle cx="74" cy="74" r="34" fill="#0d1f30"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">${tile(0)}${ground}${badge}</svg>`;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const page = await browser.newPage();
async function draw(svg, size) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  return page.screenshot({ omitBackground: true, type: 'png' });
}

const drawn = new Map();
for (const size of [16, 24, 32, 48, 64, 128, 256, 512, 1024]) drawn.set(size, await draw(app, size));
for (const size of [16, 32, 48, 64, 128, 256, 512]) writeFileSync(join(folder, `${size}x${size}.png`), drawn.get(size));
writeFileSync(join(folder, 'icon.ico'), ico([16, 24, 32, 48, 64, 128, 256]));
writeFileSync(
  join(folder, 'icon.icns'),
  icns({ ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 }),
);
for (const [state, badge] of Object.entries(badges)) {
  // Electron takes the file that fits the screen's scale.
  for (const [suffix, size] of [
    ['', 16],
    ['@1.5x', 24],
    ['@2x', 32],
    ['@3x', 48],
  ]) {
    writeFileSync(join(folder, `tray-${state}${suffix}.png`), await draw(tray(badge), size));
  }
}
await browser.close();

/** ICO: a directory of 16-byte entries, then the pictures, which may be PNG since Windows Vista. */
function ico(sizes) {
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  for (const [at, size] of sizes.entries()) {
    const entry = 6 + 16 * at;
    head.writeUInt8(size % 256, entry); // 0 means 256
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(drawn.get(size).length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += drawn.get(size).length;
  }
  return Buffer.concat([head, ...sizes.map((size) => drawn.get(size))]);
}

/** ICNS: "icns", the whole length, then each picture as its type, its length with these eight bytes, and a PNG. */
function icns(types) {
  const parts = Object.entries(types).map(([type, size]) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + drawn.get(size).length, 4);
    return Buffer.concat([head, drawn.get(size)]);
  });
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4);
  return Buffer.concat([head, ...parts]);
}
