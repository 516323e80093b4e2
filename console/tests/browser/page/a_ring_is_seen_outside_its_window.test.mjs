// What rings is shown by the system while its page is behind others, and the screen of a console on watch stays awake.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** Keeps what the page asks of the browser, and asks it all the same. */
function listen() {
  globalThis.notices = [];
  globalThis.locks = [];
  const Real = Notification;
  globalThis.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      const notice = { title, body: options.body, shown: false, closed: false };
      this.addEventListener('show', () => (notice.shown = true));
      this.addEventListener('close', () => (notice.closed = true));
      globalThis.notices.push(notice);
    }
  };
  const request = navigator.wakeLock.request.bind(navigator.wakeLock);
  navigator.wakeLock.request = async (kind) => {
    const lock = await request(kind);
    globalThis.locks.push(lock);
    return lock;
  };
}

/** Another window comes before this one, or it comes to the front again. */
async function front(page, is) {
  await page.evaluate((is) => {
    document.hasFocus = () => is;
    dispatchEvent(new Event(is ? 'focus' : 'blur'));
  }, is);
}

async function open(scene, permissions) {
  const { page, errors } = await fixtures.open(scene);
  await page.context().grantPermissions(permissions);
  await page.addInitScript(listen);
  await page.reload();
  await page.locator('[data-node]').waitFor();
  return { page, errors };
}

test('a ring is shown by the system while its window is behind others', async () => {
  const { page, errors } = await open('ringing', ['notifications', 'screen-wake-lock']);
  await until('the ring', () => page.title().then((title) => title.startsWith('●')));
  await front(page, true);
  assert.deepEqual(await page.evaluate(() => globalThis.notices.filter((notice) => !notice.closed)), []);
  await front(page, false);
  const seen = await until('the notification', () => page.evaluate(() => globalThis.notices.at(-1)));
  assert.equal(seen.title, 'Incoming ring');
  assert.match(seen.body, /Duty Officers.*Japan/s);
  await front(page, true);
  await until('it is taken back', () => page.evaluate(() => globalThis.notices.every((notice) => notice.closed)));
  assert.equal(await page.locator('[data-notices]').count(), 0, 'nothing is to be said of a browser that shows it');
  assert.deepEqual(errors, []);
});

test('a console on watch keeps its screen awake', async () => {
  const { page, errors } = await open('board', ['notifications', 'screen-wake-lock']);
  const held = () => page.evaluate(() => globalThis.locks.some((lock) => !lock.released));
  await until('the lock', held);
  await page.evaluate(() => globalThis.locks.forEach((lock) => void lock.release()));
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await until('the lock again', held);
  assert.deepEqual(errors, []);
});

test('a tab in a call, or in which it rings, is not closed by a slip; one with nothing under way is', async () => {
  for (const [scene, asks] of [
    ['call', true],
    ['ringing', true],
    ['board', false],
  ]) {
    const { page } = await fixtures.open(scene);
    const asked = [];
    page.on('dialog', async (dialog) => {
      asked.push(dialog.type());
      await dialog.accept();
    });
    // Without anybody at the keys no browser asks.
    await page.keyboard.press('Shift');
    await page.mouse.click(2, 2);
    await page.reload();
    await page.locator('[data-node]').waitFor();
    assert.deepEqual(asked, asks ? ['beforeunload'] : [], scene);
    if (!asks) continue;
    // The language is changed by loading the page anew.
    await page.mouse.click(2, 2);
    if (scene === 'call') {
      await page.locator('[data-act=devices]').click();
      await page.locator('[data-act=settings]:visible').click();
      const language = page.getByLabel('Language');
      await Promise.all([page.waitForEvent('load'), language.selectOption('ja')]);
      assert.deepEqual(asked, ['beforeunload'], 'the officer has chosen that');
    }
  }
});

test('an officer whose browser shows no notifications is told so', async () => {
  const { page } = await open('board', []);
  const said = page.locator('[data-notices]');
  await said.waitFor();
  assert.match(await said.innerText(), /outside this window/);
});
