/**
 * Passkeys (WebAuthn level 3) as keepers of the device's key: the authenticator's pseudo-random function (PRF) gives the same 32 bytes
 * for the same salt, to its owner alone. Runs in the page; what the function gives goes to the keys worker and is left nowhere else.
 */

/** Why there is no passkey, or why it did not open; the view says it in words. */
export type PasskeyTrouble = 'address' | 'unsupported' | 'noPrf' | 'noOwner' | 'cancelled' | 'wrong' | 'failed';

export class PasskeyError extends Error {
  readonly trouble: PasskeyTrouble;

  constructor(trouble: PasskeyTrouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** Which passkey, and what its function is asked; neither is secret. */
export interface Passkey {
  credential: Uint8Array<ArrayBuffer>;
  salt: Uint8Array<ArrayBuffer>;
}

/** With what its function gave: a secret, to be transferred and wiped. */
export interface OpenPasskey extends Passkey {
  output: ArrayBuffer;
}

/** How long a person may take at the prompt, in milliseconds. */
const PROMPT_MS = 120_000;
/** What the function must give, in bytes (WebAuthn level 3 §10.1.4). */
const OUTPUT = 32;

type Capable = {
  getClientCapabilities?: () => Promise<Record<string, boolean>>;
  signalUnknownCredential?: (what: { rpId: string; credentialId: string }) => Promise<void>;
};

/** Why no passkey can be made here, as far as it can be known before one tries; null if it can. */
export async function passkeyTrouble(): Promise<PasskeyTrouble | null> {
  // Passkeys belong to names: a browser makes none for a number, nor for a page that came over plain HTTP.
  if (!isSecureContext || /^[\d.]+$|:/.test(location.hostname)) return 'address';
  if (!('PublicKeyCredential' in globalThis) || !navigator.credentials) return 'unsupported';
  const known = await (PublicKeyCredential as unknown as Capable).getClientCapabilities?.().catch(() => undefined);
  return known?.['extension:prf'] === false ? 'noPrf' : null;
}

/** Makes a passkey for this device and asks its function once. */
export async function makePasskey(): Promise<OpenPasskey> {
  const trouble = await passkeyTrouble();
  if (trouble) throw new PasskeyError(trouble);
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const made = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { name: 'Trialogue', id: location.hostname },
        // Nobody's name: authenticators show and keep this, some of them in other people's data centres.
        user: {
          id: crypto.getRandomValues(new Uint8Array(16)),
          name: location.host,
          displayName: `Trialogue, ${location.host}`,
        },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        attestation: 'none',
        timeout: PROMPT_MS,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const credential = new Uint8Array(made.rawId);
  const prf = made.getClientExtensionResults().prf;
  if (!prf?.enabled) {
    // It is of no use: where the browser can, it is taken back.
    const credentialId = made.id;
    await (PublicKeyCredential as unknown as Capable)
      .signalUnknownCredential?.({ rpId: location.hostname, credentialId })
      .catch(() => undefined);
    throw new PasskeyError('noPrf');
  }
  const output = prf.results ? secret(prf.results.first) : await usePasskey({ credential, salt });
  return { credential, salt, output };
}

/** Asks the function of the passkey that this device was enrolled with. */
export async function usePasskey({ credential, salt }: Passkey): Promise<ArrayBuffer> {
  const found = await ask(() =>
    navigator.credentials.get({
      publicKey: {
        // Nobody checks the answer's signature: what proves the owner is the key that only this function's output opens.
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rpId: location.hostname,
        allowCredentials: [{ type: 'public-key', id: credential }],
        userVerification: 'required',
        timeout: PROMPT_MS,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const results = found.getClientExtensionResults().prf?.results;
  if (!results) throw new PasskeyError('noPrf');
  return secret(results.first);
}

async function ask(prompt: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const answer = await prompt();
    if (answer instanceof PublicKeyCredential) return answer;
  } catch (error) {
    throw new PasskeyError(reason(error));
  }
  throw new PasskeyError('failed');
}

/** A browser does not tell a prompt that was closed from a passkey that is not there: both are `cancelled`. */
function reason(error: unknown): PasskeyTrouble {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'AbortError':
      return 'cancelled';
    case 'SecurityError':
      return 'address';
    case 'NotSupportedError':
      return 'unsupported';
    case 'ConstraintError':
      return 'noOwner';
    default:
      return 'failed';
  }
}

/** The output in a buffer of its own, which can be transferred. */
function secret(from: BufferSource): ArrayBuffer {
  const bytes = ArrayBuffer.isView(from)
    ? new Uint8Array(from.buffer, from.byteOffset, from.byteLength)
    : new Uint8Array(from);
  if (bytes.length !== OUTPUT) throw new PasskeyError('failed');
  const own = bytes.slice().buffer;
  bytes.fill(0);
  return own;
}
