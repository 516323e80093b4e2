// What was about to be pressed when another screen took the page neither answers nor rings nor hangs up; what is pressed on purpose does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

const show = (page, scene) => page.evaluate((scene) => globalThis.show(scene), scene);
const dialog = (page, busy) => page.locator(`[role=alertdialog][aria-busy=${busy}]`);

test('a key pressed as a ring appears does not answer, and the officer is told; pressed again it does', async () => {
  for (const key of ['Enter', ' ']) {
    const { page, said, errors } = await fixtures.open('board');
    await page.keyboard.press('3');
    await page.evaluate((key) => {
      globalThis.show('ringing');
      // In the moment in which it is on screen.
      new MutationObserver((_, observer) => {
        if (!document.querySelector('[role=alertdialog]')) return;
        observer.disconnect();
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      }).observe(document.body, { childList: true, subtree: true });
    }, key);
    await page.locator('[role=alertdialog] .panel > .warn').waitFor();
    await dialog(page, false).waitFor();
    assert.ok(await page.locator('[role=alertdialog] .panel > .warn').isVisible(), 'there is time to read it');
    assert.deepEqual([await said('answer'), await said('ring')], [[], []]);
    await page.keyboard.press('Enter');
    await until('the answer', async () => (await said('answer')).length === 1);
    assert.deepEqual(await said('ring'), []);
    assert.deepEqual(errors, []);
    await page.context().close();
  }
});

test('a key that is held answers once, and not a ring that takes the place of the first', async () => {
  const { page, said } = await fixtures.open('ringing');
  await dialog(page, false).waitFor();
  await show(page, 'flash');
  await dialog(page, true).waitFor();
  await page.keyboard.press('Enter');
  assert.deepEqual(await said('answer'), []);
});

test('escape closes the reasons for declining, and Enter answers again', async () => {
  const { page, said } = await fixtures.open('ringing');
  await dialog(page, false).waitFor();
  await page.locator('[data-act=decline]').click();
  await page.locator('[role=alertdialog] fieldset').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[role=alertdialog] fieldset').waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await until('the answer', async () => (await said('answer')).length === 1);
});

test('two presses on hang up ring nobody', async () => {
  const { page, said } = await fixtures.open('call');
  const key = page.locator('[data-act=hang-up]');
  await key.click();
  await show(page, 'board');
  await page.locator('[data-line]').first().waitFor();
  // Whatever lies under the pointer, and the key of each line.
  await page.evaluate(() => {
    for (const button of document.querySelectorAll('[data-line] button.act')) button.focus();
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  });
  assert.ok(await page.locator('main').evaluate((main) => main.inert));
  await page.mouse.click(640, 600);
  assert.deepEqual([(await said('hangUp')).length, (await said('ring')).length], [1, 0]);
  await page.locator('main:not([inert])').waitFor();
  await page.keyboard.press('1');
  await page.keyboard.press('Enter');
  await until('the ring', async () => (await said('ring')).length === 1);
});

test('a call is muted, held and ended by keys of every layout', async () => {
  const { page, said } = await fixtures.open('call');
  const press = (key, code, repeat = false) =>
    page.evaluate(
      (how) => document.body.dispatchEvent(new KeyboardEvent('keydown', { ...how, bubbles: true, cancelable: true })),
      { key, code, repeat },
    );
  await press('ㅗ', 'KeyH');
  await until('hold', async () => (await said('hold')).length === 1);
  await press('ㅗ', 'KeyH', true);
  await press('ㅡ', 'KeyM');
  await page.locator('[data-act=mute][aria-pressed=true]').waitFor();
  assert.equal((await said('hold')).length, 1, 'a held key holds once');
  await press('у', 'KeyE');
  assert.ok(await page.locator('[data-act=hang-up]').evaluate((key) => key === document.activeElement));
  await page.keyboard.press('Enter');
  await until('the end', async () => (await said('hangUp')).length === 1);
});

/** The mouse goes down in the middle of a key. */
async function pressDown(page, key) {
  const { x, y, width, height } = await key.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  return y;
}

test('the first press on a page acts, though its own sound then takes a note away and every key moves', async () => {
  const { page, said } = await fixtures.open('newcomer');
  const note = page.locator('[data-silent]');
  await note.waitFor();
  const key = page.locator('[data-station=JPN] [data-act=confirm]');
  const before = await pressDown(page, key);
  await note.waitFor({ state: 'detached' });
  await until('the key moves', async () => Math.abs((await key.boundingBox()).y - before) > 8);
  await page.mouse.up();
  await until('the press', async () => (await said('confirm')).length === 1);
});

test('a press that is moved away before it is let go does nothing', async () => {
  const { page, said } = await fixtures.open('newcomer');
  await page.keyboard.press('Shift');
  await page.locator('[data-silent]').waitFor({ state: 'detached' });
  const key = page.locator('[data-station=JPN] [data-act=confirm]');
  await pressDown(page, key);
  await page.mouse.move(5, 5);
  await page.mouse.up();
  await key.click();
  assert.equal((await said('confirm')).length, 1, 'the second one');
});

test('a press that another screen takes the place of does nothing', async () => {
  const { page, said } = await fixtures.open('newcomer');
  await page.keyboard.press('Shift');
  const key = page.locator('[data-station=JPN] [data-act=confirm]');
  await pressDown(page, key);
  await show(page, 'ringing');
  await dialog(page, true).or(dialog(page, false)).first().waitFor();
  await page.mouse.up();
  assert.deepEqual([await said('confirm'), await said('answer'), await said('decline')], [[], [], []]);
});
