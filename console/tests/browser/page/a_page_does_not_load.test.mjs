// What the page is made of does not all come, or the node does not say what it offers: that is said, and mends itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { startFixtures, until } from '../support/fixtures.mjs';

let fixtures;
before(async () => {
  fixtures = await startFixtures();
});
after(() => fixtures.stop());

/** The page itself, of a node that offers passkeys, whose first `missing` requests for `what` fail. */
async function open(what, missing, fragment = '') {
  const page = await fixtures.page();
  const asked = { failed: 0, loads: 0 };
  await page.route('**/console.json', (route) => route.fulfill({ json: { node: 'usa-1', passkeys: 'offered' } }));
  await page.route(what, (route) => {
    if (asked.failed >= missing) return route.fallback();
    asked.failed += 1;
    return route.abort('internetdisconnected');
  });
  page.on('load', () => (asked.loads += 1));
  await page.goto(`${fixtures.base}/${fragment}`);
  return { page, asked };
}

for (const [part, what] of [
  ['the first script', '**/src/main.ts'],
  ['a later one', '**/views/App.svelte'],
]) {
  test(`${part} does not come: it is said in every language, and the page loads again once its node answers`, async () => {
    const { page, asked } = await open(what, 1);
    const note = page.locator('[data-unloaded]');
    await note.waitFor();
    assert.deepEqual(await note.locator('p').evaluateAll((all) => all.map((one) => one.lang)), ['en', 'ja', 'ko']);
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id }) => id),
      [],
    );
    await note.waitFor({ state: 'detached' });
    await page.locator('header').waitFor();
    assert.equal(asked.loads, 2);
    await page.context().close();
  });
}

test('as long as the node does not answer, it is not left for a page of the browser', async () => {
  const { page, asked } = await open('**/views/App.svelte', 1);
  const tries = [];
  await page.route('**/console.json', (route) => {
    tries.push(1);
    return tries.length < 3 ? route.abort('connectionrefused') : route.fallback();
  });
  await page.locator('[data-unloaded]').waitFor();
  await until('the third try', () => tries.length === 3);
  await page.locator('header').waitFor();
  assert.equal(asked.loads, 2);
  await page.context().close();
});

test('a part that hangs is told after twenty seconds, and what comes after all takes its place', async () => {
  const page = await fixtures.page();
  await page.clock.install();
  let go;
  const later = new Promise((release) => (go = release));
  await page.route('**/console.json', (route) => route.fulfill({ json: { node: 'usa-1', passkeys: 'offered' } }));
  await page.route('**/views/App.svelte', (route) => later.then(() => route.fallback()));
  await page.goto(`${fixtures.base}/`);
  await page.clock.fastForward(19_000);
  assert.equal(await page.locator('[data-unloaded]').count(), 0);
  await page.clock.fastForward(2_000);
  await page.locator('[data-unloaded] [lang=en]', { hasText: 'has not loaded yet' }).waitFor();
  go();
  await page.locator('header').waitFor();
  assert.equal(await page.locator('[data-unloaded]').count(), 0);
  await page.context().close();
});

test('an enrolment link is to be opened again, and its secret stays out of the address', async () => {
  const { page } = await open('**/views/App.svelte', 1, '#enrol=c2VjcmV0');
  await page.locator('[data-unloaded] [lang=en]', { hasText: 'Open the enrolment link again' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  // Opened again in the same tab, once the page has loaded itself.
  await page.locator('[data-unloaded]').waitFor({ state: 'detached' });
  await page.locator('header').waitFor();
  await page.goto(`${fixtures.base}/#enrol=c2VjcmV0`);
  await page.locator('[data-act=enrol]').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.context().close();
});

test('a node that does not say at first what it offers is asked again, and the way without a passkey opens', async () => {
  const { page, asked } = await open('**/console.json', 2, '#enrol=c2VjcmV0');
  await page.locator('[data-act=enrol]').waitFor();
  assert.equal(asked.failed, 2);
  await page.context().close();
});
