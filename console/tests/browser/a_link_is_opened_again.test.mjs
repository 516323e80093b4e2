// An enrolment link in a browser that is a device already: nothing that works ends before what takes its place works.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startHotline } from './support/hotline.mjs';
import { until } from './support/fixtures.mjs';
import { openBrowser, plugAuthenticator } from './support/officer.mjs';
import { vault } from './support/vault.mjs';

let hotline, browser, page;
let device;

before(async () => {
  hotline = await startHotline();
  browser = await openBrowser();
  page = browser.page;
  await page.goto(hotline.link('usa-duty-officer'));
  await act('enrol');
  await onWatch();
  device = (await view()).me.device;
});

after(async () => {
  await browser?.close();
  await hotline?.stop();
});

const act = (name) => page.locator(`[data-act=${name}]`).click();
const view = async () => (await page.evaluate(() => globalThis.trialogue.measure())).view;
const onWatch = () => page.locator('[data-node=up]').waitFor();

/** Opens it in another document, as whoever finds it in their mail again. */
async function open(link) {
  await page.goto('about:blank');
  await page.goto(link);
  await page.locator('[data-replaces]').waitFor();
}

const keepsBefore = async () => (await vault(page)).names.includes('before');

test('who is enrolled here is said before anything is made, and can stay', async () => {
  await open(hotline.link('usa-duty-officer'));
  const { me } = await view();
  const said = await page.locator('[data-replaces]').textContent();
  for (const word of [me.name, me.office.en, me.partyName.en]) assert.ok(said.includes(word), said);
  const axe = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
  assert.deepEqual(
    axe.violations.map((violation) => violation.id),
    [],
  );
  await act('keep-device');
  await page.locator('[data-replaces]').waitFor({ state: 'detached' });
  await onWatch();
  assert.equal((await view()).me.device, device);
});

test('a link that was used already ends no device: the one from before goes on, and its officer is told', async () => {
  await open(hotline.link('usa-duty-officer'));
  await act('enrol');
  await page.locator('[data-went-back]').waitFor();
  await onWatch();
  assert.equal((await view()).me.device, device);
  assert.ok(!(await keepsBefore()));
  await page.reload();
  await onWatch();
  assert.equal((await view()).me.device, device, 'also after a reload');
});

test('so it is where the page is loaded anew before its node has said a word', async () => {
  await open(hotline.link('usa-duty-officer'));
  await page.locator('[data-act=enrol]').waitFor();
  const goOn = await hotline.freeze('USA');
  try {
    await act('enrol');
    await until('the device of before is kept', keepsBefore);
    const again = await page.context().newPage();
    await page.close();
    page = again;
  } finally {
    goOn();
  }
  await page.goto(new URL('/', hotline.link('usa-duty-officer')).href);
  await page.locator('[data-went-back]').waitFor();
  await onWatch();
  assert.equal((await view()).me.device, device);
});

test('a link of another party does not end it either', async () => {
  const { origin } = new URL(hotline.link('usa-duty-officer'));
  await open(`${origin}/${new URL(hotline.link('jpn-duty-officer')).hash}`);
  await act('enrol');
  await page.locator('[data-went-back]').waitFor();
  await onWatch();
  assert.equal((await view()).me.device, device);
});

test('a link that works takes its place, under a passkey too, and nothing is left of the one before', async () => {
  await plugAuthenticator(page);
  await open(await hotline.newLink('usa-duty-officer'));
  await act('enrol-passkey');
  await page.locator('[data-replaces]').waitFor({ state: 'detached' });
  await onWatch();
  await until('it is forgotten', async () => !(await keepsBefore()));
  const { me } = await view();
  assert.notEqual(me.device, device);
  assert.ok(!(await vault(page)).names.includes('key'), 'nor anything that opens without the passkey');
  await page.reload();
  await act('sign-in');
  await onWatch();
  assert.equal((await view()).me.device, me.device);
});
