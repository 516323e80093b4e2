// A console sealed under a passkey: nothing comes on watch before its owner, and nothing that the browser keeps opens without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { openBrowser, plugAuthenticator } from './support/officer.mjs';
import { vault } from './support/vault.mjs';

let hotline, browser, page, authenticator;
let device;

before(async () => {
  hotline = await startHotline();
  browser = await openBrowser();
  page = browser.page;
  authenticator = await plugAuthenticator(page);
});

after(async () => {
  await browser?.close();
  await hotline?.stop();
});

const act = (name) => page.locator(`[data-act=${name}]`).click();
const trouble = (kind) => page.locator(`[data-passkey-trouble=${kind}]`).waitFor();
const view = async () => (await page.evaluate(() => globalThis.trialogue.measure())).view;
const onWatch = () => page.locator('[data-node=up]').waitFor();
const locked = () => page.locator('[data-gate=locked]').waitFor();

test('whoever enrols with a passkey is on watch, and nothing is stored that opens without it', async () => {
  await page.goto(hotline.link('usa-duty-officer'));
  await act('enrol-passkey');
  await onWatch();
  device = (await view()).me.device;
  assert.equal((await authenticator.passkeys()).length, 1);
  // 32 bytes of seed and 16 of tag; no key of the browser's beside it.
  const { names, ...identity } = await vault(page);
  assert.ok(!names.includes('key'), 'nor anything else that opens it');
  assert.deepEqual(identity, {
    passkey: true,
    fields: ['certificate', 'iv', 'passkey', 'root', 'sealed'],
    sealed: 48,
  });
});

test('after a reload the console is locked, and its station unstaffed, until the owner signs in', async () => {
  await page.reload();
  await locked();
  assert.equal((await view()).me, null);
  assert.equal(
    await page.locator('[data-act=sign-in]').evaluate((button) => button === document.activeElement),
    true,
    'one key signs in',
  );
  await page.keyboard.press('Enter');
  await onWatch();
  assert.equal((await view()).me.device, device, 'the same device');
});

test('another passkey, of the same place and owner, does not open it', async () => {
  await page.reload();
  await locked();
  // As if the record had been carried to a browser with another authenticator: it asks for a passkey that answers, with other bytes.
  const other = await page.evaluate(async () => {
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: new Uint8Array(32),
        rp: { name: 'x', id: location.hostname },
        user: { id: new Uint8Array(16), name: 'x', displayName: 'x' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        extensions: { prf: {} },
      },
    });
    return [...new Uint8Array(made.rawId)];
  });
  const own = await ask(other);
  await page.reload();
  await locked();
  await act('sign-in');
  await trouble('wrong');
  await locked();
  assert.equal((await view()).me, null);
  await ask(own);
  await page.reload();
  await act('sign-in');
  await onWatch();
});

/** Has the stored record ask for another passkey; returns the one that it asked for. */
const ask = (credential) =>
  page.evaluate(async (wanted) => {
    const done = (request) =>
      new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
    const db = await done(indexedDB.open('trialogue'));
    const held = await done(db.transaction('vault').objectStore('vault').get('identity'));
    const before = [...held.passkey.credential];
    held.passkey.credential = new Uint8Array(wanted);
    await done(db.transaction('vault', 'readwrite').objectStore('vault').put(held, 'identity'));
    db.close();
    return before;
  }, credential);

test('somebody else at the authenticator opens nothing', async () => {
  await page.reload();
  await locked();
  await authenticator.verified(false);
  await act('sign-in');
  await trouble('cancelled');
  await locked();
  assert.equal((await view()).me, null);
});

test('a second tab waits, and must be signed in to when it takes over', async () => {
  const second = await page.context().newPage();
  await second.goto(new URL('/', hotline.link('usa-duty-officer')).href);
  await second.locator('[data-trouble=otherTab]').waitFor();
  assert.equal(await second.locator('[data-gate=locked]').count(), 0);
  await page.close();
  await second.locator('[data-gate=locked]').waitFor();
  page = second;
  authenticator = await plugAuthenticator(page);
});

test('a passkey that is gone is said with the way out, and a new link in this browser is the way', async () => {
  // The new tab has an authenticator of its own, which has never seen this device.
  await act('sign-in');
  await trouble('cancelled');
  await locked();
  await page.goto(await hotline.newLink('usa-duty-officer'));
  await act('enrol-passkey');
  await onWatch();
  assert.notEqual((await view()).me.device, device);
});

test('an authenticator that cannot seal keys is said so, and nothing is enrolled by it', async () => {
  const other = await openBrowser();
  try {
    const poor = await plugAuthenticator(other.page, { hasPrf: false });
    await other.page.goto(hotline.link('jpn-duty-officer'));
    await other.page.locator('[data-act=enrol-passkey]').click();
    await other.page.locator('[data-passkey-trouble=noPrf]').waitFor();
    assert.equal((await other.page.evaluate(() => globalThis.trialogue.measure())).view.me, null);
    await poor.unplug();
    // The link is still good: this node lets people do without.
    await other.page.locator('[data-act=enrol]').click();
    await other.page.locator('[data-node=up]').waitFor();
    assert.deepEqual(other.errors, []);
  } finally {
    await other.close();
  }
});

test('no page had an error', () => assert.deepEqual(browser.errors, []));
