// The screens with made-up data, served as they are, and a browser that looks at them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { PATIENCE } from './officer.mjs';

export async function startFixtures() {
  const cacheDir = await mkdtemp(join(tmpdir(), 'trialogue-vite-'));
  const server = await createServer({
    root: join(import.meta.dirname, '../../..'),
    cacheDir,
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    logLevel: 'error',
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // A machine that has loudspeakers, as a console does.
    args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream'],
  });
  const base = `http://127.0.0.1:${server.httpServer.address().port}`;
  return {
    base,
    /** A page that shows nothing yet. */
    page: async () => (await browser.newContext({ locale: 'en' })).newPage(),
    /** A page that shows the scene; `said` gives what its officer did, by kind. */
    async open(scene, { locale = 'en', width = 1280, height = 800, permissions = [] } = {}) {
      const viewport = { width, height };
      const context = await browser.newContext({ viewport, locale, reducedMotion: 'reduce', permissions });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const errors = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(`${base}/fixtures.html?scene=${scene}`);
      await page.locator('[data-node]').waitFor();
      return {
        page,
        errors,
        said: (kind) => page.evaluate((kind) => globalThis.commands.filter((command) => command.kind === kind), kind),
      };
    },
    async stop() {
      await browser.close();
      await server.close();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}

/** Waits until `look` gives something true. */
export async function until(what, look, ms = PATIENCE) {
  const end = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
    await new Promise((go) => setTimeout(go, 20));
  }
}
