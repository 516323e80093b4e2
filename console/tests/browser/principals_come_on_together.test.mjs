// A staged call in four Chromiums: duty officers prepare it, principals come on together; hold; and a marking that is hidden silences.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startHotline } from './support/hotline.mjs';
import { hears, received, seatAll, sent, sentSince, unseat } from './support/officer.mjs';

const seats = {
  usa: { office: 'usa-duty-officer', speech: 'speech-1.wav', clip: 'video-1.mjpeg', locale: 'en' },
  jpn: { office: 'jpn-duty-officer', speech: 'speech-2.wav', clip: 'video-2.mjpeg', locale: 'ja' },
  president: { office: 'usa-president', speech: 'speech-3.wav', clip: 'video-3.mjpeg', locale: 'en' },
  premier: { office: 'jpn-prime-minister', speech: 'speech-1.wav', clip: 'video-1.mjpeg', locale: 'ja' },
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

const packets = (figures) => sent(figures, 'audio') + sent(figures, 'video');
const keysWith = (count) => (f) =>
  f.view.call?.members.length === count &&
  f.view.call.code !== '' &&
  f.view.call.members.every((x) => x.me || x.keys === 'ready');

test('principals wait unseen and unheard while duty officers talk', async () => {
  const { usa, jpn, president, premier } = officers;
  await usa.ring('leaders');
  await jpn.answer();
  // Four cameras in software are more than two cores encode and decode in time; the principals' stay on.
  for (const officer of [usa, jpn]) await officer.act('camera');
  for (const principal of [president, premier]) {
    await principal.until('a call that can be joined', (f) => f.view.lines.some((l) => l.id === 'leaders' && l.active));
    await principal.page.locator('[data-line=leaders] button.act').click();
  }
  for (const officer of Object.values(officers)) await officer.until('keys with everyone', keysWith(4));
  await usa.until('the other duty officer heard', hears(await jpn.device(), 50));
  for (const principal of [president, premier]) {
    await principal.page.locator('[data-floor=waiting].floor').waitFor();
    assert.equal(packets(await principal.measure()), 0, 'not one packet');
  }
  const words = await Promise.all(
    Object.values(officers).map((officer) => officer.page.locator('[data-sealing] .words').textContent()),
  );
  assert.equal(new Set(words).size, 1, 'the same words at all four');
});

test('each confirms the other, both are ready, and principals are heard', async () => {
  const { usa, jpn, president, premier } = officers;
  await usa.page.locator('[data-station=JPN] [data-act=confirm]').click();
  await usa.act('ready');
  await jpn.page.locator('[data-station=USA] [data-ready=true]').waitFor();
  assert.equal(packets(await president.measure()), 0, 'Japan is not ready');
  await jpn.page.locator('[data-station=USA] [data-act=confirm]').click();
  await jpn.act('ready');
  await premier.until('the President heard', hears(await president.device(), 50));
  await president.until('the Prime Minister heard', hears(await premier.device(), 50));
  await usa.page.locator('[data-station=JPN] [data-on=true]').waitFor();
});

test('hold by one key: nothing leaves, and others see it', async () => {
  const { president, premier } = officers;
  await president.page.keyboard.press('h');
  await president.page.locator('[data-floor=held].floor').waitFor();
  const device = await president.device();
  await premier.page.locator(`[data-member="${device}"][data-floor=held]`).waitFor();
  const before = await president.measure();
  const other = await officers.jpn.device();
  await premier.until('another second of the call', hears(other, (await received(premier, other)) + 50));
  const held = await president.measure();
  assert.equal(sentSince(before, held), 0);
  await president.page.keyboard.press('h');
  await president.until('sending again', (f) => sentSince(held, f) > 0);
});

test('a marking that is taken off the screen silences this console', async () => {
  const { president } = officers;
  for (const css of [
    '[data-banner] { display: none !important }',
    '[data-recording] { opacity: 0 !important }',
    '[data-banner] { position: fixed !important; inset-block-start: -500px !important }',
  ]) {
    await president.page.evaluate((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      document.adoptedStyleSheets = [sheet];
    }, css);
    await president.page.locator('[data-hidden]').waitFor();
    const from = await officers.jpn.device();
    // Frames that were under way when the marking went may still leave; then nothing does, while others are heard on.
    let [quiet, later] = [null, await president.measure()];
    for (let turn = 0; turn < 4 && (quiet === null || sentSince(quiet, later) > 0); turn++) {
      const start = await received(president, from);
      [quiet, later] = [later, await president.until('half a second of the call', hears(from, start + 25))];
    }
    assert.equal(sentSince(quiet, later), 0, css);
    const start = await received(president, from);
    const last = await president.until('another second', hears(from, start + 50));
    assert.equal(sentSince(later, last), 0, css);
    await president.page.evaluate(() => {
      document.adoptedStyleSheets = [];
    });
    await president.until('sending again', (f) => sentSince(last, f) > 0);
  }
  await president.page.setViewportSize({ width: 320, height: 640 });
  await president.page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await president.page.locator('[data-banner]').waitFor();
  assert.equal(await president.page.locator('[data-hidden]').count(), 0, 'a narrow screen keeps it');
  assert.ok(
    await president.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    'and nothing sticks out',
  );
});

test('the screens of a staged call pass axe-core', async () => {
  // The checker reads no pixel of a picture, and pictures take its time.
  for (const officer of [officers.president, officers.premier]) await officer.act('camera');
  for (const [name, officer] of Object.entries({ duty: officers.usa, principal: officers.premier })) {
    const found = await new AxeBuilder({ page: officer.page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze()
      .catch((error) => ({ violations: [{ id: String(error) }] }));
    assert.deepEqual(
      found.violations.map((violation) => violation.id),
      [],
      name,
    );
    assert.deepEqual(officer.errors, [], name);
  }
});
