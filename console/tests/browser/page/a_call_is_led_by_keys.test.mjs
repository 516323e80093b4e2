// The screen of a call: what one sees of the others, what keys do, where the focus is, and what a principal is spared.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

const show = (page, scene) => page.evaluate((scene) => globalThis.show(scene), scene);
const focused = (page, selector) => page.locator(`${selector}:focus`).waitFor();
const large = (page) => page.locator('[data-size=large]').getAttribute('data-member');

test('keys arrange the pictures: who speaks, one that is chosen, all alike', async () => {
  const { page, errors } = await fixtures.open('call');
  await page.locator('[data-layout=even]').waitFor();
  assert.equal(await page.locator('[data-size=even]').count(), 2);
  await page.keyboard.press('l');
  await page.locator('[data-layout=speaker] [data-size=large]').waitFor();
  assert.equal(await large(page), 'b2', 'it is she who speaks');
  await page.keyboard.press('l');
  await page.locator('[data-layout=chosen] [data-size=large]').waitFor();
  await page.keyboard.press('2');
  await page.locator('[data-member=c3][data-size=large]').waitFor();
  await page.keyboard.press('l');
  await page.locator('[data-layout=even]').waitFor();
  await page.keyboard.press('1');
  await page.locator('[data-member=b2][data-size=large]').waitFor();
  await page.keyboard.press('1');
  await page.locator('[data-layout=even]').waitFor();
  await page.locator('[data-member=c3] [data-act=enlarge]').click();
  await page.locator('[data-member=c3][data-size=large]').waitFor();
  assert.deepEqual(errors, []);
});

test('a key fills the screen with the call, and gives it back', async () => {
  const { page } = await fixtures.open('call');
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement === null);
});

test('panels open at their keys, are closed by Escape, and give the focus back', async () => {
  const { page } = await fixtures.open('call');
  for (const [panel, key] of [
    ['lock', 'c'],
    ['people', 'p'],
  ]) {
    await page.keyboard.press(key);
    await page.locator(`[data-call-panel=${panel}]`).waitFor();
    assert.ok(
      await page.locator(`[data-call-panel=${panel}]`).evaluate((one) => one.contains(document.activeElement)),
      `${panel} has the focus`,
    );
    await page.keyboard.press('Escape');
    await page.locator(`[data-call-panel=${panel}]`).waitFor({ state: 'hidden' });
    await focused(page, `[data-act=${panel}]`);
  }
  for (const panel of ['view', 'devices']) {
    await page.locator(`[data-act=${panel}]`).click();
    await page.locator(`[data-call-panel=${panel}] [data-act=panel-close]`).click();
    await page.locator(`[data-call-panel=${panel}]`).waitFor({ state: 'hidden' });
    await focused(page, `[data-act=${panel}]`);
  }
});

test('the keys of a call are one stop of Tab, and arrows go through them', async () => {
  const { page } = await fixtures.open('call');
  const bar = page.getByRole('toolbar');
  const stops = () => bar.locator('button[tabindex="0"]').evaluateAll((all) => all.map((one) => one.dataset.act));
  assert.deepEqual(await stops(), ['mute']);
  await bar.locator('[data-act=mute]').focus();
  for (const [key, act] of [
    ['ArrowRight', 'camera'],
    ['End', 'hang-up'],
    ['ArrowRight', 'mute'],
    ['ArrowLeft', 'hang-up'],
    ['Home', 'mute'],
  ]) {
    await page.keyboard.press(key);
    await focused(page, `[data-act=${act}]`);
    assert.deepEqual(await stops(), [act]);
  }
  await page.keyboard.press('e');
  await focused(page, '[data-act=hang-up]');
});

test('who has answered, and who has hung up, is on the new screen with the focus', async () => {
  const { page } = await fixtures.open('ringing');
  await page.locator('[role=alertdialog][aria-busy=false]').waitFor();
  await page.keyboard.press('Enter');
  await show(page, 'call');
  await focused(page, '#call-title');
  await show(page, 'board');
  await page.locator('main:not([inert])').waitFor();
  await until('the focus', () => page.evaluate(() => document.activeElement !== document.body));
});

test('the focus stays in the call when whoever had it in their picture leaves', async () => {
  const { page } = await fixtures.open('call');
  await page.locator('[data-member=c3] [data-act=enlarge]').focus();
  await show(page, 'stranger');
  await page.locator('[data-member=c3]').waitFor({ state: 'detached' });
  await focused(page, '#call-title');
});

