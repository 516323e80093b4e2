/** Questions to a worker that answers them in their order, each once. Who asked is never left without an answer: a worker that is gone answers nothing. */
export class Asked<T> {
  #waiting: { resolve: (answer: T) => void; reject: (error: Error) => void }[] = [];

  ask(): Promise<T> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  answer(answer: T) {
    this.#waiting.shift()?.resolve(answer);
  }

  fail(error: Error) {
    this.#waiting.shift()?.reject(error);
  }

  /** Nobody waits for what was asked so far; the answers to it still come, and are nobody's. */
  supersede(error: Error) {
    for (const { reject } of this.#waiting) reject(error);
  }

  /** No more answers come. */
  lose(error: Error) {
    this.supersede(error);
    this.#waiting = [];
  }
}
