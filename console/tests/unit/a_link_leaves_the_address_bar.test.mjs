// The secret of an enrolment link is out of the address bar and the history before anything else of the page runs, whatever fails afterwards.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const read = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

function page(url) {
  const at = new URL(url);
  const listeners = {};
  const told = [];
  const history = {
    entries: [url],
    replaceState(_state, _title, to) {
      this.entries[this.entries.length - 1] = new URL(to, at).href;
      at.href = new URL(to, at).href;
    },
  };
  const scope = {
    location: at,
    history,
    Event: class {
      constructor(type) {
        this.type = type;
      }
    },
    addEventListener: (type, hear) => (listeners[type] = hear),
    dispatchEvent: (event) => told.push(event.type),
  };
  scope.globalThis = scope;
  runInNewContext(read('public/link.js'), scope);
  return { scope, at, history, listeners, told };
}

test('nothing of it is left in the address or the history', () => {
  const { scope, at, history } = page('https://node.example/?lang=ja#enrol=c2VjcmV0');
  assert.equal(at.href, 'https://node.example/?lang=ja');
  assert.deepEqual(history.entries, ['https://node.example/?lang=ja']);
  assert.equal(scope.takeEnrolmentLink(), '#enrol=c2VjcmV0');
  assert.equal(scope.takeEnrolmentLink(), null, 'it is given once');
});

test('a link opened in the tab of a console that runs goes the same way', () => {
  const { scope, at, listeners, told } = page('https://node.example/');
  assert.equal(scope.takeEnrolmentLink(), null);
  at.hash = '#enrol=bGF0ZXI';
  listeners.hashchange();
  assert.equal(at.href, 'https://node.example/');
  assert.deepEqual(told, ['enrolment-link']);
  assert.equal(scope.takeEnrolmentLink(), '#enrol=bGF0ZXI');
});

test('other places in the page are left alone', () => {
  assert.equal(page('https://node.example/officer#devices').at.href, 'https://node.example/officer#devices');
});

test('it is the first script of the page, needs no other, and nothing else reads the fragment', () => {
  const html = read('index.html');
  const scripts = [...html.matchAll(/<(script|link)[^>]*(src|href)="([^"]*)"[^>]*>/g)].filter(
    (found) => found[1] === 'script',
  );
  assert.match(scripts[0][0], /^<script src="\/link\.js">$/);
  assert.ok(html.indexOf('/link.js') < html.indexOf('<link'), 'before anything else is asked for');
  assert.doesNotMatch(read('public/link.js'), /import|fetch/);
  for (const name of ['src/main.ts', 'src/views/App.svelte', 'src/media/live.ts'])
    assert.doesNotMatch(read(name), /location\.hash/, name);
});
