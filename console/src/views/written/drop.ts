/** Files that are dropped onto an element, or pasted into it. A text that is pasted stays a text, even if it brings a picture of itself. */

/** Are files among what is dragged? Which ones is not told before they are dropped. */
function carriesFiles(event: Event): event is DragEvent & { dataTransfer: DataTransfer } {
  return event instanceof DragEvent && (event.dataTransfer?.types.includes('Files') ?? false);
}

/** `over`: files are held above the element, or are not any more. */
export function onFiles(
  take: (files: File[]) => void,
  over: (above: boolean) => void,
): (element: Element) => () => void {
  return (element) => {
    const end = new AbortController();
    const on = (name: string, hear: (event: Event) => void) =>
      element.addEventListener(name, hear, { signal: end.signal });
    on('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      over(true);
    });
    on('dragleave', (event) => {
      const to = (event as DragEvent).relatedTarget;
      if (!(to instanceof Node && element.contains(to))) over(false);
    });
    on('drop', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      over(false);
      take([...event.dataTransfer.files]);
    });
    on('paste', (event) => {
      const board = (event as ClipboardEvent).clipboardData;
      if (
        !board ||
        board.files.length === 0 ||
        (board.types.includes('text/plain') && board.types.includes('text/html'))
      )
        return;
      event.preventDefault();
      take([...board.files]);
    });
    return () => end.abort();
  };
}

/** A file that is let fall beside its place must not replace the page: a browser would open it there. */
export function onStrayFiles(): () => void {
  const hear = (event: Event) => {
    if (!carriesFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  };
  addEventListener('dragover', hear);
  addEventListener('drop', hear);
  return () => {
    removeEventListener('dragover', hear);
    removeEventListener('drop', hear);
  };
}
