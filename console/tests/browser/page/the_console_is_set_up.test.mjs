// An officer sets up a console: outputs, volume, trial ring, keys; and it says what it cannot do before a ring comes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** A machine whose loudspeakers the test connects and takes away, and what was sent where. */
function machine() {
  const desk = { kind: 'audiooutput', deviceId: 'desk', label: 'Desk speaker' };
  const headset = { kind: 'audiooutput', deviceId: 'headset', label: 'Headset' };
  Object.assign(globalThis, { desk, headset, connected: [desk, headset], sinks: [], beats: 0, files: [] });
  navigator.mediaDevices.enumerateDevices = async () => globalThis.connected;
  globalThis.connect = (...now) => {
    globalThis.connected = now;
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  };
  AudioContext.prototype.setSinkId = async function (id) {
    if (id !== '' && !globalThis.connected.some((one) => one.deviceId === id))
      throw new DOMException('', 'NotFoundError');
    globalThis.sinks.push(id);
  };
  const make = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    globalThis.beats += 1;
    return make.call(this);
  };
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    globalThis.files.push(this.src);
    return play.call(this);
  };
}

async function open(scene, how = {}, more) {
  const at = await fixtures.open(scene, how);
  await at.page.addInitScript(machine);
  if (more) await at.page.addInitScript(more);
  await at.page.reload();
  await at.page.locator('main').waitFor();
  return at;
}
const settings = (page) => page.locator('[data-act=settings]:visible').click();

test('where rings sound is chosen, kept, and said to be missing while it is', async () => {
  const { page, errors } = await open('board');
  await settings(page);
  const output = page.locator('[data-device=ring]');
  await output.selectOption('desk');
  await until('it rings there', () => page.evaluate(() => globalThis.sinks.at(-1) === 'desk'));
  await page.locator('[data-ring-sound=sounds]', { hasText: 'Desk speaker' }).waitFor();
  await page.reload();
  await until('it still does', () => page.evaluate(() => globalThis.sinks.at(-1) === 'desk'));
  await page.evaluate(() => globalThis.connect(globalThis.headset));
  const said = page.locator('main [data-sound=elsewhere]');
  await said.waitFor();
  assert.match(await said.innerText(), /“Desk speaker” is not connected/);
  assert.equal(await page.evaluate(() => globalThis.sinks.at(-1)), '');
  await settings(page);
  assert.match(await output.locator('option:checked').innerText(), /Desk speaker \(not connected\)/);
  await page.evaluate(() => globalThis.connect(globalThis.headset, globalThis.desk));
  await until('it is back', () => page.evaluate(() => globalThis.sinks.at(-1) === 'desk'));
  assert.equal(await said.count(), 0);
  assert.deepEqual(errors, []);
});

test('rings are never set to silence, and are tried on their own way', async () => {
  const { page, errors } = await open('board');
  await settings(page);
  const volume = page.locator('[data-field=volume]');
  await volume.focus();
  await page.keyboard.press('Home');
  assert.equal(await volume.getAttribute('aria-valuetext'), '30%');
  await page.reload();
  await settings(page);
  assert.equal(await volume.inputValue(), '30');
  const trial = page.locator('[data-act=trial-ring]');
  await trial.click();
  await until('it is heard', () => page.evaluate(() => globalThis.beats > 0));
  assert.equal(await trial.getAttribute('aria-pressed'), 'true');
  await trial.click();
  assert.equal(await trial.getAttribute('aria-pressed'), 'false');
  // A ring takes the page from whatever lies over it.
  await trial.click();
  await page.evaluate(() => globalThis.show('ringing'));
  await page.locator('[role=alertdialog]').waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  await page.keyboard.press('?');
  assert.equal(await page.locator('dialog').count(), 0, 'nothing lies over a ring');
  assert.deepEqual(errors, []);
});

test('a console that rings nowhere says so on its first screen', async () => {
  const { page } = await open('board');
  await page.evaluate(() => globalThis.connect());
  const said = page.locator('[data-silent]');
  await said.waitFor();
  assert.match(await said.innerText(), /No loudspeaker is connected/);
  await page.evaluate(() => globalThis.connect(globalThis.desk));
  await until('it is taken back', () => said.count().then((count) => count === 0));
});

test('where the sound of the page fails, a ring sounds in the second way', async () => {
  const { page, errors } = await open('board', {}, () => {
    Object.defineProperty(AudioContext.prototype, 'state', { get: () => 'suspended' });
    AudioContext.prototype.resume = () => Promise.reject(new DOMException('', 'InvalidStateError'));
  });
  await page.locator('[data-sound=second]').waitFor();
  await page.evaluate(() => {
    globalThis.files = [];
    globalThis.show('ringing');
  });
  const played = () => page.evaluate(() => globalThis.files.filter((file) => file.startsWith('blob:')).length);
  await until('beat after beat', () => played().then((count) => count > 1));
  assert.deepEqual(errors, []);
});

