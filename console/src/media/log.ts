/** What happened, in lines, for tests and the operator. It names no person and holds no key. */

/** Lines that are held: an hour of trouble. More costs memory in a tab that stays open for months. */
const LINES_MAX = 200;

export class Log {
  readonly lines: string[] = [];

  readonly add = (line: string) => {
    this.lines.push(line);
    if (this.lines.length > LINES_MAX) this.lines.shift();
    console.info(line);
  };
}
