/** Whether the browser keeps what this device is made of: its keys and what was not sent yet. Unless it has promised to, it may clear that away when the disk
 * is full, and then the device is enrolled anew. */

/** `unknown`: it has not answered, or has no such promise. */
export type Keeping = 'kept' | 'may go' | 'unknown';

let kept = false;
let asking: Promise<Keeping> | null = null;

/** Asks for the promise, once for each load of the page, and whether it was given since. Some browsers ask their user, most decide by themselves. */
export async function askToKeep(): Promise<Keeping> {
  asking ??= ask(true);
  if ((await asking) === 'may go' && !kept) kept = (await ask(false)) === 'kept';
  return kept ? 'kept' : asking;
}

async function ask(forIt: boolean): Promise<Keeping> {
  const storage = navigator.storage as StorageManager | undefined;
  if (!storage?.persist) return 'unknown';
  try {
    return (await storage.persisted()) || (forIt && (await storage.persist())) ? 'kept' : 'may go';
  } catch {
    return 'unknown';
  }
}
