import type { Count } from './messages';

/** Counts per sender and medium; bounded by the number of places. */
export class Counts {
  #rows = new Map<string, Count>();

  passed(device: string, voice: boolean) {
    const row = this.#row(device, voice);
    row.passed++;
    row.firstMs ??= Date.now();
  }

  dropped(device: string, voice: boolean) {
    this.#row(device, voice).dropped++;
  }

  /** The sender has come anew: its next frame that passes is its first again. */
  fresh(device: string, voice: boolean) {
    this.#row(device, voice).firstMs = null;
  }

  all(): Count[] {
    return [...this.#rows.values()];
  }

  #row(device: string, voice: boolean): Count {
    const key = `${device} ${voice}`;
    let row = this.#rows.get(key);
    if (!row) {
      if (this.#rows.size >= 256) this.#rows.clear();
      this.#rows.set(key, (row = { device, voice, passed: 0, dropped: 0, firstMs: null }));
    }
    return row;
  }
}
