// Nobody answers, and the caller hangs up: who was rung finds that on the board, calls back with one key, and it is gone once both have talked.
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
    jpn: { office: 'jpn-duty-officer', locale: 'ja' },
  });
});

after(async () => {
  await unseat(officers);
  await hotline?.stop();
});

const duty = ({ view }) => view?.lines.find((line) => line.id === 'duty');
const entry = (officer) => officer.page.locator('[data-wait=duty] [data-missed=USA]');

async function ringInVain() {
  const { usa, jpn } = officers;
  await usa.ring('duty');
  await jpn.until('it rings', (figures) => duty(figures)?.ring);
  await usa.act('hang-up');
  await jpn.until('it rings no more', (figures) => !duty(figures)?.ring);
}

test('a ring that nobody answered is on the board, in the words of its language', async () => {
  const { jpn } = officers;
  await ringInVain();
  await entry(jpn).waitFor();
  assert.match(await entry(jpn).innerText(), /不在着信：米国|不在着信：アメリカ合衆国/);
  await ringInVain();
  await entry(jpn).getByText('ほか 1 件').waitFor();
});

test('called back, both talk, and nothing waits any more', async () => {
  const { usa, jpn } = officers;
  await jpn.ring('duty');
  await usa.answer();
  for (const officer of [usa, jpn]) {
    await officer.until('sealed', ({ view }) => view.call?.sealing.kind === 'sealed' && view.call.members.length === 2);
  }
  await jpn.until('it was seen to', (figures) => duty(figures)?.missed.length === 0);
  await jpn.act('hang-up');
  await usa.until('the call has ended', ({ view }) => view && !view.call);
  assert.equal(await entry(jpn).count(), 0);
});

test('keys that are pressed between answer and call act, and so does an answer before the page is loaded anew', async () => {
  const { usa, jpn } = officers;
  const { keyboard } = jpn.page;
  await usa.ring('duty');
  const answer = jpn.page.locator('[role=alertdialog] button.answer');
  await answer.waitFor();
  await jpn.page.waitForFunction(() => document.activeElement?.matches('[role=alertdialog] button.answer'));
  await keyboard.press('Enter');
  await keyboard.press('m');
  await jpn.until('it is in the call', ({ view }) => view.call?.members.length === 2);
  await jpn.page.locator('[data-act=mute][aria-pressed=true]').waitFor();
  await jpn.act('hang-up');
  await usa.act('hang-up');
  for (const officer of [usa, jpn]) await officer.until('the call has ended', ({ view }) => view && !view.call);

  await usa.ring('duty');
  await answer.waitFor();
  await jpn.page.waitForFunction(() => document.activeElement?.matches('[role=alertdialog] button.answer'));
  await keyboard.press('Enter');
  await jpn.page.reload();
  await jpn.until('it came into the call', ({ view }) => view?.call?.members.length === 2);
  await jpn.act('hang-up');
  await usa.act('hang-up');
  for (const officer of [usa, jpn]) await officer.until('the call has ended', ({ view }) => view && !view.call);
});

test('a key takes off what somebody has seen to in another way, also after the page was loaded anew', async () => {
  const { jpn } = officers;
  await ringInVain();
  await entry(jpn).waitFor();
  await jpn.page.reload();
  await entry(jpn).waitFor();
  await entry(jpn).locator('button').click();
  await entry(jpn).waitFor({ state: 'detached' });
});