test('a code that was compared before somebody came in is asked for again, and by whose coming', async () => {
  const { page, said } = await fixtures.open('newcomer');
  const station = (id) => page.locator(`[data-call-panel=lock] [data-station=${id}]`);
  await station('JPN').locator('[data-newcomers]', { hasText: '佐藤 葵' }).waitFor();
  assert.equal(await station('KOR').locator('[data-newcomers], [data-act=confirm]').count(), 0, 'its tick stands');
  await station('JPN').locator('[data-act=confirm]').click();
  assert.deepEqual(
    (await said('confirm')).map(({ party }) => party),
    ['JPN'],
  );
});

test('the code to be compared is open as long as it is to be confirmed, and closes when principals are on', async () => {
  const { page, said } = await fixtures.open('staging');
  const panel = page.locator('[data-call-panel=lock]');
  await panel.locator('.words').waitFor();
  await panel.locator('[data-station=KOR] [data-act=confirm]').click();
  assert.equal((await said('confirm')).length, 1);
  assert.ok(await page.locator('.tile.even').first().isVisible(), 'the pictures are beside it');
  await show(page, 'on');
  await panel.waitFor({ state: 'hidden' });
  await page.locator('[data-station=JPN] [data-on=true]').waitFor();
  await until('the focus', () => page.evaluate(() => document.activeElement !== document.body));
  await page.keyboard.press('Escape');
  assert.equal(await panel.isVisible(), false);
  await page.locator('[data-act=lock]').click();
  await panel.locator('.words').waitFor();
});

test('once principals are on, they are the pictures, and staff is named', async () => {
  const { page, said } = await fixtures.open('on');
  const tiles = await page.locator('[data-size=even]').evaluateAll((all) => all.map((one) => one.dataset.member));
  assert.deepEqual(tiles, ['e5', 'f6', 'h8']);
  const names = await page.locator('[data-names] li').evaluateAll((all) => all.map((one) => one.dataset.member));
  assert.deepEqual(names, ['b2', 'c3', 'g7']);
  await page.keyboard.press('p');
  const remove = page.locator('[data-person=e5] [data-act=remove-person]');
  await remove.click();
  assert.deepEqual(await said('remove'), [], 'it asks twice');
  await remove.click();
  assert.deepEqual(
    (await said('remove')).map(({ device }) => device),
    ['e5'],
  );
});

test('that a party wishes to drop another is said, with the way to what can be done', async () => {
  const { page, said } = await fixtures.open('held');
  await page.locator('[data-drop-wished=KOR] button').click();
  const panel = page.locator('[data-call-panel=people]');
  await panel.waitFor();
  await panel.locator('[data-act=drop]').last().click();
  assert.deepEqual(
    (await said('drop')).map(({ party, on }) => [party, on]),
    [['KOR', true]],
  );
});

test('a principal sees with whom they come on, then the others, and no key of the staff', async () => {
  const { page, said } = await fixtures.open('principal-waiting');
  // Whoever is in a call has pressed something.
  await page.keyboard.press('Shift');
  await page.locator('[data-silent]').waitFor({ state: 'detached' });
  const staff =
    '[data-act=confirm], [data-act=ready], [data-act=written], [data-act=devices], [data-act=view], [data-act=people], [data-act=hold], [data-act=hold-person], [data-act=enlarge], [data-act=prepare], [data-duty-own], [data-stage]';
  const keys = () =>
    page.locator('main button:visible').evaluateAll((all) => all.map((one) => one.dataset.act).toSorted());
  assert.deepEqual(await page.locator('[data-with]').evaluateAll((all) => all.map((one) => one.dataset.with)), [
    'JPN',
    'KOR',
  ]);
  assert.ok(await page.locator('[data-with=JPN]').getByText('佐藤 葵').isVisible());
  assert.equal(await page.locator('.tile.even').count(), 0, 'nothing moves');
  for (const scene of ['principal-waiting', 'principal-on']) {
    await show(page, scene);
    if (scene === 'principal-on') await page.locator('.tile.even').first().waitFor();
    assert.equal(await page.locator(staff).count(), 0, scene);
    assert.deepEqual(await keys(), ['camera', 'hang-up', 'lock', 'mute'], scene);
  }
  assert.deepEqual(await page.locator('.tile.even').evaluateAll((all) => all.map((one) => one.dataset.member)), [
    'f6',
    'h8',
  ]);
  for (const key of ['p', 'l', '1']) await page.keyboard.press(key);
  assert.equal(await page.locator('[data-call-panel]:visible').count(), 0);
  assert.equal(await page.locator('[data-size=large]').count(), 0);
  await page.keyboard.press('h');
  await until('hold', async () => (await said('hold')).length === 1);
});

