/** What rings is shown by the system as well while this page is not looked at: behind another window, or on a screen that sleeps. */

/** Whether the system shows it: `missing` where the browser has no notifications at all. */
export type Allowed = NotificationPermission | 'missing';

/** What is shown; of one `key` once. */
export interface Notice {
  key: string;
  title: string;
  body: string;
}

let told: ((allowed: Allowed) => void) | null = null;
let wanted: Notice | null = null;
let shown: { key: string; notification: Notification } | null = null;

export function allowed(): Allowed {
  return 'Notification' in globalThis ? Notification.permission : 'missing';
}

/** To be called from a gesture: the browser asks the officer. */
export async function ask(): Promise<Allowed> {
  if (allowed() === 'default') await Notification.requestPermission().catch(() => undefined);
  settle();
  return allowed();
}

/** This is what waits for the officer now; null: nothing does any more. */
export function notify(notice: Notice | null) {
  wanted = notice;
  settle();
}

/** Watches whether the page is looked at, and tells whether notifications are allowed, now and when it is looked at again: that is changed in another
 * window. Returns how to end that; what is shown goes then. */
export function watch(tell: (allowed: Allowed) => void): () => void {
  told = tell;
  tell(allowed());
  document.addEventListener('visibilitychange', settle);
  addEventListener('focus', settle);
  addEventListener('blur', settle);
  return () => {
    document.removeEventListener('visibilitychange', settle);
    removeEventListener('focus', settle);
    removeEventListener('blur', settle);
    told = null;
    notify(null);
  };
}

function isLookedAt(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

function settle() {
  told?.(allowed());
  const now = isLookedAt() || allowed() !== 'granted' ? null : wanted;
  if (shown !== null && shown.key === now?.key) return;
  shown?.notification.close();
  shown = null;
  if (now === null) return;
  try {
    // It stays until somebody acts, and sounds by the system's own way where the page's is broken.
    const notification = new Notification(now.title, { body: now.body, tag: now.key, requireInteraction: true });
    notification.onclick = () => {
      globalThis.focus();
      notification.close();
    };
    shown = { key: now.key, notification };
  } catch {
    // Some systems show notifications of workers alone: then the sound and the title of the page are what there is.
  }
}
