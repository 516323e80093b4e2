// The screens of the written line: reached by a key, safe against input methods and slips, and honest about what was on screen.
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** Opens the written line of the duty officers: from its card, or from the call on it. */
async function openDuty(page) {
  const card = page.locator('[data-line=duty] [data-act=written]');
  if (await card.count()) await card.focus();
  await page.keyboard.press('F3');
  await page.locator('[data-written=duty]').waitFor();
}

test('F3 opens the written line and Escape goes back to where the focus was', async () => {
  const { page, said, errors } = await fixtures.open('written');
  await page.keyboard.press('2');
  await page.keyboard.press('F3');
  await page.locator('[data-written=duty] [data-message]').first().waitFor();
  assert.deepEqual(
    (await said('openWritten')).map((command) => command.line),
    ['duty'],
  );
  assert.ok(await page.locator('[data-written=duty]').evaluate((panel) => panel.contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await page.locator('[data-written]').waitFor({ state: 'detached' });
  assert.ok(
    await page.evaluate(() => document.activeElement.matches('[data-line=duty] .act')),
    'the key of the line has the focus again',
  );
  assert.deepEqual(errors, []);
});

test('an Enter of an input method sends nothing, one Ctrl+Enter shows what would be sent, a second one sends it', async () => {
  const { page, said, errors } = await fixtures.open('written-reader', { locale: 'ja' });
  await openDuty(page);
  await page.locator('[data-message]').first().waitFor();
  assert.equal(await page.locator('[data-compose]').count(), 0, 'an office that only reads has nothing to write in');
  await page.context().close();

  const writer = await fixtures.open('written-empty', { locale: 'ja' });
  await openDuty(writer.page);
  const field = writer.page.locator('[data-field=text]');
  await field.focus();
  const input = await writer.page.context().newCDPSession(writer.page);
  await input.send('Input.imeSetComposition', { text: 'かいじょう', selectionStart: 5, selectionEnd: 5 });
  await input.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  });
  await input.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
    modifiers: 2,
  });
  await input.send('Input.insertText', { text: '海上' });
  await writer.page.keyboard.press('Enter');
  await writer.page.keyboard.type('2');
  assert.equal(await field.inputValue(), '海上\n2');
  assert.equal(await writer.page.locator('[data-look]').count(), 0);
  await until('the draft is kept', async () =>
    (await writer.said('keepDraft')).some(({ draft }) => draft?.text === '海上\n2' && draft.language === 'ja'),
  );

  await writer.page.locator('[data-compose] [data-field=ask]').selectOption('15');
  await writer.page.locator('[data-compose] [data-field=precedence]').selectOption('immediate');
  await field.focus();
  await writer.page.keyboard.press('Control+Enter');
  await writer.page.locator('[data-look]').waitFor();
  assert.deepEqual(await writer.said('write'), []);
  await writer.page.keyboard.type('!');
  assert.equal(await writer.page.locator('[data-look]').count(), 0, 'what was changed has to be looked at again');
  await writer.page.keyboard.press('Control+Enter');
  await writer.page.keyboard.press('Control+Enter');
  const [written, ...more] = await writer.said('write');
  assert.deepEqual(more, []);
  assert.equal(written.text, '海上\n2!');
  assert.deepEqual(
    [written.line, written.language, written.traffic, written.precedence, written.marking, written.answers],
    ['duty', 'ja', 'principal', 'immediate', '', null],
  );
  assert.ok(written.answerByMs > 0);
  assert.equal(await field.inputValue(), '');
  assert.equal((await writer.said('keepDraft')).at(-1).draft, null);
  assert.deepEqual([...errors, ...writer.errors], []);
});

test('what is typed beside a call does not mute it, and the marking of the call stays on screen', async () => {
  const { page, errors } = await fixtures.open('written-call', { width: 390, height: 844 });
  await page.keyboard.press('F3');
  await page.locator('[data-field=text]').fill('');
  await page.locator('[data-field=text]').pressSequentially('much harm, vhm');
  assert.equal(await page.locator('[data-act=mute]').getAttribute('aria-pressed'), 'false');
  assert.ok(
    await page.locator('[data-banner]').evaluate((banner) => {
      const box = banner.getBoundingClientRect();
      return box.top >= -1 && box.bottom <= innerHeight;
    }),
  );
  await page.keyboard.press('Escape');
  await page.locator('[data-written]').waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
});

test('only unread messages that are on screen are said to be shown, and none under a page that is hidden', async () => {
  const { page, said, errors } = await fixtures.open('written');
  await page.evaluate(() =>
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }),
  );
  await page.keyboard.press('F3');
  const unread = page.locator('[data-reading=open]').last();
  await unread.scrollIntoViewIfNeeded();
  await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))));
  assert.deepEqual(await said('shown'), []);
  await page.evaluate(() => {
    delete document.visibilityState;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await until('it is shown', async () => (await said('shown')).length > 0);
  const shown = (await said('shown')).flatMap((command) => command.ids);
  assert.equal(shown.length, 1);
  assert.equal(
    await page.locator(`[data-message="${shown[0]}"] .label.urgent`).getAttribute('data-precedence'),
    'priority',
  );
  assert.deepEqual(errors, []);
});

