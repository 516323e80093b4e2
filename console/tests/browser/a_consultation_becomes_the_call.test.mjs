// Three Chromiums: an officer takes the duty; a consultation is proposed, two attend, every board counts down, and one key makes it the call.
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
/** How long a minute that has just begun may be waited for, and the one after it. */
const TWO_MINUTES = 150_000;
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

test('an officer takes the duty by keyboard, and every board shows who has it', async () => {
  const { usa, jpn, kor } = officers;
  await usa.page.locator('[data-duty-own]').waitFor();
  await usa.page.keyboard.press('0');
  await usa.page.keyboard.press('Enter');
  await usa.page.locator('[data-duty-own=onDuty][data-mine=true]').waitFor();
  const { view } = await usa.measure();
  for (const other of [jpn, kor]) {
    const figures = await other.until('who has the duty', (f) =>
      f.view.lines.some((l) => l.id === 'duty' && l.parties.some((p) => p.id === 'USA' && p.duty.length > 0)),
    );
    const [duty] = figures.view.lines.find((l) => l.id === 'duty').parties.find((p) => p.id === 'USA').duty;
    assert.deepEqual([duty.name, duty.state], [view.me.name, 'onDuty']);
    await other.page.locator('[data-line=duty] [data-party=USA] [data-duty=onDuty]').waitFor();
  }
});

test('one proposes, and the others say who comes', async () => {
  const { usa, jpn, kor } = officers;
  const form = usa.page.locator('[data-propose]');
  await form.locator('summary').click();
  await form.locator('[data-field=line]').selectOption('duty');
  await form.locator('[data-field=level]').selectOption('duty');
  await form.locator('[data-field=minutes]').selectOption('0');
  // The next full minute that leaves half a minute to answer in.
  const at = await usa.page.evaluate(() => {
    const when = new Date(Math.ceil((Date.now() + 30_000) / 60_000) * 60_000);
    return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  });
  await form.locator('[data-field=at]').fill(at);
  await form.locator('[data-act=propose]').click();
  for (const officer of [jpn, kor]) {
    const card = officer.page.locator('[data-consultation]');
    await card.waitFor();
    assert.match(await card.locator('[data-left]').textContent(), /\d\d:\d\d/, 'it counts down');
    const axe = await new AxeBuilder({ page: officer.page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    assert.deepEqual(
      axe.violations.map((violation) => violation.id),
      [],
    );
    await card.locator('[data-act=come]').click();
  }
  const board = usa.page.locator('[data-consultation]');
  for (const party of ['JPN', 'KOR']) await board.locator(`[data-party=${party}][data-answer=coming]`).waitFor();
  await board.locator('[data-party=USA][data-answer=silent]').waitFor();
});

test('when it is time one key makes it the call', async () => {
  const { usa, jpn, kor } = officers;
  for (const officer of Object.values(officers))
    await officer.page.locator('[data-consultation][data-due=true]').waitFor({ timeout: TWO_MINUTES });
  await usa.page.locator('[data-act=begin]').click();
  await jpn.answer();
  await kor.answer();
  for (const officer of Object.values(officers)) await officer.inCallWith(3);
  for (const officer of Object.values(officers)) {
    await officer.until(
      'sealed, and no consultation waits',
      (f) => f.view.call?.sealing.kind === 'sealed' && f.view.consultations.length === 0,
    );
    assert.deepEqual(officer.errors, []);
  }
});
