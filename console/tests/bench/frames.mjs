// What sealing and opening a frame takes in WebAssembly, as in a console's media worker: `node tests/bench/frames.mjs FILE`.
// One row per kind of frame and size of the call: µs, and the bytes that a packet has more.
import { readFile, writeFile } from 'node:fs/promises';
import { Media, initSync } from '../../src/wasm/trialogue_console_wasm.js';

const ROUNDS = 5_000;
const DEVICE = '01'.repeat(32);
const PARTIES = 3;
initSync({ module: await readFile(new URL('../../src/wasm/trialogue_console_wasm_bg.wasm', import.meta.url)) });

/** A call in which each party has so many consoles, the speaker's among them; `size`: bytes of a frame, every 20 ms. */
function measure(what, voice, size, consoles) {
  const [id, base, tag] = ['00000000000000', () => new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  // Everybody but the speaker, who is the first of party 0.
  const parties = Uint8Array.from({ length: PARTIES * consoles - 1 }, (_, n) => Math.floor((n + 1) / consoles));
  const [speaker, listener] = [new Media(), new Media()];
  speaker.seal_with(id, base(), parties, new Uint8Array(32 * parties.length).fill(2), 0, 0);
  listener.open_with(id, DEVICE, base(), tag, 1, 0, consoles, 0);
  const frame = crypto.getRandomValues(new Uint8Array(size));
  const [seal, open] = [[], []];
  let more = 0;
  for (let n = 1; n <= ROUNDS; n++) {
    const start = performance.now();
    const sealed = speaker.seal(voice, 20 * n, frame);
    const half = performance.now();
    const opened = listener.open(voice, DEVICE, 20 * n, sealed);
    const end = performance.now();
    if (opened?.length !== size) throw new Error(`frame ${n} was not opened: fate ${listener.fate()}`);
    seal.push(1_000 * (half - start));
    open.push(1_000 * (end - half));
    more = Math.max(more, sealed.length - size);
  }
  const quantile = (of, share) => of.sort((a, b) => a - b)[Math.ceil(share * of.length) - 1];
  const figures = (of) => ({ p50: quantile(of, 0.5), p99: quantile(of, 0.99) });
  return { what, size, consoles, seal_us: figures(seal), open_us: figures(open), bytes_more: more };
}

const rows = [];
for (const consoles of [1, 4]) {
  rows.push(
    measure('voice', true, 80, consoles),
    measure('picture', false, 1_200, consoles),
    measure('key frame', false, 20_000, consoles),
  );
}
for (const { what, size, consoles, seal_us, open_us, bytes_more } of rows) {
  const time = ({ p50, p99 }) => `${p50.toFixed(1).padStart(6)} ${p99.toFixed(1).padStart(7)}`;
  console.log(
    `${what.padEnd(9)} of ${String(size).padStart(5)} bytes, ${PARTIES} parties of ${consoles}: seal ${time(seal_us)}  open ${time(open_us)} µs (p50, p99), ${bytes_more} bytes more`,
  );
}
if (process.argv[2]) await writeFile(process.argv[2], `${JSON.stringify(rows, null, 2)}\n`);
