/** A press acts where it began, whatever moved in between. The first one on a page lets it sound, so that its own note goes and all keys move while the button is down; the browser then finds another element beneath, and clicks nothing. */

/** What is pressed. */
const KEYS = 'button, summary, a[href], label, input:is([type=checkbox], [type=radio])';
/** What needs the pointer itself, also within a label: lists, sliders and text. */
const OWN = 'select, textarea, input:not([type=checkbox], [type=radio]), [contenteditable]';
/** How far a pointer may leave the place of a key and still press it, in CSS pixels. */
const SLACK = 8;

export class Press {
  /** What the pointer is down on, and where that was then. */
  #down: { key: Element; place: DOMRect; pointer: number } | null = null;

  /** Holds every press on keys in `page` from now on; returns what ends that. */
  hold(page: EventTarget): () => void {
    page.addEventListener('pointerdown', this.#begins, true);
    page.addEventListener('click', this.#ends, true);
    page.addEventListener('pointerup', this.#over, true);
    page.addEventListener('pointercancel', this.#over, true);
    return () => {
      page.removeEventListener('pointerdown', this.#begins, true);
      page.removeEventListener('pointerup', this.#over, true);
      page.removeEventListener('pointercancel', this.#over, true);
      page.removeEventListener('click', this.#ends, true);
    };
  }

  readonly #begins = (event: Event) => {
    // A finger has the pointer already, and scrolls with it.
    if (!(event instanceof PointerEvent) || event.pointerType === 'touch' || event.button !== 0) return;
    const at = event.target instanceof Element ? event.target : null;
    const key = at?.closest(KEYS);
    if (!key || at?.closest(OWN)) return;
    try {
      key.setPointerCapture(event.pointerId);
      this.#down = { key, place: key.getBoundingClientRect(), pointer: event.pointerId };
    } catch {
      // The pointer is up already: the browser says where it clicks.
    }
  };

  // The click comes right after it, or not at all.
  readonly #over = (event: Event) => {
    const down = this.#down;
    if (!down || !(event instanceof PointerEvent) || event.pointerId !== down.pointer) return;
    setTimeout(() => {
      if (this.#down === down) this.#down = null;
    });
  };

  // Moved away before it was let go: the way to take a press back (WCAG 2.2, 2.5.2). Another screen that came meanwhile takes it back as well.
  readonly #ends = (event: Event) => {
    const down = this.#down;
    this.#down = null;
    if (!down || !(event instanceof MouseEvent) || event.detail === 0 || !isIn(event.target, down.key)) return;
    if (within(event.clientX, event.clientY, down.place) && !isCovered(down.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
}

/** By another screen, or by a dialog that came meanwhile. */
function isCovered(key: Element): boolean {
  const dialog = document.querySelector('dialog:modal');
  return key.closest('[inert]') !== null || (dialog !== null && !dialog.contains(key));
}

function isIn(target: EventTarget | null, key: Element): boolean {
  return target instanceof Node && key.contains(target);
}

/** Whether a point is in a place, or nearly. */
function within(x: number, y: number, place: Pick<DOMRect, 'left' | 'right' | 'top' | 'bottom'>): boolean {
  return x >= place.left - SLACK && x <= place.right + SLACK && y >= place.top - SLACK && y <= place.bottom + SLACK;
}
