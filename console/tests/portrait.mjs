// Pictures of a real call for the README and for looking: `node tests/portrait.mjs DIR`.
import { mkdir } from 'node:fs/promises';
import { startHotline } from './browser/support/hotline.mjs';
import { seatOfficer } from './browser/support/officer.mjs';

const out = process.argv[2] ?? 'test-results/portrait';
await mkdir(out, { recursive: true });
const hotline = await startHotline();
const seats = [
  ['usa', 'en'],
  ['jpn', 'ja'],
  ['kor', 'ko'],
];
const officers = [];
for (const [index, [party, locale]] of seats.entries()) {
  officers.push(
    await seatOfficer(hotline.link(`${party}-duty-officer`), {
      speech: `speech-${index + 1}.wav`,
      clip: `video-${index + 1}.mjpeg`,
      locale,
    }),
  );
}
const sizes = [
  [1280, 800],
  [390, 844],
];
async function shoot(name) {
  for (const [index, officer] of officers.entries()) {
    for (const [width, height] of sizes) {
      await officer.page.setViewportSize({ width, height });
      await officer.page.screenshot({ path: `${out}/${name}-${seats[index][1]}-${width}.png` });
    }
    await officer.page.setViewportSize({ width: 1280, height: 800 });
  }
}
for (const officer of officers)
  await officer.until('staffed', ({ view }) =>
    view.lines.find((l) => l.id === 'duty').parties.every((p) => (p.own || p.reached) && p.onWatch > 0),
  );
await shoot('board');
await officers[0].ring('duty');
for (const officer of officers.slice(1)) await officer.page.locator('[role=alertdialog][aria-busy=false]').waitFor();
await shoot('ring');
for (const officer of officers.slice(1)) await officer.answer();
for (const officer of officers) {
  await officer.inCallWith(3);
  await officer.until(
    'everybody seen',
    (f) => f.inbound.filter((row) => row.medium === 'picture' && row.framesDecoded > 20).length === 2,
  );
}
await shoot('call');
for (const officer of officers) await officer.leave();
await hotline.stop();
