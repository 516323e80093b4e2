/** A value that others watch: they see it now, and after every change. */
export class Watched<T> {
  value: T;
  readonly #viewers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.value = value;
  }

  on(see: (value: T) => void) {
    this.#viewers.add(see);
    see(this.value);
    return () => void this.#viewers.delete(see);
  }

  set(value: T) {
    this.value = value;
    this.#viewers.forEach((see) => see(value));
  }
}
