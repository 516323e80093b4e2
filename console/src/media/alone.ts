/** Which tab is this console, by a lock of the browser. */
const LOCK = 'trialogue-console';

/**
 * One tab at a time is this console: two would push each other off the node, and neither could be rung. Held until this worker ends;
 * a browser without locks (none that can seal) goes on without. `waits`: another tab has it, and this one waits until that is closed.
 */
export async function alone(waits: () => void): Promise<void> {
  const locks = (navigator as Navigator & { locks?: LockManager }).locks;
  if (!locks) return;
  const held = new Promise<void>(() => undefined);
  const free = await new Promise<boolean>((answer) => {
    void locks.request(LOCK, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock ? held : undefined;
    });
  });
  if (free) return;
  waits();
  await new Promise<void>((mine) => void locks.request(LOCK, () => (mine(), held)));
}
