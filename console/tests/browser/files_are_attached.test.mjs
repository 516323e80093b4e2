// Files go with a message from one Chromium to two others: sealed before they leave, kept over a reload, and the same to the byte where they are saved.
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { until } from './support/fixtures.mjs';
import { startHotline } from './support/hotline.mjs';
import { openWritten, seatAll, unseat } from './support/officer.mjs';

const seats = {
  usa: { office: 'usa-duty-officer', locale: 'en' },
  jpn: { office: 'jpn-duty-officer', locale: 'ja' },
  kor: { office: 'kor-duty-officer', locale: 'ko' },
};
const text = 'The recordings of the bridge, and the notes on them.';
// Twelve whole chunks and a part of one.
const recording = {
  name: 'bridge recording 13-20.bin',
  mimeType: 'application/octet-stream',
  buffer: randomBytes(3_150_000),
};
const notes = {
  name: '記録に関する覚書（第二版）.txt',
  mimeType: 'text/plain',
  buffer: Buffer.from('13時20分、針路140度。\n負傷者はいません。\n'),
};
const mistaken = { name: 'not this one.txt', mimeType: 'text/plain', buffer: Buffer.from('mistaken') };
/** Least bytes by which what is kept grows with them: hashes of 14 chunks and 3 files, and 3 keys. */
const KEPT_MORE = 17 * 48 + 3 * 32;
let officers = {};
let hotline;

before(async () => {
  hotline = await startHotline();
  officers = await seatAll(hotline, seats);
});

after(async () => {
  await unseat(officers);
  await hotline?.stop();
});

const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');
const message = (officer) => officer.page.locator('article[data-message]').filter({ hasText: text });
const attached = (officer) =>
  officer.page.locator('[data-attached]').evaluateAll((all) => all.map((one) => one.dataset.attached));

/** Length of what the console keeps of its written lines, sealed; it waits for what is being stored. */
const kept = ({ page }) =>
  page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('trialogue');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const asking = opening.result.transaction('vault', 'readwrite').objectStore('vault').get('writings');
          asking.onerror = () => reject(asking.error);
          asking.onsuccess = () => {
            opening.result.close();
            resolve(asking.result?.sealed.byteLength ?? 0);
          };
        };
      }),
  );
async function everybodyCanUse(officer) {
  await officer.page.evaluate(() => scrollTo(0, 0));
  const { violations } = await new AxeBuilder({ page: officer.page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
    [],
  );
}

test('what is attached is sealed and kept over a reload, and can be taken off', async () => {
  const { usa } = officers;
  await openWritten(usa);
  await usa.page.locator('[data-readers] li').nth(2).waitFor({ state: 'attached' });
  await usa.page.locator('[data-without]').waitFor({ state: 'detached' });
  const before = await kept(usa);
  await usa.page.locator('[data-field=files]').setInputFiles([recording, mistaken, notes]);
  await usa.page.locator(`[data-attached="${notes.name}"]`).waitFor();
  await usa.page.locator('[data-reading-file]').waitFor({ state: 'detached' });
  assert.deepEqual(await attached(usa), [recording.name, mistaken.name, notes.name]);
  assert.ok(await usa.page.locator('[data-act=send-written]').isDisabled(), 'files alone are no message');
  await until('it is kept', async () => (await kept(usa)) >= before + KEPT_MORE);

  await usa.page.reload();
  await usa.page.locator('[data-node=up]').waitFor();
  await openWritten(usa);
  await usa.page.locator('[data-attached]').nth(2).waitFor();
  assert.deepEqual(await attached(usa), [recording.name, mistaken.name, notes.name]);
  await usa.page.locator(`[data-attached="${mistaken.name}"] [data-act=detach]`).press('Enter');
  await usa.page.locator(`[data-attached="${mistaken.name}"]`).waitFor({ state: 'detached' });
  assert.deepEqual(await attached(usa), [recording.name, notes.name]);
  assert.ok(
    await usa.page.locator(`[data-attached="${notes.name}"] button`).evaluate((key) => key === document.activeElement),
    'the focus stays at its place',
  );
  // What was taken off and attached once more is taken off as the first time.
  await usa.page.locator('[data-field=files]').setInputFiles([mistaken]);
  await usa.page.locator(`[data-attached="${mistaken.name}"]`).waitFor();
  await usa.page.locator('[data-reading-file]').waitFor({ state: 'detached' });
  await usa.page.locator(`[data-attached="${mistaken.name}"] [data-act=detach]`).press('Enter');
  await usa.page.locator(`[data-attached="${mistaken.name}"]`).waitFor({ state: 'detached' });
  assert.deepEqual(await attached(usa), [recording.name, notes.name]);
  await everybodyCanUse(usa);
});

test('it goes out with the message and is stored by all parties', async () => {
  const { usa, jpn, kor } = officers;
  const field = usa.page.locator('[data-compose] [data-field=text]');
  await field.fill(text);
  await field.press('Control+Enter');
  assert.equal(await usa.page.locator('[data-look-files] li').count(), 2);
  await field.press('Control+Enter');
  await usa.page.locator('[data-attached]').first().waitFor({ state: 'detached' });
  for (const officer of [jpn, kor]) await openWritten(officer);
  for (const officer of [usa, jpn, kor]) {
    await message(officer).locator('[data-file]').nth(1).waitFor();
    const names = await message(officer)
      .locator('[data-file]')
      .evaluateAll((all) => all.map((one) => one.dataset.file));
    assert.deepEqual(names, [recording.name, notes.name]);
    for (const party of ['USA', 'JPN', 'KOR'])
      await message(officer)
        .locator(`[data-receipt=${party}] > p`)
        .first()
        .and(officer.page.locator(':not(.soft)'))
        .waitFor({ state: 'attached' });
  }
  await usa.page.locator('[data-outbox]').waitFor({ state: 'detached' });
});

test('a reader saves them, and they are the same to the byte', async () => {
  const { usa, jpn, kor } = officers;
  for (const file of [recording, notes]) {
    const row = message(jpn).locator(`[data-file="${file.name}"]`);
    const [download] = await Promise.all([
      jpn.page.waitForEvent('download'),
      row.locator('[data-act=save-file]').click(),
    ]);
    assert.equal(download.suggestedFilename(), file.name);
    assert.equal(await download.failure(), null);
    assert.equal(sum(await readFile(await download.path())), sum(file.buffer));
    await row.and(jpn.page.locator('[data-state=saved]')).waitFor();
  }
  await everybodyCanUse(jpn);
  await kor.page.locator('[data-field=search]').fill('覚書');
  assert.equal(await message(kor).locator('[data-files] mark').textContent(), '覚書');
  for (const officer of [usa, jpn, kor]) assert.deepEqual(officer.errors, []);
});
