// How long a voice is missed.
import { PATIENCE } from './officer.mjs';

/** Watches the voice of `device` in a page, until it is told to stop; then the longest time without a packet, in milliseconds. It has seen a first one when it returns: what happens next is not over before the first look. */
export async function watchVoice(page, device) {
  await page.evaluate(
    async ([sender, patience]) => {
      const silence = { longest: 0, stop: false };
      globalThis.silence = silence;
      let [last, at] = [-1, performance.now()];
      const look = async () => {
        const row = (await globalThis.trialogue.measure()).inbound.find(
          (r) => r.device === sender && r.medium === 'voice',
        );
        const now = performance.now();
        // A new leg counts from nothing.
        if (row && row.packetsReceived > 0 && row.packetsReceived !== last) {
          if (last >= 0) silence.longest = Math.max(silence.longest, now - at);
          [last, at] = [row.packetsReceived, now];
        }
      };
      const later = () => new Promise((go) => setTimeout(go, 10));
      for (const end = performance.now() + patience; last < 0; await later()) {
        if (performance.now() > end) throw new Error('no voice to watch');
        await look();
      }
      const watch = async () => {
        for (; !silence.stop; await later()) await look();
      };
      void watch();
    },
    [device, PATIENCE],
  );
  return () =>
    page.evaluate(() => {
      globalThis.silence.stop = true;
      return Math.round(globalThis.silence.longest);
    });
}
