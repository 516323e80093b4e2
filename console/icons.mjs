// Draws the icon of the installed console: three parties, each joined to the two others. `node icons.mjs` writes public/icon*, which are committed: whoever
// builds the console runs nothing, and whoever doubts the files runs this.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** All lengths in parts of the side. Everything lies within the circle that systems cut icons to (0.4 from the middle). */
const GROUND = [0x0c, 0x0f, 0x14];
const LINE = { colour: [0xb9, 0xc2, 0xcf], width: 0.045 };
const DOT = { colour: [0x6f, 0xe0, 0xa0], radius: 0.115 };
const DOTS = [-90, 30, 150].map((degrees) => {
  const angle = (degrees * Math.PI) / 180;
  return [0.5 + 0.25 * Math.cos(angle), 0.54 + 0.25 * Math.sin(angle)];
});
const LINES = DOTS.map((dot, i) => [dot, DOTS[(i + 1) % DOTS.length]]);

function svg() {
  const at = (part) => (part * 512).toFixed(1);
  const css = (colour) => `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
  const lines = LINES.map(([[ax, ay], [bx, by]]) => `M${at(ax)} ${at(ay)}L${at(bx)} ${at(by)}`).join('');
  const dots = DOTS.map(([x, y]) => `<circle cx="${at(x)}" cy="${at(y)}" r="${at(DOT.radius)}"/>`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><rect width="512" height="512" fill="${css(GROUND)}"/><path d="${lines}" stroke="${css(LINE.colour)}" stroke-width="${at(LINE.width)}"/><g fill="${css(DOT.colour)}">${dots}</g></svg>\n`;
}

/** How far a point is from a line between two others. */
function fromLine([x, y], [[ax, ay], [bx, by]]) {
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

/** How much of a pixel lies inside, by how far its middle is from the edge. */
const covered = (inside, side) => Math.max(0, Math.min(1, inside * side + 0.5));

function pixel(x, y, side) {
  const at = [(x + 0.5) / side, (y + 0.5) / side];
  const line = Math.max(...LINES.map((one) => covered(LINE.width / 2 - fromLine(at, one), side)));
  const dot = Math.max(...DOTS.map(([dx, dy]) => covered(DOT.radius - Math.hypot(at[0] - dx, at[1] - dy), side)));
  const over = (below, above, part) => below.map((one, i) => one + (above[i] - one) * part);
  return over(over(GROUND, LINE.colour, line), DOT.colour, dot).map(Math.round);
}

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** PNG (ISO/IEC 15948): 8 bits, red, green and blue. */
function png(side) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8);
  const rows = [];
  for (let y = 0; y < side; y++) {
    rows.push(0);
    for (let x = 0; x < side; x++) rows.push(...pixel(x, y, side));
  }
  const sign = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.from(rows), { level: 9 });
  return Buffer.concat([sign, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

const to = (name) => join(import.meta.dirname, 'public', name);
writeFileSync(to('icon.svg'), svg());
for (const side of [192, 512]) writeFileSync(to(`icon-${side}.png`), png(side));
