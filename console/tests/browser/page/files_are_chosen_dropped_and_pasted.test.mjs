// Files on the screens of the written line: every way in, every limit in words, and nothing that acts by a slip.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

async function openDuty(scene, how) {
  const seat = await fixtures.open(scene, how);
  await seat.page.locator('[data-line=duty] [data-act=written]').click();
  await seat.page.locator('[data-written=duty]').waitFor();
  return { ...seat, choices: () => seat.page.evaluate(() => globalThis.choices) };
}
const file = (name, text = 'text') => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
/** Lets files fall, or pastes them, where `selector` points. */
const give = (page, selector, type, names, texts = {}) =>
  page.locator(selector).evaluate(
    (element, [type, names, texts]) => {
      const data = new DataTransfer();
      for (const name of names) data.items.add(new File(['text'], name));
      for (const [kind, text] of Object.entries(texts)) data.items.add(text, kind);
      const how = { bubbles: true, cancelable: true };
      const event =
        type === 'paste'
          ? new ClipboardEvent(type, { ...how, clipboardData: data })
          : new DragEvent(type, { ...how, dataTransfer: data });
      element.dispatchEvent(event);
      return event.defaultPrevented;
    },
    [type, names, texts],
  );

test('files come in by the key, by dropping and by pasting, and a pasted text stays a text', async () => {
  const { page, choices, errors } = await openDuty('written-empty', { locale: 'ja' });
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.locator('[data-act=attach]').press('Enter'),
  ]);
  assert.ok(chooser.isMultiple());
  await chooser.setFiles([file('一.txt'), file('二.txt')]);
  await until('they are given on', async () => (await choices()).length === 1);
  assert.deepEqual(await choices(), [['一.txt', '二.txt']]);
  await page.locator('[data-reading-file]').waitFor();
  await page.context().close();

  const dropped = await openDuty('written-empty');
  assert.ok(await give(dropped.page, '[data-field=text]', 'dragover', ['보고서.txt'.normalize('NFD')]));
  await dropped.page.locator('[data-attach].over').waitFor();
  assert.ok(await give(dropped.page, '[data-field=text]', 'drop', ['보고서.txt'.normalize('NFD')]));
  assert.deepEqual(await dropped.choices(), [['보고서.txt']]);
  assert.equal(await dropped.page.locator('[data-attach].over').count(), 0);
  assert.ok(
    await give(dropped.page, '[data-written]', 'drop', ['stray.txt']),
    'what falls beside it does not replace the page',
  );
  assert.equal((await dropped.choices()).length, 1);
  await dropped.page.context().close();

  const pasted = await openDuty('written-empty');
  assert.ok(
    !(await give(pasted.page, '[data-field=text]', 'paste', ['cells.png'], {
      'text/plain': '1\t2',
      'text/html': '<table></table>',
    })),
  );
  assert.deepEqual(await pasted.choices(), []);
  assert.ok(await give(pasted.page, '[data-field=text]', 'paste', ['image.png']));
  assert.deepEqual(await pasted.choices(), [['image.png']]);
  assert.deepEqual([...errors, ...dropped.errors, ...pasted.errors], []);
});

test('a choice beyond a limit is refused as a whole, and says which limit it is', async () => {
  const { page, choices, errors } = await openDuty('written-empty');
  const trouble = page.locator('[data-attach-trouble]');
  const choose = (files) => page.locator('[data-field=files]').setInputFiles(files);
  await choose(Array.from({ length: 9 }, (_, at) => file(`${at}.txt`)));
  await page.locator('[data-attach-trouble=count]').waitFor();
  assert.match(await trouble.innerText(), /at most 8 files/);
  await choose([file('a.txt'), file('b.txt', '')]);
  await page.locator('[data-attach-trouble=empty]').waitFor();
  assert.match(await trouble.innerText(), /b\.txt/);
  await choose([file(`${'長'.repeat(117)}.txt`)]);
  await page.locator('[data-attach-trouble=name]').waitFor();
  await page.locator('[data-act=attach-heard]').press('Enter');
  assert.equal(await trouble.count(), 0);
  assert.ok(await page.locator('[data-act=attach]').evaluate((key) => key === document.activeElement));
  assert.deepEqual(await choices(), []);
  assert.deepEqual(errors, []);
});

test('nothing is sent while a file is read, and what goes out is looked at with its files', async () => {
  const reading = await openDuty('written-files');
  await reading.page.locator('[data-compose] [data-compose-why]').waitFor();
  assert.ok(await reading.page.locator('[data-act=send-written]').isDisabled());
  assert.ok(await reading.page.locator('[data-act=attach]').isDisabled());
  await reading.page.locator('[data-field=text]').press('Control+Enter');
  assert.equal(await reading.page.locator('[data-look]').count(), 0);
  await give(reading.page, '[data-field=text]', 'drop', ['late.txt']);
  await reading.page.locator('[data-attach-trouble=busy]').waitFor();
  assert.deepEqual(await reading.choices(), []);

  const { page, said, errors } = await openDuty('written-attached');
  await page.locator('[data-attach-trouble=storage]').waitFor();
  await page.locator('[data-field=text]').press('Control+Enter');
  await page.locator('[data-look-files] li').nth(1).waitFor();
  await page.locator('[data-act=detach]').last().dblclick();
  assert.deepEqual(
    (await said('detach')).map(({ line, at }) => [line, at]),
    [['duty', 1]],
    'a double click is one press',
  );
  await page.locator('[data-field=text]').press('Control+Enter');
  assert.equal((await said('write')).length, 1);
  assert.deepEqual([...errors, ...reading.errors], []);
});

test('one file is fetched at a time, and its key stops it', async () => {
  const { page, said, errors } = await openDuty('written-files', { locale: 'ko' });
  assert.ok(await page.locator('[data-state=there] [data-act=save-file]').first().isDisabled());
  assert.equal(await page.locator('[data-state=damaged] button').count(), 0);
  await page.locator('[data-state=damaged] [role=alert]').waitFor();
  await page.locator('[data-act=stop-saving]').click();
  assert.equal((await said('stopSaving')).length, 1);
  assert.deepEqual(errors, []);
});

test('the names of files are found, and stand on paper', async () => {
  const { page, errors } = await openDuty('written-files');
  await page.locator('[data-field=search]').fill('ｘｌｓｘ');
  await until('one message is left', async () => (await page.locator('[data-message]').count()) === 1);
  assert.equal(await page.locator('[data-files] mark').textContent(), 'xlsx');
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  const words = await page.locator('.sheet').innerText();
  for (const part of ['선박 항적 분석.xlsx (48 kB)', '최종본.zip (86.4 MB)']) assert.ok(words.includes(part), part);
  assert.deepEqual(errors, []);
});