test('a principal whose duty officer is not there can prepare the call', async () => {
  const { page } = await fixtures.open('principal-alone');
  await page.locator('[data-act=prepare]').click();
  await page.locator('[data-call-panel=lock] [data-act=confirm]').first().waitFor();
});

test('who rings sees what each party does, how urgent it is and how long it still sounds', async () => {
  const { page } = await fixtures.open('calling');
  const states = await page.locator('[data-missing] [data-ring]').evaluateAll((all) => all.map((x) => x.dataset.ring));
  assert.deepEqual(states, ['ringing', 'pathDown'], 'the caller itself answers nothing');
  assert.equal(await page.locator('[data-left]').textContent(), '60 s left');
  assert.ok(await page.locator('[data-caller] [data-precedence=routine]').isVisible());
  const box = await page.locator('.self').boundingBox();
  assert.ok(box.width * box.height < (1280 * 800) / 12, 'the own picture is small');
  assert.equal(await page.getByText('Waiting for keys').filter({ visible: true }).count(), 0);
});

test('tiles say what is wrong, and nothing where all is well', async () => {
  const calm = await fixtures.open('call');
  await calm.page.locator('.tile.even').first().waitFor();
  assert.equal(await calm.page.locator('[data-fact], [data-suspect]').count(), 0);
  await calm.page.context().close();
  const bad = await fixtures.open('stranger');
  await bad.page.locator('[data-member=b2] [data-fact=keys]').waitFor();
  assert.equal(await bad.page.locator('[data-member=d4] [data-fact]').count(), 1, 'without keys nothing else is known');
  await bad.page.context().close();
  const still = await fixtures.open('stalled');
  await still.page.locator('[data-member=c3][data-stalled] [data-fact=picture]').waitFor();
  assert.equal(await still.page.locator('[data-member=b2][data-stalled]').count(), 0);
});

test('without a microphone the own screen says so', async () => {
  const { page } = await fixtures.open('no-microphone');
  assert.match(await page.locator('[data-unheard=missing]').textContent(), /You are not heard\..*No microphone/s);
  await page.locator('.self [data-fact=voice]').waitFor();
  await page.locator('[data-act=mute][aria-pressed=true]').waitFor();
});

test('red is hanging up alone', async () => {
  const { page } = await fixtures.open('call');
  for (const key of ['m', 'v']) await page.keyboard.press(key);
  await page.locator('[data-act=mute][aria-pressed=true]').waitFor();
  assert.deepEqual(await page.locator('main button.danger').evaluateAll((all) => all.map((one) => one.dataset.act)), [
    'hang-up',
  ]);
});

test('what is said twice is spoken twice, and two things at once are both spoken', async () => {
  const { page } = await fixtures.open('call');
  const said = page.locator('[data-said] p');
  for (const scene of ['leaving', 'two', 'call', 'two', 'call']) await show(page, scene);
  await until('four words', async () => (await said.count()) === 4);
  const [gone, back, goneAgain, backAgain] = await said.allTextContents();
  assert.deepEqual([goneAgain, backAgain], [gone, back]);
  assert.notEqual(gone, back);
});

test('the written line is beside the pictures, with its field in view', async () => {
  for (const [width, height] of [
    [1280, 800],
    [1920, 1080],
    [390, 844],
  ]) {
    const { page } = await fixtures.open('written-call', { width, height });
    await page.keyboard.press('F3');
    await page.locator('[data-written=duty] [data-message]').first().waitFor();
    const inside = (selector) =>
      page
        .locator(selector)
        .first()
        .evaluate((one) => {
          const box = one.getBoundingClientRect();
          const over = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 30));
          return (
            box.top >= 0 &&
            box.top + Math.min(box.height, 60) <= innerHeight &&
            (one.contains(over) || over.contains(one))
          );
        });
    for (const selector of ['[data-field=text]', '[data-act=send-written]', '.tile.even', '[data-act=hang-up]'])
      assert.ok(await inside(selector), `${width}: ${selector}`);
    await page.keyboard.press('Escape');
    await page.locator('[data-written]').waitFor({ state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement !== document.body));
    await page.context().close();
  }
});