test('an overdue message is an alarm, opens at one key and is acknowledged with a read-back', async () => {
  const { page, said, errors } = await fixtures.open('written-due');
  await page
    .getByRole('alert')
    .filter({ has: page.locator('[data-act=open-due]') })
    .waitFor();
  assert.match(await page.title(), /^●/);
  await page.keyboard.press('F3');
  const message = page.locator('article[data-message]');
  await message.waitFor();
  await until('the message has the focus', () => message.evaluate((one) => one === document.activeElement));
  assert.doesNotMatch(await page.title(), /^●/, 'whoever has opened it hears it no more');
  await message.locator('[data-act=acknowledge-message]').click();
  await page.keyboard.type('ship obstructed, nobody hurt');
  await message.locator('[data-act=acknowledge-now]').click();
  const [given] = await said('acknowledgeMessage');
  assert.equal(given.id, await message.getAttribute('data-message'));
  assert.equal(given.readBack, 'ship obstructed, nobody hurt');
  assert.deepEqual(errors, []);
});

test('a translation is attached, and another one certified at the second press', async () => {
  const { page, said, errors } = await fixtures.open('written', { locale: 'ja' });
  await page.keyboard.press('F3');
  const message = page.locator('article[data-message]').filter({ hasText: 'one patrol aircraft' });
  await message.locator('[data-act=translate]').click();
  await page.keyboard.type('哨戒機一機');
  await message.locator('[data-field=machine]').check();
  await message.locator('[data-act=translate-attach]').click();
  const [translated] = await said('translate');
  assert.deepEqual([translated.language, translated.text, translated.machine], ['ja', '哨戒機一機', true]);

  const certify = page.locator('[data-act=certify-translation]').last();
  await certify.evaluate((key) => key.closest('details')?.setAttribute('open', ''));
  await certify.dblclick();
  assert.deepEqual(await said('certifyTranslation'), [], 'a double click is one press');
  await certify.click();
  assert.equal((await said('certifyTranslation')).length, 1);
  assert.deepEqual(errors, []);
});

test('a joint text is approved as it stands, and its next version is written in three languages', async () => {
  const { page, said, errors } = await fixtures.open('readout', { locale: 'ko' });
  await openDuty(page);
  const open = page.locator('[data-readout][data-version="2"]');
  await open.locator('[data-act=readout-approve]').click();
  assert.deepEqual(await said('approveReadout'), []);
  await open.locator('[data-act=readout-approve]').click();
  assert.equal((await said('approveReadout')).length, 1);
  await open.locator('[data-act=readout-edit]').click();
  await open.locator('[data-field=readout-ko]').fill('3국 정부는 협의하였다.');
  await open.locator('[data-act=readout-write]').click();
  await open.locator('[data-act=readout-write]').click();
  const [written] = await said('writeReadout');
  assert.equal(written.replaces, (await said('approveReadout'))[0].id);
  assert.deepEqual(written.texts.map(({ language }) => language).sort(), ['en', 'ja', 'ko']);
  assert.deepEqual(errors, []);
});

test('what is looked for is marked, and paper carries markings, both texts, receipts and ids, and no keys', async () => {
  const { page, errors } = await fixtures.open('written');
  await page.keyboard.press('F3');
  await page.locator('[data-message]').first().waitFor();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.locator('[data-field=search]').fill('20 nautical');
  await until('one message is left', async () => (await page.locator('[data-message]').count()) === 1);
  assert.equal(await page.locator('mark').textContent(), '20 nautical');
  assert.deepEqual(asked, []);
  await page.keyboard.press('Escape');
  await until('all are back', async () => (await page.locator('[data-message]').count()) > 3);

  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  const sheet = page.locator('.sheet');
  const words = await sheet.innerText();
  for (const part of [
    'SECRET//REL TO USA, JPN, KOR',
    'SECRET//REL TO USA, JPN',
    '巡視船が現場に',
    'A patrol ship of the Coast Guard',
    'Grace Lindqvist',
    '針路140度',
    '0001'.repeat(16),
  ])
    assert.ok(words.includes(part), part);
  assert.equal(await sheet.locator('button').count(), 0);
  assert.ok(!(await page.locator('#app').isVisible()));
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await sheet.count(), 0);
  assert.deepEqual(errors, []);
});

test('every screen of it can be used by everybody, in three languages and down to 320 pixels', async () => {
  const how = [
    ['en', 320],
    ['ja', 1280],
    ['ko', 390],
  ];
  const scenes = [
    'written-board',
    'written',
    'written-empty',
    'written-due',
    'written-reader',
    'written-call',
    'written-files',
    'written-attached',
    'readout',
  ];
  for (const [index, scene] of scenes.entries()) {
    const [locale, width] = how[index % how.length];
    const { page, errors } = await fixtures.open(scene, { locale, width });
    if (scene !== 'written-board') await openDuty(page);
    // What lies half under the bar of a call is not to be measured there.
    await page.evaluate(() => scrollTo(0, 0));
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    assert.deepEqual(
      violations.map(
        ({ id, nodes }) => `${scene} ${locale}: ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
      ),
      [],
    );
    for (const narrow of [1280, 390, 320]) {
      await page.setViewportSize({ width: narrow, height: 800 });
      assert.ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${scene} ${locale} ${narrow} is not wider than the screen`,
      );
    }
    assert.deepEqual(errors, []);
    await page.context().close();
  }
});
