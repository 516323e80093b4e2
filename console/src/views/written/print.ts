/**
 * Paper: what is printed is laid out anew, with markings on every page, both texts, names, full times, receipts and ids, and no keys.
 *
 * It is printed from a window of its own. While a browser shows its print dialog, nothing runs in the page that asked for it, nor in any other of the same
 * process: a console that rings would stand still, unheard, and the caller would go on reading that it rings here. A window without an opener has a process
 * of its own in Chromium.
 *
 * What that window shows comes as a blob of this page: over no network, and into no file (a browser writes blobs of many megabytes to disk, texts stay in
 * memory). Its address says nothing and opens nothing in another browser, and here neither once it is taken back. It inherits this page's security policy:
 * it runs no script but the node's own, and sends nothing anywhere. Styles and that script were fetched with the page and are immutable, so the browser has
 * them also while the node is not reached; without them the paper is plain, and its reader is told how to print it.
 */
import { flushSync, mount, unmount } from 'svelte';
import { m } from '../../paraglide/messages.js';
import script from './paper-window.js?url&no-inline';
import Sheet, { type Paper } from './Sheet.svelte';

/** How long the blob can be opened, in milliseconds: the window has read it long before. */
const GONE_MS = 60_000;

/** Has the browser fetch the script of that window beforehand: the node may not be reached when somebody prints. */
export function readyToPrint() {
  void fetch(script).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  );
}

/** Prints in a window of its own; to be called from a gesture. The page goes on meanwhile. */
export function printApart(paper: Paper) {
  const address = URL.createObjectURL(new Blob([documentOf(paper)], { type: 'text/html;charset=utf-8' }));
  setTimeout(() => URL.revokeObjectURL(address), GONE_MS);
  window.open(address, '_blank', 'noopener');
}

/** The whole document. What people wrote is in it as the browser itself writes text into markup. */
function documentOf(paper: Paper): string {
  const made = document.implementation.createHTMLDocument(m.app_title());
  const root = made.documentElement;
  root.lang = document.documentElement.lang;
  root.translate = false;
  root.className = 'paper';
  for (const style of document.querySelectorAll<HTMLElement>('link[rel=stylesheet], style')) {
    const copy = made.importNode(style, true);
    // A blob has no place in the tree of addresses from which others could be found.
    if (style instanceof HTMLLinkElement) copy.setAttribute('href', style.href);
    made.head.append(copy);
  }
  const run = made.createElement('script');
  run.src = new URL(script, location.href).href;
  made.head.append(run);
  const how = made.createElement('p');
  how.className = 'how';
  how.textContent = m.written_print_how();
  const holder = document.createElement('div');
  const sheet = mount(Sheet, { target: holder, props: { paper } });
  flushSync();
  made.body.append(how, ...[...holder.childNodes].map((node) => made.importNode(node, true)));
  void unmount(sheet);
  return `<!doctype html>${root.outerHTML}`;
}

/** While this stands, the browser's own way to print prints what `paper` gives as well; the page stands still for that. Returns the way to stop. */
export function onPaper(paper: () => Paper | null): () => void {
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
  };
  addEventListener('beforeprint', before);
  addEventListener('afterprint', after);
  return () => {
    removeEventListener('beforeprint', before);
    removeEventListener('afterprint', after);
    if (sheet) void unmount(sheet);
  };
}
