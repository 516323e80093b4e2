import { PasskeyError, type PasskeyTrouble } from '../media/passkey';
import { m } from '../paraglide/messages.js';

const troubles: Record<PasskeyTrouble, () => string> = {
  address: m.passkey_address,
  unsupported: m.passkey_unsupported,
  noPrf: m.passkey_noPrf,
  noOwner: m.passkey_noOwner,
  cancelled: m.passkey_cancelled,
  wrong: m.passkey_wrong,
  failed: m.passkey_failed,
};

/** What went wrong with a passkey and what to do, in one or two sentences. */
export function passkeyWords(trouble: PasskeyTrouble): string {
  return troubles[trouble]();
}

/** The trouble of an error; null if it is none of a passkey. */
export function passkeyTroubleOf(error: unknown): PasskeyTrouble | null {
  return error instanceof PasskeyError ? error.trouble : null;
}
