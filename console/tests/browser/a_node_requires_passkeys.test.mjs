// What the node's operator decided about passkeys holds for its pages; a rule never keeps a console from ringing that could ring before.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { openBrowser, plugAuthenticator } from './support/officer.mjs';

let hotline, browser, page, authenticator;

before(async () => {
  hotline = await startHotline();
  browser = await openBrowser();
  page = browser.page;
});

after(async () => {
  await browser?.close();
  await hotline?.stop();
});

const view = async () => (await page.evaluate(() => globalThis.trialogue.measure())).view;
const required = () =>
  page.route('**/console.json', (route) => route.fulfill({ json: { node: 'usa-1', passkeys: 'required' } }));

test('a link that is opened by the node\u2019s number says that a name is needed', async () => {
  await required();
  await page.goto(hotline.link('usa-duty-officer').replace('localhost', '127.0.0.1'));
  await page.locator('[data-passkey-trouble=address]').waitFor();
  assert.equal(await page.locator('[data-act^=enrol]').count(), 0, 'no button that cannot work');
});

test('where a passkey is required there is no way without', async () => {
  await page.goto(hotline.link('usa-duty-officer'));
  await page.locator('[data-act=enrol-passkey]').waitFor();
  assert.equal(await page.locator('[data-act=enrol]').count(), 0);
});

test('a console from before goes on ringing, and is sealed with one button', async () => {
  await page.unrouteAll();
  // The link has left the address with the first page: it is opened again.
  await page.goto('about:blank');
  await page.goto(hotline.link('usa-duty-officer'));
  await page.locator('[data-act=enrol]').click();
  await page.locator('[data-node=up]').waitFor();
  assert.equal(await page.locator('[data-gate=bare]').count(), 0, 'here nobody asks for more');
  const { device } = (await view()).me;
  await required();
  await page.reload();
  await page.locator('[data-gate=bare]').waitFor();
  await page.locator('[data-node=up]').waitFor();
  authenticator = await plugAuthenticator(page);
  await page.locator('[data-act=protect]').click();
  await page.locator('[data-gate=bare]').waitFor({ state: 'detached' });
  assert.equal((await authenticator.passkeys()).length, 1);
  await page.reload();
  await page.locator('[data-gate=locked]').waitFor();
  await page.locator('[data-act=sign-in]').click();
  await page.locator('[data-node=up]').waitFor();
  assert.equal((await view()).me.device, device);
});

test('a keys worker that breaks is replaced without asking the owner again', async () => {
  await authenticator.unplug();
  const worker = page.workers().find((one) => one.url().includes('keys-worker'));
  const gone = worker.waitForEvent('close');
  await worker.evaluate(
    () =>
      void setTimeout(() => {
        throw new Error('broken on purpose');
      }),
  );
  await gone;
  await page.locator('[data-trouble=worker]').waitFor({ state: 'detached' });
  await page.locator('[data-node=up]').waitFor();
  assert.equal(await page.locator('[data-gate=locked]').count(), 0);
  assert.equal((await view()).node, 'up');
});

test('a key shows who may do what, and the same screen leads back', async () => {
  await page.keyboard.press('F2');
  const panel = page.locator('[data-panel=authority]');
  await panel.waitFor();
  assert.equal(await panel.locator('article').count(), 3, 'all lines of the charter');
  assert.ok((await panel.locator('.own[data-office=usa-duty-officer]').count()) > 0, 'one\u2019s own office is marked');
  assert.match(await panel.innerText(), /Interpreter/);
  assert.match(await panel.innerText(), /May ring this line up to: Immediate/);
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  assert.equal(
    await page.locator('[data-act=authority]').evaluate((button) => button === document.activeElement),
    true,
  );
});

test('no page had an error', () => {
  assert.deepEqual(
    browser.errors.filter((line) => !line.includes('broken on purpose')),
    [],
  );
});
