// Three Chromiums in three languages write to each other: each in its own language, translated and certified by readers, acknowledged by name; then one joint text of all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { openWritten, seatAll, unseat } from './support/officer.mjs';

const seats = {
  usa: { office: 'usa-duty-officer', locale: 'en' },
  jpn: { office: 'jpn-duty-officer', locale: 'ja' },
  kor: { office: 'kor-duty-officer', locale: 'ko' },
};
const texts = {
  usa: 'We keep 20 nautical miles clear.',
  jpn: '公海上で調査船の進路が妨害されました。\n負傷者はいません。',
  kor: '우리 측 레이더에서도 선박 두 척을 확인했습니다.',
};
const languages = { usa: 'en', jpn: 'ja', kor: 'ko' };
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

const message = (officer, text) =>
  officer.page.locator('article[data-message]').filter({ hasText: text.split('\n')[0] });
const written = (officer) => officer.page.locator('[data-written=duty]');

/** Writes and sends at the second press. */
async function write(officer, text, more = {}) {
  const compose = officer.page.locator('[data-compose]');
  await compose.locator('[data-field=text]').fill(text);
  for (const [field, value] of Object.entries(more)) await compose.locator(`[data-field=${field}]`).selectOption(value);
  await compose.locator('[data-field=text]').press('Control+Enter');
  await officer.page.locator('[data-look]').waitFor();
  await compose.locator('[data-field=text]').press('Control+Enter');
}

test('a message that asks to be acknowledged is unread and due at the others, and everybody sees who acknowledged it', async () => {
  const { usa, jpn, kor } = officers;
  await openWritten(jpn);
  // Nobody is left out: the keys of all three are there.
  await jpn.page.locator('[data-readers] li').nth(2).waitFor({ state: 'attached' });
  await jpn.page.locator('[data-without]').waitFor({ state: 'detached' });
  await write(jpn, texts.jpn, { ask: '60' });
  for (const officer of [usa, kor]) {
    await officer.page.locator('[data-line=duty] [data-act=written][data-unread="1"] [data-due]').waitFor();
    await officer.page.keyboard.press('F3');
    await message(officer, texts.jpn).waitFor();
    assert.equal(await message(officer, texts.jpn).locator('.words').first().getAttribute('lang'), 'ja');
    assert.equal(await message(officer, texts.jpn).locator('.words').first().innerText(), texts.jpn);
  }
  await message(usa, texts.jpn).locator('[data-act=acknowledge-message]').click();
  await usa.page.keyboard.type('A survey ship was obstructed; nobody is hurt.');
  await message(usa, texts.jpn).locator('[data-act=acknowledge-now]').click();
  await message(kor, texts.jpn).locator('[data-act=acknowledge-message]').click();
  await message(kor, texts.jpn).locator('[data-act=acknowledge-now]').click();
  const receipts = message(jpn, texts.jpn).locator('[data-receipts]');
  await receipts
    .locator('[data-receipt=USA]')
    .filter({ hasText: 'A survey ship was obstructed; nobody is hurt.' })
    .waitFor({ state: 'attached' });
  await receipts.locator('summary.good').waitFor();
  await receipts.locator('summary').click();
  assert.match(await receipts.locator('[data-receipt=KOR]').innerText(), /受領確認/);
});

/** Which state of the written line this browser has on its disk; what it says is sealed. */
const onDisk = (officer) =>
  officer.page.evaluate(
    () =>
      new Promise((done) => {
        const open = indexedDB.open('trialogue');
        open.onsuccess = () => {
          const get = open.result.transaction('vault').objectStore('vault').get('writings');
          get.onsuccess = () => (open.result.close(), done([...get.result.iv].join()));
        };
      }),
  );

test('a translation that is being written outlives its page', async () => {
  const { usa } = officers;
  const begun = 'The course of a survey';
  const before = await onDisk(usa);
  await message(usa, texts.jpn).locator('[data-act=translate]').click();
  await usa.page.locator('[data-field=translation]').fill(begun);
  while ((await onDisk(usa)) === before);
  await usa.page.reload();
  await openWritten(usa);
  await message(usa, texts.jpn).locator('[data-act=translate]').click();
  await usa.page.waitForFunction((text) => document.querySelector('[data-field=translation]')?.value === text, begun);
  await usa.page.keyboard.press('Escape');
});

