// What the browser keeps of the device (`console/src/media/vault.ts`), as whoever has its disk would find it.

/** Everything in the vault, by name; keys that no script can read out are there as such. */
export const vault = (page) =>
  page.evaluate(async () => {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await done(indexedDB.open('trialogue'));
    const held = () => db.transaction('vault').objectStore('vault');
    const names = await done(held().getAllKeys());
    const identity = await done(held().get('identity'));
    db.close();
    return {
      names,
      passkey: identity?.passkey !== undefined,
      fields: Object.keys(identity ?? {}).sort(),
      sealed: identity?.sealed.byteLength,
    };
  });
