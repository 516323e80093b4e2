// A hostile own node against its officer's browser: whatever it makes of the answer, nothing leaves that tells speech from silence.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PATIENCE = 60_000;
let server, context, page, profile;

before(async () => {
  server = await createServer({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
  await server.listen();
  profile = await mkdtemp(join(tmpdir(), 'trialogue-turned-'));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
      '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`http://127.0.0.1:${server.config.server.port || server.httpServer.address().port}/tests/browser/support/blank.html`);
  await page.addScriptTag({ type: 'module', content: `import { setUpTurned } from '/tests/browser/support/turned.ts'; globalThis.bench = await setUpTurned();` });
  await page.waitForFunction(() => globalThis.bench);
});

after(async () => {
  await context?.close();
  await server?.close();
  if (profile) await rm(profile, { recursive: true, force: true });
});

const run = (name, ...rest) => page.evaluate(([n, args]) => globalThis.bench[n](...args), [name, rest]);

/** Packets of voice until there are so many more, looked at as often as the page is drawn. */
async function sizes(more) {
  const start = await run('packets');
  const seen = new Set();
  for (let last = start, end = Date.now() + PATIENCE; last.sent < start.sent + more; ) {
    if (Date.now() > end) throw new Error(`never came: ${more} packets, ${JSON.stringify([start, last])}`);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    const now = await run('packets');
    if (now.sent > last.sent) seen.add((now.bytes - last.bytes) / (now.sent - last.sent));
    last = now;
  }
  return [...seen];
}

test('packets of voice have one size and one rate, in speech and in silence', async () => {
  assert.equal(await run('honest'), null, 'the leg of an honest node is as agreed');
  await run('loud', true);
  const speech = await sizes(150);
  await run('loud', false);
  // They go on in silence, and are of that size.
  const silence = await sizes(150);
  assert.equal(speech.length, 1, `sizes in speech: ${speech}`);
  assert.deepEqual(silence, speech);
});

test('no answer turns the voice: the leg is refused and not one packet leaves', async () => {
  for (const name of await run('turns')) {
    const { refused, sent, honest } = await run('turned', name);
    assert.equal(honest, null, `${name}: the leg of an honest node is not disturbed`);
    assert.equal(sent, 0, `${name}: packets left`);
    assert.ok(refused, `${name}: nobody noticed`);
  }
});
