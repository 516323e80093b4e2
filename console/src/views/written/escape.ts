/** Escape inside an element: undoes the innermost thing that it can undo, and nothing around it. An input method's own Escape is left to it. */
export function onEscape(undo: () => boolean): (element: Element) => () => void {
  return (element) => {
    const key = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || event.key !== 'Escape' || event.isComposing || event.defaultPrevented)
        return;
      if (undo()) event.preventDefault();
    };
    element.addEventListener('keydown', key);
    return () => element.removeEventListener('keydown', key);
  };
}
