/** A tab in a call, or in which it rings, is not closed by a slip: the browser asks. */

let onPurpose = false;

/** What follows loads this page anew by the officer's own choice, and comes back to the call. */
export function leaveOnPurpose() {
  onPurpose = true;
}

export function askBeforeLeaving(event: Event) {
  if (!onPurpose) event.preventDefault();
}