test('the question mark lists the keys of the screen, and is typed where one types', async () => {
  for (const [scene, has, hasNot] of [
    ['board', ['line', 'duty', 'authority', 'written', 'answer'], ['mute', 'send']],
    ['call', ['mute', 'camera', 'hold', 'hangUp', 'written', 'answer'], ['line', 'send']],
  ]) {
    const { page, errors } = await open(scene);
    await page.keyboard.press('?');
    const keys = page.locator('[data-dialog=keys]');
    await keys.waitFor();
    const listed = await keys.locator('[data-key]').evaluateAll((all) => all.map((one) => one.dataset.key));
    for (const key of has) assert.ok(listed.includes(key), `${scene}: ${key}`);
    for (const key of hasNot) assert.ok(!listed.includes(key), `${scene}: no ${key}`);
    await page.keyboard.press('Escape');
    await keys.waitFor({ state: 'detached' });
    assert.deepEqual(errors, []);
  }
  const { page, said } = await open('written');
  await page.locator('[data-line=duty] [data-act=written]').click();
  const search = page.locator('[data-field=search]');
  await search.focus();
  await page.keyboard.press('?');
  assert.equal(await search.inputValue(), '?');
  assert.equal(await page.locator('dialog').count(), 0);
  await search.fill('');
  await page.locator('#written-heading').focus();
  await page.keyboard.press('?');
  await page.locator('[data-key=send]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-panel=written]').count(), 1, 'the line beneath stays open');
  assert.equal((await said('openWritten')).length, 1);
});

test('keys pressed in the settings are not for the call beneath, whose marking stays on screen', async () => {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
    [844, 390],
    [320, 256],
  ]) {
    const { page, errors } = await open('call', { width, height });
    const looks = () =>
      page.evaluate(() => {
        const shown = document.querySelector('[data-marked] .marking').getBoundingClientRect();
        return shown.top >= 0 && shown.bottom <= innerHeight && shown.left >= 0 && shown.right <= innerWidth;
      });
    await page.locator('[data-act=devices]').click();
    await settings(page);
    await page.locator('[data-dialog=settings]').waitFor();
    assert.ok(await looks(), `${width}×${height}`);
    await page.locator('[data-act=keys]').scrollIntoViewIfNeeded();
    assert.ok(await looks(), `${width}×${height}, at its end`);
    await page.keyboard.press('m');
    await page.keyboard.press('v');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.locator('[data-act=mute]').getAttribute('aria-pressed'), 'false');
    assert.deepEqual(errors, []);
  }
});

test('a console that has not started says why', async () => {
  for (const [scene, words] of [
    ['no-storage', /cannot open its storage/],
    ['no-program', /could not be loaded/],
    ['slow', /has not started yet/],
  ]) {
    const page = await fixtures.page();
    await page.goto(`${fixtures.base}/fixtures.html?scene=${scene}`);
    assert.match(await page.locator('[data-start]').innerText(), words);
  }
});

test('no field gives what is typed to whoever corrects or completes it', async () => {
  for (const [scene, act] of [['written', 'written'], ['consult'], ['tests']]) {
    const { page } = await open(scene);
    if (act) await page.locator(`[data-line=duty] [data-act=${act}]`).click();
    const leaky = await page
      .locator('input:not([type=file], [type=checkbox], [type=range]), textarea:not([readonly])')
      .evaluateAll((fields) =>
        fields
          .filter((field) => field.spellcheck || field.autocomplete !== 'off' || field.writingSuggestions !== 'false')
          .map((field) => field.outerHTML),
      );
    assert.deepEqual(leaky, [], scene);
    assert.equal(await page.evaluate(() => document.documentElement.translate), false);
  }
});

test('settings and keys can be used by everybody, in three languages and down to 320 pixels', async () => {
  for (const locale of ['en', 'ja', 'ko'])
    for (const [width, height] of [
      [1280, 800],
      [320, 256],
    ]) {
      const { page } = await open('board', { locale, width, height });
      await settings(page);
      for (const next of [null, 'keys']) {
        if (next) await page.locator(`[data-act=${next}]`).click();
        await page.locator('dialog').waitFor();
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        assert.ok(
          await page.locator('dialog').evaluate((one) => one.scrollWidth <= one.clientWidth),
          `${locale} ${next}`,
        );
        const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
        assert.deepEqual(
          violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
          [],
          `${locale} ${width} ${next}`,
        );
      }
    }
});
