/** Brings an element into view, and beside a call moves nothing but the written line. */
export function reveal(element: Element, at: 'start' | 'end') {
  const panel = element.closest('aside');
  if (!panel || panel.scrollHeight <= panel.clientHeight) return element.scrollIntoView({ block: at });
  const [box, frame] = [element.getBoundingClientRect(), panel.getBoundingClientRect()];
  const margin = parseFloat(getComputedStyle(element).scrollMarginTop) || 0;
  panel.scrollTop += at === 'start' ? box.top - frame.top - margin : box.bottom - frame.bottom;
}
