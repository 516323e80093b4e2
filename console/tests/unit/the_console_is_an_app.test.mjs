// The console can be installed: a window and an icon of its own, with a number of what waits for a person.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { badge, waitingIn } from '../../src/views/badge.ts';

const file = (name) => readFileSync(join(import.meta.dirname, '../..', name));

test('the manifest names a window of its own, and icons that are there as they are said to be', () => {
  const manifest = JSON.parse(file('public/manifest.webmanifest'));
  assert.deepEqual([manifest.display, manifest.start_url, manifest.lang], ['standalone', '/', 'en']);
  assert.match(manifest.theme_color, /^#[0-9a-f]{6}$/);
  for (const { src, sizes, type } of manifest.icons) {
    const bytes = file(`public${src}`);
    if (type === 'image/svg+xml') assert.match(bytes.toString(), /^<svg [^>]*viewBox=/);
    else assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes, src);
  }
  for (const size of ['192x192', '512x512']) assert.ok(manifest.icons.some((icon) => icon.sizes === size));
  const page = file('index.html').toString();
  assert.match(page, /<link rel="manifest" href="\/manifest.webmanifest" \/>/);
  assert.ok(page.includes(`content="${manifest.theme_color}"`));
});

test('nothing that is on the page or typed into it goes to whoever translates or corrects', () => {
  for (const name of ['index.html', 'fixtures.html'])
    assert.match(
      file(name).toString(),
      /<html lang="en" translate="no" spellcheck="false" writingsuggestions="false">/,
    );
});

const written = { unread: 0, urgency: 'routine', due: null };
const view = (more) => ({
  me: {},
  lines: [],
  consultations: [],
  tests: { pairs: [], offer: null, received: [], sent: null },
  ...more,
});

test('what waits for a person is counted', () => {
  const own = (kind) => ({
    offices: [{}],
    parties: [
      { own: true, answer: { kind } },
      { own: false, answer: {} },
    ],
  });
  for (const [count, more] of [
    [0, {}],
    [0, { me: null, lines: [{ ring: {}, missed: [], written }] }],
    [2, { lines: [{ ring: { standing: 'promised' }, missed: [{}], written }] }],
    [
      4,
      {
        lines: [
          { ring: null, missed: [], written: { ...written, unread: 3, due: {} } },
          { ring: {}, missed: [], written },
        ],
      },
    ],
    [1, { lines: [{ ring: null, missed: [], written: { ...written, due: {} } }] }],
    [1, { consultations: [own('silent'), own('coming'), { ...own('silent'), offices: [] }] }],
    [2, { tests: { offer: {}, received: [{ mayCertify: true }, { mayCertify: false }] } }],
  ])
    assert.equal(waitingIn(view(more)), count, JSON.stringify(more));
  assert.equal(waitingIn(null), 0);
});

test('the number is on the icon while something waits, and goes', () => {
  const shown = [];
  const navigator = {
    setAppBadge: async (count) => void shown.push(count),
    clearAppBadge: async () => void shown.push('none'),
  };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  for (const count of [0, 2, 2, 1, 0, 0]) badge(count);
  assert.deepEqual(shown, ['none', 2, 1, 'none']);
});
