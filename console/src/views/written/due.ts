/** Messages that wait for the own party's acknowledgement. */
import type { Due } from '../../generated/Due';
import type { LineView } from '../../generated/LineView';
import { levels } from '../words';

export interface DueOn {
  line: LineView;
  due: Due;
}

/** Those of all lines: overdue before the others, then the most urgent, then the earliest. */
export function dues(lines: LineView[]): DueOn[] {
  const rank = (due: Due) => [due.overdue ? 0 : 1, -levels.indexOf(due.precedence), due.answerByMs] as const;
  return lines
    .flatMap((line) => (line.written.due ? [{ line, due: line.written.due }] : []))
    .sort((x, y) => {
      const [a, b] = [rank(x.due), rank(y.due)];
      return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
    });
}

/** Which line F3 opens: where something is due; else that of the focus, of the call, with something unread; else the first. */
export function lineToOpen(lines: LineView[], call: string | null): string | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('[data-line]')?.dataset.line;
  return (
    dues(lines)[0]?.line.id ??
    lines.find((line) => line.id === focused)?.id ??
    lines.find((line) => line.id === call)?.id ??
    lines.find((line) => line.written.unread > 0)?.id ??
    lines[0]?.id
  );
}