test('readers attach translations, and another person certifies one', async () => {
  const { usa, jpn, kor } = officers;
  const translations = {
    usa: 'The course of a survey ship was obstructed on the high seas.',
    kor: '공해상에서 조사선의 진로가 방해받았습니다.',
  };
  for (const [name, text] of Object.entries(translations)) {
    await message(officers[name], texts.jpn).locator('[data-act=translate]').click();
    await officers[name].page.locator('[data-field=translation]').fill(text);
    await officers[name].page.locator('[data-act=translate-attach]').click();
    await message(officers[name], texts.jpn)
      .locator('[data-translation][data-certified=false]')
      .filter({ hasText: text })
      .waitFor();
  }
  const english = message(jpn, texts.jpn).locator('[data-translation]').filter({ hasText: translations.usa });
  await english.waitFor({ state: 'attached' });
  await message(jpn, texts.jpn).locator('details:has([data-translation]) > summary').click();
  await english.locator('[data-act=certify-translation]').click();
  await english.locator('[data-act=certify-translation]').click();
  for (const officer of [usa, jpn, kor])
    await message(officer, texts.jpn)
      .locator('[data-translation][data-certified=true]')
      .filter({ hasText: translations.usa })
      .waitFor({ state: 'attached' });
});

test('all three write at once, and all three see the same order', async () => {
  const { usa, jpn, kor } = officers;
  const second = { usa: texts.usa, jpn: '了解しました。', kor: texts.kor };
  await Promise.all(Object.entries(second).map(([name, text]) => write(officers[name], text)));
  const orders = [];
  for (const officer of [usa, jpn, kor]) {
    for (const text of Object.values(second)) await message(officer, text).waitFor({ state: 'attached' });
    orders.push(
      await officer.page.locator('article[data-message]').evaluateAll((all) => all.map((one) => one.dataset.message)),
    );
  }
  assert.equal(orders[0].length, 4);
  assert.deepEqual(orders[1], orders[0]);
  assert.deepEqual(orders[2], orders[0]);
  for (const [name, text] of Object.entries(second))
    assert.equal(await message(usa, text).locator('.words').first().getAttribute('lang'), languages[name]);
});

test('a joint text is written by one, changed by another, and approved by all in the same version', async () => {
  const { usa, jpn, kor } = officers;
  for (const officer of [usa, jpn, kor]) await officer.page.locator('[data-tab=readouts]').click();
  await usa.page.locator('[data-act=readout-begin]').click();
  await usa.page.locator('[data-field=readout-en]').fill('The three parties consulted.');
  await usa.page.locator('[data-field=readout-ja]').fill('三者は協議した。');
  await usa.page.locator('[data-act=readout-write]').click();
  await usa.page.locator('[data-act=readout-write]').click();
  await kor.page.locator('[data-readout][data-version="1"] [data-act=readout-edit]').click();
  await kor.page.locator('[data-field=readout-ko]').fill('3자는 협의하였다.');
  await kor.page.locator('[data-act=readout-write]').click();
  await kor.page.locator('[data-act=readout-write]').click();
  for (const officer of [usa, jpn, kor]) {
    const last = officer.page.locator('[data-readout][data-version="2"]');
    await last.waitFor();
    assert.equal(await last.locator('.words[lang=ko]').innerText(), '3자는 협의하였다.');
  }
  for (const officer of [usa, jpn, kor]) {
    const approve = officer.page.locator('[data-readout][data-version="2"] [data-act=readout-approve]');
    // Whoever wrote the version may have approved it by that.
    if ((await approve.count()) === 0) continue;
    await approve.click();
    await approve.click();
  }
  for (const officer of [usa, jpn, kor]) {
    await officer.page.locator('article.complete[data-version="2"]').waitFor();
    assert.equal(await officer.page.locator('article.complete [data-approval] .good').count(), 3);
    assert.deepEqual(officer.errors, []);
  }
});
