// A page in Chromium with parts of the console alone, as one of the scripts beside this file sets them up.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { PATIENCE } from './officer.mjs';

const root = join(import.meta.dirname, '../../..');

/** `script`: a file beside this one; `setUp`: what it exports; what that gives is at hand by name. */
export async function startBench(script, setUp) {
  const server = await createServer({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
  await server.listen();
  const profile = await mkdtemp(join(tmpdir(), 'trialogue-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(
    `http://127.0.0.1:${server.config.server.port || server.httpServer.address().port}/tests/browser/support/blank.html`,
  );
  await page.addScriptTag({
    type: 'module',
    content: `import { ${setUp} } from '/tests/browser/support/${script}'; globalThis.bench = await ${setUp}();`,
  });
  await page.waitForFunction(() => globalThis.bench);
  return {
    page,
    run: (name, ...rest) => page.evaluate(([n, args]) => globalThis.bench[n](...args), [name, rest]),
    async stop() {
      await context.close();
      await server.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
