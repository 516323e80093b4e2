// The security officer's page of the own node: a link made there enrols a device, and two presses put it out again. The key never leaves.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startHotline } from './support/hotline.mjs';
import { openBrowser, seatOfficer } from './support/officer.mjs';

let hotline, browser, page, console_;
const sent = [];

before(async () => {
  hotline = await startHotline();
  browser = await openBrowser();
  page = browser.page;
  page
    .context()
    .on('request', (request) =>
      sent.push(`${request.method()} ${request.url()} ${request.postDataBuffer()?.toString('latin1') ?? ''}`),
    );
  await page.goto(new URL('/officer', hotline.link('jpn-duty-officer')).href);
});

after(async () => {
  await console_?.leave();
  await browser?.close();
  await hotline?.stop();
});

const act = (name) => page.locator(`[data-act=${name}]`).click();
const key = (party) => join(hotline.dir, party, 'root.key');
const choose = (file) => page.locator('[data-act=root-key]').setInputFiles(file);
const clean = async () => {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  assert.deepEqual(
    violations.map((one) => one.id),
    [],
  );
};

test('another party\u2019s root, and a file that is no key, open nothing', async () => {
  await clean();
  await choose(join(hotline.dir, 'jpn', 'party.pub'));
  await page.locator('[data-desk-trouble]').waitFor();
  // USA's root has signed the charter too, but it does not run this node.
  await choose(key('usa'));
  await page.locator('main [data-desk-trouble]').waitFor();
  assert.equal(await page.locator('[data-device]').count(), 0);
  if (await page.locator('[data-act=close-desk]').count()) await act('close-desk');
});

test('the party\u2019s root opens the desk: offices, deputies, no device yet', async () => {
  await choose(key('jpn'));
  await page.locator('[data-party=JPN]').waitFor();
  await page.locator('[data-root]').waitFor();
  const offices = await page.locator('[data-field=office] option').evaluateAll((all) => all.map((one) => one.value));
  assert.ok(offices.includes('jpn-duty-officer') && offices.every((id) => id.startsWith('jpn-')), `${offices}`);
  await clean();
});

test('a link made here enrols a device, which is on watch and listed', async () => {
  await page.locator('[data-field=office]').selectOption('jpn-duty-officer');
  await page.locator('[data-field=person]').fill('山本 直子');
  await act('issue');
  const link = await page.locator('[data-link]').inputValue();
  assert.ok(link.startsWith(`${new URL(page.url()).origin}/#enrol=`));
  console_ = await seatOfficer(link, { locale: 'ja' });
  assert.equal((await console_.measure()).view.me.name, '山本 直子');
  await act('refresh');
  const row = page.locator(`[data-device="${await console_.device()}"]`);
  await row.waitFor();
  assert.match(await row.innerText(), /山本 直子/);
  await clean();
});

test('what the node says of a device without proof is shown as that', async () => {
  const row = page.locator(`[data-device="${await console_.device()}"]`);
  assert.equal(await row.getAttribute('data-certified'), 'true');
  let withholds = false;
  await page.route('**/officer/ask', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    for (const one of json.devices ?? [])
      Object.assign(one, { person: 'Somebody Else', office: 'jpn-pm', revoked: true });
    for (const one of json.proofs ?? []) if (withholds) one.certificate = null;
    await route.fulfill({ response, json });
  });
  // The certificate says who has it, whatever the list does; and nobody is revoked whom the root has not revoked.
  await act('refresh');
  await page.locator('[data-device][data-revoked=said][data-certified=true]').waitFor();
  assert.match(await row.innerText(), /山本 直子/);
  withholds = true;
  await act('refresh');
  await page.locator('[data-device][data-revoked=said][data-certified=false]').waitFor();
  assert.match(await row.innerText(), /Somebody Else/);
  await clean();
  await page.unroute('**/officer/ask');
  await act('refresh');
  await page.locator('[data-device][data-revoked=no][data-certified=true]').waitFor();
});

test('two presses revoke it, and its console says so', async () => {
  const device = await console_.device();
  const revoke = page.locator(`[data-device="${device}"] [data-act=revoke]`);
  await revoke.click();
  assert.equal(await page.locator(`[data-device="${device}"]`).getAttribute('data-revoked'), 'no', 'not by one press');
  await revoke.click();
  await page.locator(`[data-device="${device}"][data-revoked=proven]`).waitFor();
  await console_.page.locator('[data-trouble=refused]').waitFor();
  assert.equal((await console_.measure()).view.trouble.reason, 'revoked');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[data-revocation]').click()]);
  const file = (await readFile(await download.path())).length;
  assert.ok(file > 4_600 && file < 6_144, `what another node takes has ${file} bytes`);
});

test('the key was never sent, and closing the desk wipes it', async () => {
  const seed = /seed: ([0-9a-f]{64})/.exec(await readFile(key('jpn'), 'utf8'))[1];
  const raw = Buffer.from(seed, 'hex').toString('latin1');
  for (const one of sent) assert.ok(!one.includes(seed) && !one.includes(raw), 'the seed in a request');
  assert.ok(
    sent.some((one) => one.startsWith('POST') && one.includes('/officer/ask')),
    'requests are seen',
  );
  await act('close-desk');
  await page.locator('[data-closed]').waitFor();
  assert.equal(await page.locator('[data-device]').count(), 0);
  for (const worker of page.workers()) await worker.waitForEvent('close').catch(() => undefined);
  assert.equal(page.workers().length, 0, 'no worker holds it');
  const kept = await page.evaluate(async () => [
    (await indexedDB.databases()).length,
    localStorage.length,
    sessionStorage.length,
    await caches.keys().then((names) => names.length),
  ]);
  assert.equal(kept[0], 0, 'no database');
  assert.equal(kept[2] + kept[3], 0);
});

test('its nodes write no names', async () => {
  const log = await readFile(join(hotline.dir, 'jpn', 'node.log'), 'utf8');
  assert.ok(
    log.includes('the security officer hands over the revocation of a device') && !log.includes('山本'),
    'the log of the node',
  );
});

test('no page had an error', () => {
  // Refusals are answered with 403, which the browser's console shows as an error of its own.
  assert.deepEqual(
    browser.errors.filter((line) => !line.includes('403')),
    [],
  );
});
