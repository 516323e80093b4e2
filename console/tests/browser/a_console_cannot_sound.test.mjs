// A browser that plays nothing until somebody was at the keys, as browsers are unless told otherwise: a console that opened by itself rings nowhere. The others
// see that, it counts as no watch, and the ring is on its screen all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { seatAll, unseat } from './support/officer.mjs';

let hotline;
let officers = {};

before(async () => {
  hotline = await startHotline();
  officers = await seatAll(hotline, {
    usa: { office: 'usa-duty-officer' },
    jpn: { office: 'jpn-duty-officer', locale: 'ja', plays: false },
  });
});

after(async () => {
  await unseat(officers);
  await hotline?.stop();
});

const japan = ({ view }) => view?.lines.find((line) => line.id === 'duty')?.parties.find((party) => party.id === 'JPN');
const lamp = (officer) => officer.page.locator('[data-line=duty] [data-party=JPN]');

test('a page that opened by itself and that nobody has touched is shown as one without sound', async () => {
  const { usa, jpn } = officers;
  await usa.until('JPN is on watch', (figures) => japan(figures)?.onWatch === 1);
  // From another page: a page that is only loaded anew may play what it might before. And it is not looked at from here on: what a test asks of a page counts as
  // somebody at its keys.
  const console = jpn.page.url();
  await jpn.page.goto('about:blank');
  await jpn.page.goto(console);
  await usa.until('JPN is there without sound', (figures) => japan(figures)?.soundless === 1);
  assert.equal(japan(await usa.measure()).onWatch, 0, 'it is not counted as on watch');
  assert.match(await lamp(usa).innerText(), /No sound/);
});

test('a ring is on its screen, its ringer reads that nobody may hear it, and one key answers', async () => {
  const { usa, jpn } = officers;
  await usa.ring('duty');
  await usa.until('nobody is on watch at JPN', (figures) => japan(figures)?.ring.kind === 'unstaffed');
  await usa.page.getByText('Consoles that cannot sound: 1').waitFor();
  await jpn.answer();
  for (const officer of [usa, jpn]) {
    await officer.until('sealed', ({ view }) => view.call?.sealing.kind === 'sealed' && view.call.members.length === 2);
  }
  await usa.act('hang-up');
  await jpn.until('the call has ended', ({ view }) => view && !view.call);
});

test('once somebody was at the keys it is on watch again', async () => {
  const { usa } = officers;
  await usa.until('JPN is on watch', (figures) => japan(figures)?.onWatch === 1 && japan(figures).soundless === 0);
  assert.match(await lamp(usa).innerText(), /On watch/);
});
