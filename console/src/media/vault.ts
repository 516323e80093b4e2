/** Where the browser keeps the identity: IndexedDB, sealed under a key that no script can read out. Used in the keys worker only. */
import type { Enrolled } from '../generated/Enrolled';

const NAME = 'trialogue';
const STORE = 'vault';

async function open(): Promise<IDBDatabase> {
  return settle((done) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  });
}

function settle<T>(start: (done: (request: IDBRequest<T>) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    start((request) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('storage'));
    }),
  );
}

async function get<T>(key: string): Promise<T | undefined> {
  const db = await open();
  try {
    return await settle<T | undefined>((done) => done(db.transaction(STORE).objectStore(STORE).get(key)));
  } finally {
    db.close();
  }
}

async function put(key: string, value: unknown): Promise<void> {
  const db = await open();
  try {
    await settle<IDBValidKey>((done) => done(db.transaction(STORE, 'readwrite', { durability: 'strict' }).objectStore(STORE).put(value, key)));
  } finally {
    db.close();
  }
}

async function sealingKey(): Promise<CryptoKey> {
  const held = await get<CryptoKey>('key');
  if (held) return held;
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  await put('key', key);
  return key;
}

export async function keepIdentity(identity: Enrolled): Promise<void> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await sealingKey(), new Uint8Array(identity.secret));
  await put('identity', { iv, sealed, certificate: identity.certificate, root: identity.root });
  identity.secret.fill(0);
}

export async function loadIdentity(): Promise<Enrolled | null> {
  const held = await get<{ iv: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer; certificate: Uint8Array; root: Uint8Array }>('identity');
  if (!held) return null;
  const secret = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: held.iv }, await sealingKey(), held.sealed));
  return { secret, certificate: held.certificate, root: held.root };
}

export const keepCharter = (bytes: Uint8Array): Promise<void> => put('charter', bytes);
export const loadCharter = (): Promise<Uint8Array | undefined> => get('charter');
