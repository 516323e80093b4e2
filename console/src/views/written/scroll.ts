/** What scrolls around an element; none: the page does. */
function scrollerOf(element: Element): Element | null {
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at.scrollHeight > at.clientHeight) return at;
  return null;
}

/** Brings an element into view, and beside a call moves nothing but the written line. */
export function reveal(element: Element, at: 'start' | 'end') {
  const panel = scrollerOf(element);
  if (!panel) return element.scrollIntoView({ block: at });
  const [box, frame] = [element.getBoundingClientRect(), panel.getBoundingClientRect()];
  const margin = parseFloat(getComputedStyle(element).scrollMarginTop) || 0;
  panel.scrollTop += at === 'start' ? box.top - frame.top - margin : box.bottom - frame.bottom;
}

/** The end of it is on screen. */
export function inView(element: Element): boolean {
  const edge = scrollerOf(element)?.getBoundingClientRect().bottom ?? innerHeight;
  return element.getBoundingClientRect().bottom <= edge + 4;
}
