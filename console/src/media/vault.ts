/**
 * Where the browser keeps the identity: IndexedDB, its secret sealed with AES-256-GCM. The key comes from the owner's passkey, or, where
 * the node's operator lets people do without, is one of the browser's that no script can read out. Used in the keys worker only.
 */
import type { Enrolled } from '../generated/Enrolled';
import type { Passkey } from './passkey';

const NAME = 'trialogue';
const STORE = 'vault';
/** Sealed chunks of what is attached to messages that no node has taken yet, by their hash: their keys are among the writings. */
const CHUNKS = 'chunks';

/** What is stored; `passkey` tells how it opens, and is absent if it opens with the browser's own key. */
export interface Held {
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
  certificate: Uint8Array;
  root: Uint8Array;
  passkey?: Passkey & { kdf: Uint8Array<ArrayBuffer> };
}

/** What an identity has taken the place of, until its node has accepted it: a link that does not work ends no device that does. */
interface Before {
  identity: Held;
  writings: HeldWritings | undefined;
}

/** The browser's storage cannot be opened, read or written: that says nothing of what is in it. */
export class StorageError extends Error {}

const storage = (error: unknown) => new StorageError(`storage: ${String(error)}`);

async function open(): Promise<IDBDatabase> {
  return settle((done) => {
    const request = indexedDB.open(NAME, 2);
    request.onupgradeneeded = () => {
      for (const store of [STORE, CHUNKS]) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    return done(request);
  });
}

function settle<T>(start: (done: (request: IDBRequest<T>) => void) => void): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    start((request) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('storage'));
    }),
  ).catch((error: unknown) => {
    throw storage(error);
  });
}

async function get<T>(key: string, store = STORE): Promise<T | undefined> {
  const db = await open();
  try {
    return await settle<T | undefined>((done) => done(db.transaction(store).objectStore(store).get(key)));
  } finally {
    db.close();
  }
}

/** Changes a store: all of it or nothing, and on disk when it returns. */
async function change(store: string, by: (store: IDBObjectStore) => void): Promise<void> {
  const db = await open();
  try {
    await new Promise<void>((resolve, reject) => {
      const all = db.transaction(store, 'readwrite', { durability: 'strict' });
      all.oncomplete = () => resolve();
      all.onabort = () => reject(all.error ?? new Error('storage'));
      by(all.objectStore(store));
    });
  } finally {
    db.close();
  }
}

const put = (key: string, value: unknown): Promise<void> => change(STORE, (store) => void store.put(value, key));

/** The browser's own key, made when it is first needed. */
async function browserKey(): Promise<CryptoKey> {
  const held = await get<CryptoKey>('key');
  if (held) return held;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  await put('key', key);
  return key;
}

