// Takes a picture of every scene in every language and size, and runs axe-core on each: `node tests/look.mjs [DIR]`.
import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const out = process.argv[2] ?? 'test-results/look';
const only = process.argv[3]?.split(',');
await mkdir(out, { recursive: true });
const server = await preview({
  root: new URL('..', import.meta.url).pathname,
  build: { outDir: 'dist-fixtures' },
  preview: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
});
const base = `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream'],
});
const scenes = [
  'board',
  'board-calm',
  'board-full',
  'board-missed',
  'board-long',
  'board-marked',
  'board-nine',
  'tests',
  'duty',
  'consult',
  'asked',
  'outcome',
  'ringing',
  'flash',
  'fetching',
  'calling',
  'call',
  'on',
  'nine',
  'no-microphone',
  'principal-waiting',
  'principal-alone',
  'principal-on',
  'stranger',
  'forged',
  'staging',
  'apart',
  'alone',
  'clock',
  'leg',
  'later',
  'elsewhere',
  'address',
  'noSeat',
  'suspended',
  'revocations',
  'waiting',
  'listening',
  'held',
  'joining',
  'leaving',
  'long',
  'offline',
  'refused',
  'otherTab',
  'unenrolled',
  'enrol',
  'locked',
  'bare',
  'authority',
  'officer',
  'desk',
  'desk-sure',
  'written-board',
  'written',
  'written-empty',
  'written-due',
  'written-reader',
  'written-call',
  'written-files',
  'written-attached',
  'readout',
  'settings',
  'settings-call',
  'keys',
  'keys-call',
  'no-storage',
  'slow',
];
/** What is pressed before one looks; `-sure`: once, where a second press does it. */
const press = {
  locked: 'sign-in',
  bare: 'protect',
  authority: 'authority',
  desk: 'issue',
  'desk-sure': 'revoke',
  tests: 'open-tests',
  written: 'written',
  'written-empty': 'written',
  'written-due': 'open-due',
  'written-reader': 'written',
  'written-call': 'written',
  'written-files': 'written',
  'written-attached': ['written', 'send-written'],
  readout: 'written',
  settings: 'settings',
  'settings-call': 'settings',
  keys: ['settings', 'keys'],
  'keys-call': ['settings', 'keys'],
};
/** The scene beneath, where that has another name. */
const beneath = { settings: 'board', 'settings-call': 'call', keys: 'board', 'keys-call': 'call' };
let violations = 0;
for (const locale of ['en', 'ja', 'ko']) {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ]) {
    const context = await browser.newContext({ viewport: { width, height }, locale, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.on('pageerror', (error) => {
      console.error(`page error: ${error}`);
      violations++;
    });
    for (const scene of scenes.filter((name) => !only || only.includes(name))) {
      await page.goto(
        `${base}/fixtures.html?scene=${beneath[scene] ?? scene.replace('-sure', '')}${scene === 'enrol' ? '#enrol=x' : ''}`,
      );
      await page.locator('main').waitFor();
      if (scene === 'desk') await page.locator('[data-field=person]').fill('Anna Whitfield');
      for (const key of [press[scene] ?? []].flat()) await page.locator(`[data-act=${key}]`).last().click();
      // From the top: what sticks to an edge lies where it does when a page is opened.
      await page.evaluate(() => scrollTo(0, 0));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) {
        console.error(`${scene} ${locale} ${width}: wider than the screen`);
        violations++;
      }
      await page.screenshot({ path: `${out}/${scene}-${locale}-${width}.png`, fullPage: true });
      const result = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
        .analyze();
      for (const violation of result.violations) {
        violations++;
        console.error(
          `${scene} ${locale} ${width}: ${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`,
        );
      }
    }
    await context.close();
  }
}
await browser.close();
await server.close();
if (violations > 0) process.exitCode = 1;
else console.log('no violations');
