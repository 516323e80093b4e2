// The board is an instrument: what needs a person is on the first screen, lamps are read from three metres, and nothing
// is coloured while all is well.
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

const LOCALES = ['en', 'ja', 'ko'];
const DESK = { width: 1280, height: 800 };
const WALL = { width: 1920, height: 1080 };
const HAND = { width: 390, height: 844 };

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** As on a console that is in use: it may show notifications, and its sound was allowed by a press. */
async function open(scene, how) {
  const opened = await fixtures.open(scene, { permissions: ['notifications'], ...how });
  await opened.page.mouse.click(2, 2);
  await opened.page.locator('[data-silent]').waitFor({ state: 'detached' });
  return opened;
}

/** Those of the elements that are not wholly on screen, or under something else. */
const notSeen = (page, selector) =>
  page.locator(selector).evaluateAll((all) =>
    all
      .filter((element) => {
        const box = element.getBoundingClientRect();
        const inside = box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight;
        const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return !inside || box.width < 10 || box.height < 10 || !(element.contains(over) || over?.contains(element));
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );

/** Words that are wider than what they stand in. */
const clipped = (page) =>
  page.locator('[role=cell], [role=rowheader] *, [role=columnheader], [data-waits] *, .rail *').evaluateAll((all) =>
    all
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1)
      .filter((element) => !/inline|-webkit-box/.test(getComputedStyle(element).display))
      // Shortened on purpose, and whole in its title.
      .filter((element) => getComputedStyle(element).textOverflow !== 'ellipsis')
      .map((element) => `${element.textContent.trim().slice(0, 60)} in ${element.className}`),
  );

const KEYS = '[data-line] button.act';
/** Whatever an officer is asked for: a message, a promise, the end of a ring, a consultation, what is unread. */
const ASKED = [
  '[data-act=open-due]',
  '[data-promise]',
  '[data-call-back]',
  '[data-outcome]',
  '[data-waits] button',
  '[data-act=come]',
  '[data-act=refuse]',
  '[data-line] [data-act=written]',
  '[data-duty-own] button',
].join(', ');

test('three lines and four parties fit a desk with everything that may wait for somebody, in three languages', async () => {
  for (const locale of LOCALES)
    for (const size of [DESK, WALL]) {
      const { page, errors } = await open('board-full', { locale, ...size });
      const at = `${locale} ${size.width}`;
      assert.equal(await page.locator(KEYS).count(), 3);
      assert.equal(await page.locator('[role=cell][data-party]').count(), 12);
      assert.equal(await page.locator(ASKED).count(), 11, at);
      assert.deepEqual(await notSeen(page, `${KEYS}, ${ASKED}, [data-clocks], [data-marking]`), [], at);
      for (const selector of ['html', '.rail'])
        assert.ok(
          await page.locator(selector).evaluate((element) => element.scrollHeight <= element.clientHeight),
          `${at}: ${selector} does not scroll`,
        );
      assert.deepEqual(await clipped(page), [], at);
      assert.deepEqual(errors, []);
      await page.context().close();
    }
});

test('a lamp is forty pixels high on a wide screen', async () => {
  for (const locale of LOCALES) {
    const { page } = await open('board-full', { locale, ...WALL });
    const sizes = await page
      .locator('.lamp')
      .evaluateAll((all) => all.map((lamp) => parseFloat(getComputedStyle(lamp).fontSize)));
    assert.equal(sizes.length, 12);
    for (const size of sizes) assert.ok(size >= 40 && size <= 60, `${locale}: ${size}`);
    await page.context().close();
  }
});

test('nothing is coloured while all is well, and what is not well is', async () => {
  const { page } = await open('board-calm', DESK);
  const coloured = page.locator('main .good, main .warn, main .bad, [data-lamp]:not([data-lamp=calm])');
  assert.equal(await coloured.count(), 0);
  assert.deepEqual(await notSeen(page, KEYS), []);
  await page.context().close();
  const { page: busy } = await open('board-full', DESK);
  const lamps = (tone) => busy.locator(`[data-lamp=${tone}]`).count();
  assert.deepEqual([await lamps('calm'), await lamps('warn'), await lamps('bad')], [6, 1, 5]);
});

test('a narrow screen begins with what waits for a person, and has every key', async () => {
  for (const locale of LOCALES) {
    const { page } = await open('board-full', { locale, ...HAND });
    const tops = await page.evaluate(() =>
      ['[data-due-notice]', '[data-waits]', '[data-consultation]', '[role=table]', '[data-clocks]'].map(
        (selector) => document.querySelector(selector).getBoundingClientRect().top,
      ),
    );
    assert.deepEqual(
      tops,
      [...tops].sort((a, b) => a - b),
      locale,
    );
    for (const key of await page.locator(KEYS).all()) {
      await key.scrollIntoViewIfNeeded();
      const box = await key.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= HAND.width && box.height >= 44, locale);
    }
    assert.deepEqual(await clipped(page), [], locale);
    await page.context().close();
  }
});

