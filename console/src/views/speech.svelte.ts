/** What is said to whoever does not see the screen. A screen reader says what comes into the page: the same words again are words of their own, and
 * what is said at the same moment does not take the place of what was said before. */

/** As many are kept: more than come in one moment, and few to come across when reading the page through. */
const KEPT = 4;

export class Speech {
  said = $state.raw<{ id: number; words: string }[]>([]);
  #count = 0;

  say(words: string) {
    if (words !== '') this.said = [...this.said, { id: ++this.#count, words }].slice(-KEPT);
  }
}
