/** Which messages really are on screen: in view, in a page that is in front, and with nothing laid over them. */

/** So much of a message, or of the screen, has to be in view. */
const SHARE = 0.5;

export class Seen {
  #ids = new Map<Element, string>();
  #said = new Set<string>();
  #looking = false;
  #observer = new IntersectionObserver((entries) => this.#take(entries), { threshold: [0, 0.1, 0.25, SHARE, 0.75, 1] });

  readonly #say: (ids: string[]) => void;

  /** `say` gets every id once. */
  constructor(say: (ids: string[]) => void) {
    this.#say = say;
  }

  /** Watches the element until what it returns is called. */
  watch(element: Element, id: string): () => void {
    this.#ids.set(element, id);
    this.#observer.observe(element);
    return () => {
      this.#ids.delete(element);
      this.#observer.unobserve(element);
    };
  }

  /** Somebody can see the page, or not: what is in view counts from then on. */
  look(looking: boolean) {
    if (looking === this.#looking) return;
    this.#looking = looking;
    if (!looking) return;
    for (const element of this.#ids.keys()) {
      this.#observer.unobserve(element);
      this.#observer.observe(element);
    }
  }

  end() {
    this.#observer.disconnect();
    this.#ids.clear();
  }

  #take(entries: IntersectionObserverEntry[]) {
    if (!this.#looking) return;
    const ids = entries
      .filter(
        ({ isIntersecting, intersectionRect, boundingClientRect }) =>
          isIntersecting && intersectionRect.height >= SHARE * Math.min(boundingClientRect.height, innerHeight),
      )
      .map(({ target }) => this.#ids.get(target))
      .filter((id): id is string => id !== undefined && !this.#said.has(id));
    if (ids.length === 0) return;
    for (const id of ids) this.#said.add(id);
    this.#say(ids);
  }
}
