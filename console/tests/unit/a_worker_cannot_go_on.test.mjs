// The workers themselves, with the WebAssembly that they have in a browser: one whose WebAssembly has not come, or has trapped, says so, lets nothing
// pass from then on, and tells nobody that a console which it cannot read is none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { settled } from './support/browser.mjs';

let said;
let times = 0;

beforeEach(() => {
  said = [];
  globalThis.self = { postMessage: (message) => said.push(message) };
  // Each worker here is of a browser of its own: no other one has the lock of the console.
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
});

const reached = () => {
  globalThis.fetch = async (url) =>
    new Response(readFileSync(url), { headers: { 'content-type': 'application/wasm' } });
};
const unreached = () => {
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
};

/** Starts a worker's script anew, and waits until it has said something or could have. */
async function start(name) {
  await import(`../../src/media/${name}.ts?${times++}`);
  for (let turns = 0; turns < 20; turns++) await settled();
  return self;
}

const tell = async (scope, data) => {
  scope.onmessage({ data });
  for (let turns = 0; turns < 5; turns++) await settled();
};

/** What comes out of the media worker for frames of the own voice. */
function speak(scope) {
  let into;
  const readable = new ReadableStream({ start: (controller) => (into = controller) });
  const passed = [];
  const writable = new WritableStream({ write: (frame) => void passed.push(frame) });
  scope.onrtctransform({
    transformer: { readable, writable, options: { slot: 0, leg: 1, side: 'send', voice: true } },
  });
  return {
    passed,
    async frame() {
      into.enqueue({ data: new Uint8Array(80).buffer });
      for (let turns = 0; turns < 5; turns++) await settled();
    },
  };
}

test('a media worker whose WebAssembly has not come says so, and lets nothing pass', async () => {
  unreached();
  const scope = await start('media-worker');
  assert.deepEqual(said, [{ kind: 'broken', why: 'TypeError: Failed to fetch' }]);
  const voice = speak(scope);
  await voice.frame();
  assert.deepEqual(voice.passed, []);
});

test('a keys worker whose WebAssembly has not come says so, and never that the console is not enrolled', async () => {
  unreached();
  const scope = await start('keys-worker');
  await tell(scope, { kind: 'start', node: 'wss://node.example/console', resume: null, heir: null });
  assert.deepEqual(said, [{ kind: 'broken', why: 'Failed to fetch' }]);
});

test('a keys worker that cannot open the storage says so, and never that the console is not enrolled', async () => {
  reached();
  const refused = () => {
    throw new DOMException('', 'SecurityError');
  };
  const fails = () => {
    const request = { error: new DOMException('', 'UnknownError') };
    queueMicrotask(() => request.onerror());
    return request;
  };
  for (const open of [refused, fails]) {
    said = [];
    globalThis.indexedDB = { open };
    const scope = await start('keys-worker');
    await tell(scope, { kind: 'start', node: 'wss://node.example/console', resume: null, heir: null });
    for (let turns = 0; turns < 20; turns++) await settled();
    assert.deepEqual(
      said.map(({ kind, of }) => [kind, of]),
      [['broken', 'storage']],
    );
  }
});

test('a disk that does not answer keeps the keys worker from nothing else', async () => {
  reached();
  globalThis.indexedDB = { open: () => ({}) };
  const scope = await start('keys-worker');
  await tell(scope, { kind: 'start', node: 'wss://node.example/console', resume: null, heir: null });
  await tell(scope, { kind: 'authority' });
  assert.deepEqual(said, [{ kind: 'authority', authority: null }]);
  const { port1, port2 } = new MessageChannel();
  const left = new Promise((resolve) => port2.once('message', resolve));
  await tell(scope, { kind: 'bequeath', port: port1 });
  assert.equal(await left, null, 'and the worker after it does not wait for the key of a passkey');
  port2.close();
});

test('a media worker lets no voice pass before it is told to and has a key, and none after it has trapped', async () => {
  reached();
  const { Media } = await import('../../src/wasm/trialogue_console_wasm.js');
  const scope = await start('media-worker');
  const { port1, port2 } = new MessageChannel();
  await tell(scope, { kind: 'keys', port: port1 });
  const key = {
    kind: 'seal',
    keyId: '00000001000000',
    baseKey: new Uint8Array(32).fill(1),
    parties: new Uint8Array([0]),
    tagKeys: new Uint8Array(32).fill(7),
    pictureStep: 64,
  };
  const taken = () => new Promise((resolve) => port2.once('message', resolve));
  const voice = speak(scope);
  await voice.frame();
  await tell(scope, { kind: 'sending', voice: true, picture: false });
  await voice.frame();
  assert.deepEqual(voice.passed, [], 'it has no key');
  port2.postMessage(key);
  port2.postMessage({ kind: 'prove', nonce: 'after the key' });
  assert.deepEqual(await taken(), { kind: 'proven', nonce: 'after the key' });
  await voice.frame();
  assert.equal(voice.passed.length, 1);
  assert.ok(voice.passed[0].data.byteLength > 80, 'sealed');

  const whole = Media.prototype.seal;
  Media.prototype.seal = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  await voice.frame();
  Media.prototype.seal = whole;
  assert.deepEqual(said, [{ kind: 'broken', why: 'unreachable' }]);
  port2.postMessage(key);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await voice.frame().catch(() => undefined);
  const other = speak(scope);
  await other.frame();
  assert.deepEqual([voice.passed.length, other.passed.length], [1, 0], 'also by a transform that is made after it');
  port1.close();
  port2.close();
});
