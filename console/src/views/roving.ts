/** A toolbar is one stop of the Tab key; the arrow keys move between its buttons (WAI-ARIA, toolbar). */
export function roving(toolbar: HTMLElement): () => void {
  const buttons = () => [...toolbar.querySelectorAll<HTMLElement>('button')];
  let at: HTMLElement | undefined;
  const settle = () => {
    const all = buttons();
    if (!at || !all.includes(at)) [at] = all;
    for (const button of all) button.tabIndex = button === at ? 0 : -1;
  };
  const focused = (event: FocusEvent) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null;
    if (!button) return;
    at = button;
    settle();
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const all = buttons();
    const from = all.indexOf(at!);
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };
  const watcher = new MutationObserver(settle);
  watcher.observe(toolbar, { childList: true, subtree: true });
  toolbar.addEventListener('focusin', focused);
  toolbar.addEventListener('keydown', key);
  settle();
  return () => {
    watcher.disconnect();
    toolbar.removeEventListener('focusin', focused);
    toolbar.removeEventListener('keydown', key);
  };
}

/** What scrolls can be scrolled by keys: it is a stop of the Tab key while there is more in it than is shown. */
export function scrolls(element: HTMLElement): () => void {
  const settle = () => {
    if (element.scrollHeight > element.clientHeight + 1) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
  };
  const sizes = new ResizeObserver(settle);
  sizes.observe(element);
  const contents = new MutationObserver(settle);
  contents.observe(element, { childList: true, subtree: true, characterData: true });
  settle();
  return () => {
    sizes.disconnect();
    contents.disconnect();
  };
}
