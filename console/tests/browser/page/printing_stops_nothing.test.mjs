// What is printed is printed from a window of its own: whatever its print dialog does, the console goes on, and rings.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** A print dialog, as far as it matters: what asked for it stands still, with its whole process, until it is closed. */
function dialog() {
  globalThis.print = () => {
    const asked = new XMLHttpRequest();
    asked.open('GET', `${location.origin}/dialog`, false);
    asked.send();
    dispatchEvent(new Event('afterprint'));
  };
}

/** A console with a written line open; `print` presses, and gives the window that is printed. */
async function open(scene = 'written') {
  const { page, errors } = await fixtures.open(scene);
  const context = page.context();
  const dialogs = [];
  await context.route('**/dialog', (route) => void dialogs.push(route));
  await context.addInitScript(dialog);
  await page.reload();
  await page.locator('[data-node]').waitFor();
  await page.keyboard.press('F3');
  await page.locator('[data-message]').first().waitFor();
  return {
    page,
    errors,
    async print(press) {
      const [paper] = await Promise.all([context.waitForEvent('page'), press()]);
      await until('the print dialog', () => dialogs.length > 0);
      return { paper, close: () => dialogs.pop().fulfill({ body: '' }) };
    },
  };
}

test('a console rings while the print dialog of another window is open', async () => {
  const { page, errors, print } = await open();
  const { paper, close } = await print(() => page.locator('[data-act=print-all]').click());
  const beats = () =>
    page.evaluate(
      () =>
        new Promise((go) => {
          let left = 5;
          const timer = setInterval(() => --left === 0 && (clearInterval(timer), go(true)), 20);
        }),
    );
  assert.ok(await beats(), 'its timers go on');
  await page.evaluate(() => globalThis.show('ringing'));
  await page.locator('[role=alertdialog]').waitFor();
  const closed = paper.waitForEvent('close');
  await close();
  await closed;
  assert.deepEqual(errors, []);
});

test('the paper is whole, and came over no network', async () => {
  const { page, print } = await open();
  const asked = [];
  page.context().on('request', (request) => asked.push(request.url()));
  const { paper, close } = await print(() => page.keyboard.press('Control+p'));
  assert.match(paper.url(), /^blob:/);
  assert.deepEqual(
    asked.filter((url) => !/^(blob|data):|\/dialog$|paper-window\.js/.test(url)),
    [],
  );
  const closed = paper.waitForEvent('close');
  await close();
  await closed;
});

test('one message is printed alone, as it stands, and whoever has no dialog is told what to press', async () => {
  const { page, errors } = await open();
  // A browser that prints nothing: the window stays.
  await page.context().addInitScript(() => {
    globalThis.print = () => undefined;
  });
  const message = page.locator('[data-message]').first();
  const [paper] = await Promise.all([
    page.context().waitForEvent('page'),
    message.locator('[data-act=print-message]').click(),
  ]);
  const sheet = paper.locator('.sheet');
  await sheet.waitFor();
  assert.equal(await sheet.locator('section').count(), 1);
  assert.equal(await sheet.locator('.marking').count(), 2);
  const by = await message.locator('h3').evaluate((heading) => heading.firstChild.textContent.trim());
  assert.ok((await sheet.locator('h2').innerText()).startsWith(by), 'in its own letters');
  assert.match(await paper.locator('.how').innerText(), /Ctrl \+ P/);
  assert.deepEqual(
    await paper.evaluate(() => [document.title, opener, getComputedStyle(document.body).backgroundColor]),
    ['Trialogue', null, 'rgb(255, 255, 255)'],
  );
  await paper.emulateMedia({ media: 'print' });
  assert.ok(!(await paper.locator('.how').isVisible()));
  assert.ok(await sheet.isVisible());
  assert.deepEqual(errors, []);
});

test('the key that prints stops no console that has nothing to print', async () => {
  const { page, errors } = await fixtures.open('board');
  await page.evaluate(() => {
    addEventListener('keydown', (event) => (globalThis.prevented = event.defaultPrevented));
  });
  await page.keyboard.press('Control+p');
  assert.equal(await page.evaluate(() => globalThis.prevented), true);
  assert.deepEqual(errors, []);
});
