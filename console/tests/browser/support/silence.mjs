// How long a voice is missed.

/** Watches the voice of `device` in a page, until it is told to stop; then the longest time without a packet, in milliseconds. */
export async function watchVoice(page, device) {
  await page.evaluate((sender) => {
    globalThis.silence = { longest: 0, stop: false };
    let [last, at] = [-1, performance.now()];
    const look = async () => {
      const row = (await globalThis.trialogue.measure()).inbound.find(
        (r) => r.device === sender && r.medium === 'voice',
      );
      const now = performance.now();
      // A new leg counts from nothing.
      if (row && row.packetsReceived > 0 && row.packetsReceived !== last) {
        if (last >= 0) globalThis.silence.longest = Math.max(globalThis.silence.longest, now - at);
        [last, at] = [row.packetsReceived, now];
      }
      if (!globalThis.silence.stop) setTimeout(look, 10);
    };
    void look();
  }, device);
  return () =>
    page.evaluate(() => {
      globalThis.silence.stop = true;
      return Math.round(globalThis.silence.longest);
    });
}
