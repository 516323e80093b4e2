/** The screen of a console on watch does not go to sleep. A browser takes that back whenever the page is hidden, so it is asked for again. */

/** After a refusal (an empty battery, say) it is asked for again this much later, in milliseconds. */
const AGAIN_MS = 30_000;

/** Begins; returns how to end it. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let asking = false;
  let over = false;
  const settle = async () => {
    const held = lock !== null && !lock.released;
    if (over || held || asking || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    asking = true;
    lock = await navigator.wakeLock.request('screen').catch(() => null);
    asking = false;
    // It was hidden, or ended, while it was asked for.
    if (over) await lock?.release();
  };
  const shown = () => void settle();
  const timer = setInterval(shown, AGAIN_MS);
  document.addEventListener('visibilitychange', shown);
  shown();
  return () => {
    over = true;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', shown);
    void lock?.release();
  };
}
