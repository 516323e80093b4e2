// Times from the key that answers to the first opened voice frame and the first shown picture: `node tests/bench/call.mjs CALLS FILE`.
// The page measures itself: the key press, the media worker's first opened frame, the video element's first presented frame.
import { writeFile } from 'node:fs/promises';
import { startHotline } from '../browser/support/hotline.mjs';
import { seatOfficer } from '../browser/support/officer.mjs';

const calls = Number(process.argv[2] ?? 20);
const out = process.argv[3] ?? 'test-results/bench.json';
const hotline = await startHotline();
const officers = [];
for (const [index, office] of ['usa-duty-officer', 'jpn-duty-officer', 'kor-duty-officer'].entries()) {
  officers.push(
    await seatOfficer(hotline.link(office), { speech: `speech-${index + 1}.wav`, clip: `video-${index + 1}.mjpeg` }),
  );
}
const [usa, ...answerers] = officers;
for (const officer of officers) {
  await officer.until('everybody staffed', ({ view }) =>
    view.lines.find((l) => l.id === 'duty').parties.every((p) => (p.own || p.reached) && p.onWatch > 0),
  );
}

/** In the page: the key press is noted, then the first picture of anybody else that is presented. */
function watch() {
  globalThis.bench = { answered: 0, shown: 0 };
  addEventListener(
    'keydown',
    () => {
      bench.answered ||= Date.now();
    },
    { capture: true, once: true },
  );
  const seen = new WeakSet();
  const look = () => {
    for (const video of document.querySelectorAll('[data-member] video:not(.mirror)')) {
      if (seen.has(video)) continue;
      seen.add(video);
      video.requestVideoFrameCallback(() => {
        bench.shown ||= Date.now();
      });
    }
    if (!bench.shown) requestAnimationFrame(look);
  };
  look();
}

const voice = [];
const picture = [];
for (let call = 0; call < calls; call++) {
  await usa.ring('duty');
  for (const officer of answerers) {
    await officer.page.locator('[role=alertdialog][aria-busy=false]').waitFor();
    await officer.page.evaluate(watch);
    await officer.page.keyboard.press('Enter');
    await officer.page.waitForFunction(() => bench.shown > 0, undefined, { timeout: 60_000 });
    const answered = await officer.page.evaluate(() => bench.answered);
    const { counts } = await officer.until('a voice', (f) =>
      f.counts.some((c) => c.voice && c.device !== 'me' && c.firstMs >= answered),
    );
    const first = Math.min(
      ...counts.filter((c) => c.voice && c.device !== 'me' && c.firstMs >= answered).map((c) => c.firstMs),
    );
    voice.push(first - answered);
    picture.push((await officer.page.evaluate(() => bench.shown)) - answered);
  }
  // With the last but one, the call ends for the last.
  for (const officer of officers.slice(1)) await officer.act('hang-up');
  for (const officer of officers)
    await officer.until('no call', ({ view }) => view.call === null && !view.lines.find((l) => l.id === 'duty').active);
  console.log(`call ${call + 1} of ${calls}: voice ${voice.slice(-2)} ms, picture ${picture.slice(-2)} ms`);
}
await writeFile(out, JSON.stringify({ voice_ms: voice, picture_ms: picture }));
for (const officer of officers) await officer.leave();
await hotline.stop();
