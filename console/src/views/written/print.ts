/** Paper: what is printed is laid out anew, with markings on every page, both texts, names, full times, receipts and ids, and no keys. */
import { flushSync, mount, unmount } from 'svelte';
import Sheet, { type Paper } from './Sheet.svelte';

/** While this stands, printing prints what `paper` gives, be it by our key or the browser's own. Returns the way to stop. */
export function onPaper(paper: () => Paper | null, printed: () => void): () => void {
  let sheet: Record<string, unknown> | null = null;
  const before = () => {
    const given = sheet === null ? paper() : null;
    if (given === null) return;
    sheet = mount(Sheet, { target: document.body, props: { paper: given } });
    flushSync();
  };
  const after = () => {
    if (sheet) void unmount(sheet);
    sheet = null;
    printed();
  };
  addEventListener('beforeprint', before);
  addEventListener('afterprint', after);
  return () => {
    removeEventListener('beforeprint', before);
    removeEventListener('afterprint', after);
    if (sheet) void unmount(sheet);
  };
}
