// On a wall, a desk, a telephone either way up, and at 400 % zoom: the marking, the pictures and the keys of a call are on screen without scrolling.
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures } from '../support/fixtures.mjs';

/** The smallest first: on that one the call begins. */
const SIZES = [
  [320, 256],
  [844, 390],
  [390, 844],
  [1280, 800],
  [1920, 1080],
];
/** At these axe looks: each of them is laid out otherwise than the others, and it takes half of the time. */
const LOOKED_AT = [320, 390, 1280];
const LANGUAGES = ['en', 'ja', 'ko'];
/** What has to be on screen, by scene; a picture has to show somebody. */
const SCENES = {
  call: ['[data-act=mute]', '.tile.even video'],
  on: ['[data-act=mute]', '.tile.even video'],
  nine: ['[data-act=mute]', '.tile.even video'],
  forged: ['[data-act=mute]', '.tile.even video'],
  asked: ['[data-act=mute]', '.tile.even video'],
  'no-microphone': ['[data-act=mute]', '.tile.even video', '[data-unheard]'],
  'principal-on': ['[data-act=mute]', '.tile.even video'],
  'principal-waiting': ['[data-act=mute]', '[data-with] .name', '.self video'],
  calling: ['[data-act=mute]', '[data-missing=JPN] .state', '.self video', '[data-precedence]', '[data-left]'],
  listening: ['.tile.even video'],
};
let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** Whether the whole of the first match is on screen with nothing over it, as far as its middle tells. */
const onScreen = (page, selector) =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const box = element.getBoundingClientRect();
      const at = [box.left + box.width / 2, box.top + box.height / 2];
      const over = document.elementsFromPoint(...at).find((one) => !one.matches('.enlarge'));
      return (
        box.width > 20 &&
        box.height > 8 &&
        box.left >= -1 &&
        box.top >= -1 &&
        box.right <= innerWidth + 1 &&
        box.bottom <= innerHeight + 1 &&
        (element.contains(over) || over?.contains(element) || element.parentElement.contains(over))
      );
    });
const violations = async (page) => (LOOKED_AT.includes(page.viewportSize().width) ? await faults(page) : []);
const faults = async (page) =>
  (
    await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  ).violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`);

for (const locale of LANGUAGES)
  test(`a call on every screen (${locale})`, async () => {
    for (const [scene, wanted] of Object.entries(SCENES)) {
      const [[width, height]] = SIZES;
      const { page, errors } = await fixtures.open(scene, { locale, width, height });
      await page.locator('[data-act=hang-up]').waitFor();
      // Whoever is in a call has pressed something.
      await page.keyboard.press('Shift');
      await page.locator('[data-silent]').waitFor({ state: 'detached' });
      for (const [width, height] of SIZES) {
        const where = `${scene} ${locale} ${width}×${height}`;
        await page.setViewportSize({ width, height });
        for (const selector of ['[data-banner] span', '[data-recording]', '[data-act=hang-up]', ...wanted]) {
          await page.locator(selector).first().waitFor();
          assert.ok(await onScreen(page, selector), `${where}: ${selector}`);
        }
        const { wide, tall } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - innerWidth,
          tall: document.documentElement.scrollHeight - innerHeight,
        }));
        assert.ok(wide <= 0 && tall <= 0, `${where}: ${wide} wider, ${tall} taller than the screen`);
        assert.deepEqual(await violations(page), [], where);
      }
      assert.ok(await page.evaluate(() => globalThis.markings.every(Boolean)), `${scene} ${locale}: nothing is held`);
      assert.equal(await page.locator('[data-hidden]').count(), 0, scene);
      assert.deepEqual(errors, [], scene);
      await page.context().close();
    }
  });

test('what opens in a call lies over pictures, never over the marking or the keys', async () => {
  for (const scene of ['staging', 'call']) {
    const { page } = await fixtures.open(scene, { width: 1280, height: 800, locale: 'ko' });
    for (const panel of ['lock', 'people', 'view', 'devices']) {
      const key = page.locator(`[data-act=${panel}]`);
      if ((await key.getAttribute('aria-expanded')) !== 'true') await key.click();
      await page.locator(`[data-call-panel=${panel}]`).waitFor();
      for (const [width, height] of SIZES) {
        const where = `${scene} ${panel} ${width}×${height}`;
        await page.setViewportSize({ width, height });
        for (const selector of ['[data-banner] span', '[data-recording]', '[data-act=mute]', '[data-act=hang-up]'])
          assert.ok(await onScreen(page, selector), `${where}: ${selector}`);
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          `${where}: no wider than the screen`,
        );
        assert.deepEqual(await violations(page), [], where);
      }
    }
    await page.context().close();
  }
});

test('a ring shows who rings, and its keys, on every screen', async () => {
  for (const locale of LANGUAGES)
    for (const scene of ['ringing', 'flash']) {
      const [[width, height]] = SIZES;
      const { page } = await fixtures.open(scene, { locale, width, height });
      await page.locator('[role=alertdialog][aria-busy=false]').waitFor();
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height });
        for (const selector of ['.marking', '#ring-title', '.party', '.answer', '[data-act=decline]'])
          assert.ok(
            await onScreen(page, `[role=alertdialog] ${selector}`),
            `${scene} ${locale} ${width}×${height}: ${selector}`,
          );
        assert.deepEqual(await violations(page), [], `${scene} ${locale} ${width}×${height}`);
      }
      await page.context().close();
    }
});