test('one marking stands over all lines and stays on screen; several stand at their lines', async () => {
  const { page } = await open('board-full', { locale: 'ko', ...HAND });
  assert.equal(await page.locator('[data-marking]').count(), 1);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  assert.deepEqual(await notSeen(page, '[data-marking]'), []);
  await page.context().close();
  const { page: several } = await open('board-marked', { locale: 'ko', ...DESK });
  assert.deepEqual(await several.locator('[data-line] [data-marking]').allInnerTexts(), [
    'TOP SECRET//REL TO USA, JPN, KOR',
    'SECRET//REL TO USA, AUS, JPN, KOR',
    'SECRET//REL TO USA, AUS, JPN, KOR',
  ]);
  assert.equal(await several.locator('[data-marking]').count(), 3);
  assert.ok(await several.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
});

test('a digit moves to the key that it is written on, also after a line on which one only listens', async () => {
  const { page, said } = await open('board-listens', DESK);
  await page.keyboard.press('1');
  await page.keyboard.press('Enter');
  await page.keyboard.press('2');
  assert.equal(
    await page.evaluate(() => document.activeElement.closest('[data-line]').dataset.line),
    'advisers',
    'the second line has the second key',
  );
  await page.keyboard.press('Enter');
  await until('the ring', async () => (await said('ring')).length > 0);
  assert.deepEqual(
    (await said('ring')).map(({ line }) => line),
    ['advisers'],
  );
});

test('the end of a ring is dismissed, a call back counts down, and a promise that has passed says so', async () => {
  const { page, said } = await open('board-full', { locale: 'ja', ...DESK });
  assert.match(await page.locator('[data-wait=leaders]').innerText(), /15:00/);
  assert.match(await page.locator('[data-wait=advisers]').innerText(), /05:00/);
  await page.locator('[data-wait=leaders] button').click();
  assert.deepEqual(
    (await said('dismiss')).map(({ line }) => line),
    ['leaders'],
  );
  await page.context().close();
  const { page: late } = await open('board-late', { locale: 'en', ...DESK });
  assert.match(await late.locator('[data-wait=advisers]').innerText(), /The time is past/);
});

test('missed rings are dismissed party by party, each promise by itself, and the most urgent is shown', async () => {
  const { page, said } = await open('board-missed', { locale: 'en', ...DESK });
  assert.match(await page.locator('[data-missed=JPN]').innerText(), /Flash.*03:34 UTC · and 1 more/s);
  assert.match(await page.locator('[data-missed=KOR]').innerText(), /Call Republic of Korea back at 05:19 UTC/);
  for (const party of ['KOR', 'JPN']) await page.locator(`[data-missed=${party}] button`).click();
  assert.deepEqual(
    (await said('dismissMissed')).map(({ line, party, calls }) => [line, party, calls]),
    [
      ['duty', 'KOR', ['03']],
      ['leaders', 'JPN', ['02', '01']],
    ],
  );
  await page.context().close();
});

test('the board can be used by everybody, in three languages, with long names, many parties and little room', async () => {
  const scenes = [
    'board-calm',
    'board-full',
    'board-missed',
    'board-long',
    'board-marked',
    'board-nine',
    'consult',
    'tests',
    'duty',
  ];
  for (const [index, scene] of scenes.entries()) {
    const locale = LOCALES[index % LOCALES.length];
    const { page, errors } = await open(scene, { locale, ...DESK });
    for (const size of [DESK, HAND, { width: 844, height: 390 }, { width: 320, height: 256 }]) {
      await page.setViewportSize(size);
      const at = `${scene} ${locale} ${size.width}`;
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${at} is too wide`);
      assert.deepEqual(await clipped(page), [], at);
      // What lies half under the marking is not to be measured there.
      await page.evaluate(() => scrollTo(0, 0));
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
        .analyze();
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${at}: ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
        [],
      );
    }
    assert.deepEqual(errors, []);
    await page.context().close();
  }
});