/** HKDF-SHA-384 (RFC 5869) over what the passkey's function gave, which is wiped. */
async function passkeyKey(output: ArrayBuffer, kdf: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', output, 'HKDF', false, ['deriveKey']);
  new Uint8Array(output).fill(0);
  const hkdf = { name: 'HKDF', hash: 'SHA-384', salt: kdf, info: new TextEncoder().encode('trialogue device seal 1') };
  return crypto.subtle.deriveKey(hkdf, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** What the seal covers besides the secret: it opens beside its own certificate and root only. */
function beside({ certificate, root }: { certificate: Uint8Array; root: Uint8Array }): Uint8Array<ArrayBuffer> {
  const label = new TextEncoder().encode('trialogue identity 1');
  const all = new Uint8Array(label.length + root.length + certificate.length);
  all.set(label);
  all.set(root, label.length);
  all.set(certificate, label.length + root.length);
  return all;
}

/**
 * Seals and stores an identity, in place of any other, which is kept until this one is settled; wipes its secret and the passkey's output.
 * Hands back the key of a passkey.
 */
export async function keepIdentity(
  identity: Enrolled,
  by: (Passkey & { output: ArrayBuffer }) | null,
): Promise<CryptoKey | null> {
  const { certificate, root } = identity;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const kdf = crypto.getRandomValues(new Uint8Array(32));
  const key = by ? await passkeyKey(by.output, kdf) : await browserKey();
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: beside(identity) },
    key,
    identity.secret as Uint8Array<ArrayBuffer>,
  );
  identity.secret.fill(0);
  const held: Held = {
    iv,
    sealed,
    certificate,
    root,
    ...(by ? { passkey: { credential: by.credential, salt: by.salt, kdf } } : {}),
  };
  const stored = await heldIdentity();
  const replaced = stored && !sameBytes(stored.certificate, certificate) ? stored : undefined;
  // One that was never settled is no device that works: what was there before it stays.
  const before =
    (await get<Before>('before')) ??
    (replaced && { identity: replaced, writings: await get<HeldWritings>('writings') });
  await change(STORE, (store) => {
    store.put(held, 'identity');
    if (replaced) {
      store.put(before, 'before');
      store.delete('writings');
    }
    // Under a passkey nothing that the browser's own key opens is left.
    if (by && !(before && !before.identity.passkey)) store.delete('key');
  });
  return by ? key : null;
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Whether an identity is kept that the one in use has taken the place of. */
export const isUnsettled = async (): Promise<boolean> => (await get<Before>('before')) !== undefined;

/** The node has accepted the identity: what it has taken the place of is forgotten. */
export async function settleIdentity(): Promise<void> {
  const held = await heldIdentity();
  await change(STORE, (store) => {
    store.delete('before');
    if (held?.passkey) store.delete('key');
  });
}

/** The node will not accept the identity: what it has taken the place of is there again, with what was written there. */
export async function goBackToBefore(): Promise<void> {
  const before = await get<Before>('before');
  if (!before) return;
  await change(STORE, (store) => {
    store.put(before.identity, 'identity');
    if (before.writings) store.put(before.writings, 'writings');
    else store.delete('writings');
    store.delete('before');
    if (before.identity.passkey) store.delete('key');
  });
}

export const heldIdentity = (): Promise<Held | undefined> => get('identity');

/** The key that the passkey's output gives for what is stored. */
export const unlock = (held: Held, output: ArrayBuffer): Promise<CryptoKey> => passkeyKey(output, held.passkey!.kdf);

/** Opens what is stored; rejects with a wrong key. `key`: of the passkey, if it is sealed under one. */
export async function openIdentity(held: Held, key: CryptoKey | null): Promise<Enrolled> {
  const cipher = { name: 'AES-GCM', iv: held.iv, additionalData: beside(held) };
  const secret = new Uint8Array(await crypto.subtle.decrypt(cipher, key ?? (await browserKey()), held.sealed));
  return { secret, certificate: held.certificate, root: held.root };
}

/** What the written line must not lose, sealed under the same key as the identity, for the device of this certificate. */
interface HeldWritings {
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

function besideWritings(certificate: Uint8Array): Uint8Array<ArrayBuffer> {
  const label = new TextEncoder().encode('trialogue written 1');
  const all = new Uint8Array(label.length + certificate.length);
  all.set(label);
  all.set(certificate, label.length);
  return all;
}

/** `key`: of the passkey, if the identity is sealed under one. On disk when it returns. */
export async function keepWritings(bytes: Uint8Array, certificate: Uint8Array, key: CryptoKey | null): Promise<void> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cipher = { name: 'AES-GCM', iv, additionalData: besideWritings(certificate) };
  const sealed = await crypto.subtle.encrypt(cipher, key ?? (await browserKey()), bytes as Uint8Array<ArrayBuffer>);
  bytes.fill(0);
  await put('writings', { iv, sealed } satisfies HeldWritings);
}

/** Undefined: there is none, or it was another device's. */
export async function openWritings(certificate: Uint8Array, key: CryptoKey | null): Promise<Uint8Array | undefined> {
  const held = await get<HeldWritings>('writings');
  if (!held) return undefined;
  const cipher = { name: 'AES-GCM', iv: held.iv, additionalData: besideWritings(certificate) };
  return crypto.subtle.decrypt(cipher, key ?? (await browserKey()), held.sealed).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  );
}

export const keepCharter = (bytes: Uint8Array): Promise<void> => put('charter', bytes);
export const loadCharter = (): Promise<Uint8Array | undefined> => get('charter');

export const keepChunk = (hash: string, bytes: Uint8Array): Promise<void> =>
  change(CHUNKS, (store) => void store.put(bytes, hash));
export const loadChunk = (hash: string): Promise<Uint8Array | undefined> => get(hash, CHUNKS);
export const forgetChunks = (hashes: string[]): Promise<void> =>
  change(CHUNKS, (store) => hashes.forEach((hash) => store.delete(hash)));

/** Forgets all chunks but these: what a page that ended was reading is of no use. */
export const keepOnlyChunks = (hashes: string[]): Promise<void> =>
  change(CHUNKS, (store) => {
    const needed = new Set(hashes);
    const all = store.getAllKeys();
    all.onsuccess = () => all.result.filter((hash) => !needed.has(String(hash))).forEach((hash) => store.delete(hash));
  });
