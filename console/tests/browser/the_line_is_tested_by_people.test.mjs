// Three Chromiums in three languages: each browser proves that it lives, a test text is sent, translated and certified, and every board says how tests stand.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startHotline } from './support/hotline.mjs';
import { seatAll, unseat } from './support/officer.mjs';

const seats = {
  usa: { office: 'usa-duty-officer', locale: 'en' },
  jpn: { office: 'jpn-duty-officer', locale: 'ja' },
  kor: { office: 'kor-duty-officer', locale: 'ko' },
};
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

const clean = async (page) => {
  const axe = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  assert.deepEqual(
    axe.violations.map((violation) => violation.id),
    [],
  );
};

test('every browser proves that it lives, and every board says so', async () => {
  for (const officer of Object.values(officers)) {
    await officer.until(
      'all consoles have proven it',
      (f) => f.view.tests.pairs.length === 3 && f.view.tests.pairs.every((pair) => pair.station.grade === 'good'),
    );
    await officer.page.locator('[data-act=open-tests]').click();
    assert.equal(await officer.page.locator('[data-pair] [data-level=station][data-grade=good]').count(), 3);
    await clean(officer.page);
  }
});

test('a text is sent, translated by hand and by the list, and certified', async () => {
  const { usa, jpn, kor } = officers;
  await usa.page.locator('[data-test-offer] [data-act=send-test]').click();
  await usa.page.locator('[data-test-sent]').waitFor();
  await usa.page.locator('[data-test-offer]').waitFor({ state: 'detached' });
  for (const officer of [jpn, kor]) {
    const text = officer.page.locator('[data-test-received=USA]');
    await text.waitFor();
    assert.equal(await text.locator('[data-original]').getAttribute('lang'), 'en');
    assert.equal(await text.locator('[data-act=certify]').isDisabled(), true, 'nothing was translated yet');
    await clean(officer.page);
  }
  const written = '自分で書いた訳文です。';
  await jpn.page.locator('[data-test-received=USA] textarea').fill(written);
  await kor.page.locator('[data-test-received=USA] [data-act=use-listed]').click();
  for (const officer of [jpn, kor]) {
    await officer.page.locator('[data-test-received=USA] [data-act=certify]').click();
    await officer.page.locator('[data-test-received=USA]').waitFor({ state: 'detached' });
  }
  const figures = await usa.until('both have certified it', (f) => f.view.tests.sent?.certified.length === 2);
  assert.equal(figures.view.tests.sent.certified.find((said) => said.by.party === 'JPN').translation, written);
  await usa.page.locator('[data-test-sent] summary').click();
  for (const party of ['JPN', 'KOR']) await usa.page.locator(`[data-certified=${party}]`).waitFor();
});

test('no test text stands in a call', async () => {
  const { usa, jpn, kor } = officers;
  await kor.page.locator('[data-test-offer]').waitFor();
  await usa.ring('duty');
  await jpn.answer();
  await kor.answer();
  for (const officer of Object.values(officers)) await officer.inCallWith(3);
  for (const officer of Object.values(officers)) {
    assert.equal(await officer.page.locator('[data-test-offer], [data-test-received], [data-tests]').count(), 0);
    assert.deepEqual(officer.errors, []);
  }
});
