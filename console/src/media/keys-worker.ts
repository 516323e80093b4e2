/// <reference lib="webworker" />
/** Owns the WebSocket to the node, the console machine (WebAssembly) and the identity. The page gets views and gives commands. */
import type { AuthorityView } from '../generated/AuthorityView';
import type { Command } from '../generated/Command';
import type { Enrolled } from '../generated/Enrolled';
import type { Out } from '../generated/Out';
import type { View } from '../generated/View';
import init, { enrol, Machine } from '../wasm/trialogue_console_wasm.js';
import { alone } from './alone.ts';
import { Attacher } from './attacher.ts';
import type { FromKeys, KeysToMedia, MediaToKeys, ToKeys } from './messages';
import { nobody } from './nobody.ts';
import type { OpenPasskey } from './passkey';
import {
  forgetChunks,
  goBackToBefore,
  heldIdentity,
  isUnsettled,
  keepCharter,
  keepIdentity,
  keepOnlyChunks,
  keepWritings,
  loadCharter,
  loadChunk,
  openIdentity,
  openWritings,
  settleIdentity,
  StorageError,
  unlock,
} from './vault.ts';
import { verdict } from './verdict.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const page = (message: FromKeys) => scope.postMessage(message);
const us = () => performance.now() * 1000;

/** A worker that broke leaves its key at once, or not at all. */
const HEIR_MS = 500;
/** After how long it is tried again to store what could not be. */
const KEEP_AGAIN_MS = 1_000;
/** Most that an officer does before there is a machine. More is from a page that has gone wrong; less loses what was meant. */
const HELD_MAX = 64;

/** Address of the WebSocket of each slot: 0 leads to this page's site, 1 to the other one that its node has named. */
const nodes: (string | null)[] = [null, null];
/** Made of an enrolment link and not stored yet. */
let fresh: Enrolled | null = null;
/** Opens what is stored, while its owner is signed in by passkey. No script can read it out. */
let key: CryptoKey | null = null;
let machine: Machine | null = null;
/** What the officer did while the machine was being started: done once it is there. */
let held: Command[] = [];
/** The line of the call that the page was in when it was loaded anew, until a machine knows. */
let resuming: string | null = null;
/** The identity in use was made of a link, has taken another's place, and its node has not accepted it yet. */
let unsettled = false;
/** Of the identity that the machine runs with. */
let certificate: Uint8Array = new Uint8Array();
/** What is to be stored of the written line next, and whether storing is under way: the newest counts. */
let unkept: { version: number; bytes: Uint8Array } | null = null;
let keeping = false;
/** The seal of what is stored is being changed: nothing is stored meanwhile. */
let sealing = false;
const sockets: (WebSocket | null)[] = [null, null];
const reconnects: (ReturnType<typeof setTimeout> | undefined)[] = [undefined, undefined];
let active = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let media: MessagePort | null = null;
/** What a media worker that starts later must know of places. */
const places = new Map<string, KeysToMedia>();
const attacher = new Attacher({
  machine: () => machine,
  run,
  finish: (m) => m.finishAttaching(us(), Date.now()),
  say: (attaching) => page({ kind: 'attaching', attaching }),
  log: (line) => page({ kind: 'log', line }),
});

/** The machine stopped for good, or never came: the page starts another worker. */
let isOver = false;

// What reads or stores an identity waits for what did so before; nothing else waits for it: a disk that does not answer keeps nobody in a call.
let turn: Promise<void> = init().then(
  () => undefined,
  // Without it every identity would look like a damaged one, and its owner would be told that this console is not enrolled.
  (error: unknown) => broken(error),
);
scope.onmessage = ({ data }: MessageEvent<ToKeys>) => {
  if (isOfIdentity(data)) turn = turn.then(() => (isOver ? undefined : identify(data))).catch(unforeseen);
  else
    try {
      take(data);
    } catch (error) {
      unforeseen(error);
    }
};

/** Uses or changes what is stored of this device. */
type OfIdentity = Extract<ToKeys, { kind: 'start' | 'enrol' | 'drop' | 'keep' | 'signIn' }>;

const isOfIdentity = (message: ToKeys): message is OfIdentity =>
  ['start', 'enrol', 'drop', 'keep', 'signIn'].includes(message.kind);

function unforeseen(error: unknown) {
  if (error instanceof WebAssembly.RuntimeError) return broken(error);
  page({ kind: 'log', line: `keys worker: ${String(error)}` });
}

async function identify(message: OfIdentity): Promise<void> {
  switch (message.kind) {
    case 'start': {
      nodes[0] = message.node;
      resuming = message.resume;
      await alone(() => page({ kind: 'view', view: { ...nobody, trouble: { kind: 'otherTab' } } }));
      return resume(message.heir).catch((error: unknown) => {
        if (!(error instanceof StorageError)) throw error;
        // Whether there is an identity is not known: the next worker looks again.
        broken(error, 'storage');
      });
    }
    case 'enrol':
      return answer(async () => {
        fresh?.secret.fill(0);
        fresh = enrol(message.fragment, Date.now()) as Enrolled;
      });
    case 'drop':
      fresh?.secret.fill(0);
      fresh = null;
      return;
    case 'keep':
      return answer(() => keep(message.passkey));
    case 'signIn':
      return answer(async () => {
        const stored = await heldIdentity();
        if (!stored?.passkey) throw new Error('no identity');
        const opened = await unlock(stored, message.output);
        const identity = await openIdentity(stored, opened).catch(() => {
          throw new Error('wrong');
        });
        await start(identity, opened);
      });
  }
}

function take(message: Exclude<ToKeys, OfIdentity>): void {
  switch (message.kind) {
    case 'bequeath':
      return message.port.postMessage(key);
    case 'noCall':
      resuming = null;
      return;
    case 'authority':
      return page({ kind: 'authority', authority: (machine?.authority() as AuthorityView | undefined) ?? null });
    case 'media': {
      const first = media === null;
      media = message.port;
      media.onmessage = ({ data }: MessageEvent<MediaToKeys>) =>
        run((m) => {
          if (data.kind === 'heard') m.legHeard(us(), Date.now(), data.slot, data.leg);
          else if (data.kind === 'proven') m.proven(us(), Date.now(), data.nonce);
          else if (data.kind === 'suspect') m.suspect(us(), Date.now(), data.device, data.forged);
          else m.heard(us(), Date.now(), data.heard);
        });
      tell({ kind: 'use', slot: active });
      for (const place of places.values()) media.postMessage(place);
      if (!first) run((m) => m.workerRestarted(us(), Date.now()));
      return;
    }
    case 'command':
      if (machine) return run((m) => m.command(us(), Date.now(), message.command));
      if (held.length < HELD_MAX) held.push(message.command);
      return;
    case 'attach':
      return attacher.attach(message.line, message.files);
    case 'stopAttaching':
      return attacher.stop();
    case 'network':
      return network();
    case 'offer':
      return run((m) => m.legOffer(us(), Date.now(), message.slot, message.leg, message.sdp));
    case 'unfit':
      return run((m) => m.legUnfit(us(), Date.now(), message.slot, message.leg, message.why));
    case 'leg':
      return run((m) => m.legState(us(), Date.now(), message.slot, message.leg, message.up));
    default:
      message satisfies never;
  }
}

async function answer(act: () => Promise<void>) {
  try {
    await act();
    page({ kind: 'done' });
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    page({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  }
}

/** What was stored starts, once its owner is there. */
async function resume(heir: MessagePort | null) {
  const stored = await heldIdentity();
  if (!stored) return nobodyIsHere();
  key = stored.passkey && heir ? await inherited(heir) : null;
  if (stored.passkey && !key) {
    nobodyIsHere();
    return page({ kind: 'locked', passkey: { credential: stored.passkey.credential, salt: stored.passkey.salt } });
  }
  try {
    await start(await openIdentity(stored, key), key);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError || error instanceof StorageError) throw error;
    // Damaged, or of another version: it is as good as none.
    return nobodyIsHere();
  }
}

/** There is no console that anybody could have meant. */
function nobodyIsHere() {
  held = [];
  page({ kind: 'view', view: nobody });
}

function inherited(heir: MessagePort): Promise<CryptoKey | null> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), HEIR_MS);
    heir.onmessage = ({ data }: MessageEvent<CryptoKey | null>) => (clearTimeout(late), resolve(data));
  });
}

/** Stores what was made of a link, or seals what is in use anew; a link works once, so it is on disk before the node hears of it. */
async function keep(by: OpenPasskey | null) {
  const made = fresh;
  fresh = null;
  if (made) {
    // Another console than the one that was in a call here.
    resuming = null;
    held = [];
    return start(made, await keepIdentity({ ...made, secret: made.secret.slice() }, by));
  }
  const stored = await heldIdentity();
  if (!stored) throw new Error('no identity');
  // What was written is stored under the new seal, and not under the one that this takes away.
  sealing = true;
  try {
    key = await keepIdentity(await openIdentity(stored, key), by);
  } finally {
    sealing = false;
    void store();
  }
  run((m) => m.keepAgain(us(), Date.now()));
  page({ kind: 'unlocked', passkey: key !== null });
}

/** `by`: the key of the passkey that it is sealed under, if any; kept once everything else has worked. */
async function start(identity: Enrolled, by: CryptoKey | null) {
  halt();
  const charter = await loadCharter();
  const next = new Machine(identity.secret, identity.certificate, identity.root, charter, true);
  next.reachedAt(location.origin);
  identity.secret.fill(0);
  key = by;
  certificate = identity.certificate;
  const writings = await openWritings(certificate, key);
  next.keepWritings(writings);
  writings?.fill(0);
  machine = next;
  unsettled = await isUnsettled();
  // What the one before it was sending is not in the way.
  if (!unsettled) void keepOnlyChunks(next.chunksNeeded()).catch(() => undefined);
  page({ kind: 'unlocked', passkey: key !== null });
  // Before the node can say a word: a machine that hears that it is in a call and knows of none hangs up.
  const line = resuming;
  resuming = null;
  if (line) run((m) => m.command(us(), Date.now(), { kind: 'resume', line }));
  const waiting = held;
  held = [];
  for (const command of waiting) run((m) => m.command(us(), Date.now(), command));
  connect(0);
  run((m) => m.tick(us(), Date.now()));
}

/** Whether the device that was made of a link takes the place of the one that was here. */
function settle(view: View) {
  const said = unsettled ? verdict(view) : null;
  if (said === null) return;
  unsettled = false;
  turn = turn.then(() => (isOver ? undefined : said === 'refused' ? goBack() : settleIdentity())).catch(unforeseen);
}

/** The link did not work: the device that was here goes on. */
async function goBack() {
  halt();
  await goBackToBefore();
  page({ kind: 'wentBack' });
  await resume(null);
}

/** The machine and its connections end; whoever starts another says what with. */
function halt() {
  clearTimeout(timer);
  close(0);
  close(1);
  nodes[1] = null;
  active = 0;
  machine?.free();
  machine = null;
  unkept = null;
}

function connect(slot: number) {
  close(slot);
  const address = nodes[slot];
  if (!address) return;
  const mine = new WebSocket(address);
  mine.binaryType = 'arraybuffer';
  sockets[slot] = mine;
  mine.onopen = () => mine === sockets[slot] && run((m) => m.opened(us(), Date.now(), slot));
  mine.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (mine === sockets[slot] && typeof data !== 'string')
      run((m) => m.received(us(), Date.now(), slot, new Uint8Array(data)));
  };
  mine.onclose = () => {
    if (mine !== sockets[slot]) return;
    sockets[slot] = null;
    run((m) => m.closed(us(), Date.now(), slot));
  };
}

/** Forgets the WebSocket of a slot, and that it was to be opened. */
function close(slot: number) {
  clearTimeout(reconnects[slot]);
  reconnects[slot] = undefined;
  const old = sockets[slot];
  sockets[slot] = null;
  old?.close();
}

/** The network is back, or another one: what was open leads nowhere. */
function network() {
  run((m) => m.network(us(), Date.now()));
}

/** One call of the machine, then everything that it wants done, then its next tick. */
function run(call: (machine: Machine) => void) {
  if (!machine) return;
  try {
    call(machine);
    for (let out = machine.poll() as Out | undefined; out; out = machine.poll() as Out | undefined) act(out);
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError
      ? broken(error)
      : page({ kind: 'log', line: `keys worker: ${String(error)}` });
  }
  clearTimeout(timer);
  const at = machine.nextTimeout();
  if (at !== undefined) timer = setTimeout(() => run((m) => m.tick(us(), Date.now())), Math.max(0, (at - us()) / 1000));
}

/** After a trap nothing of the machine can be trusted: sending stops, and the page starts a worker with a new one. */
function broken(error: unknown, of?: 'storage') {
  isOver = true;
  tell({ kind: 'stop' });
  machine = null;
  held = [];
  clearTimeout(timer);
  close(0);
  close(1);
  page({ kind: 'broken', why: error instanceof Error ? error.message : String(error), ...(of ? { of } : {}) });
}

/** Stores what the written line must not lose, one after the other. What cannot be stored is tried again: nothing is said before it is. */
async function store() {
  if (keeping || sealing) return;
  keeping = true;
  for (let next = unkept; next; next = unkept) {
    unkept = null;
    const { version, bytes } = next;
    try {
      await keepWritings(bytes, certificate, key);
      run((m) => m.kept(us(), Date.now(), version));
    } catch (error) {
      page({ kind: 'log', line: `keys worker: writings are not stored: ${String(error)}` });
      setTimeout(() => run((m) => m.keepAgain(us(), Date.now())), KEEP_AGAIN_MS);
    }
  }
  keeping = false;
}

function tell(message: KeysToMedia) {
  media?.postMessage(message);
}

function act(out: Out) {
  switch (out.kind) {
    case 'send': {
      const socket = sockets[out.slot];
      if (socket?.readyState === WebSocket.OPEN) socket.send(new Uint8Array(out.bytes));
      return;
    }
    case 'reconnect':
      close(out.slot);
      reconnects[out.slot] = setTimeout(() => connect(out.slot), out.afterMs);
      return;
    case 'connect':
      nodes[out.slot] = `${out.url.replace(/^http/, 'ws')}/console`;
      return connect(out.slot);
    case 'use':
      active = out.slot;
      tell({ kind: 'use', slot: out.slot });
      return page({ kind: 'use', slot: out.slot });
    case 'stop':
      return close(out.slot);
    case 'view':
      settle(out.view);
      return page({ kind: 'view', view: out.view });
    case 'makeOffer':
      for (const [key, place] of places) if (place.kind === 'place' && place.slot === out.slot) places.delete(key);
      return page({ kind: 'makeOffer', slot: out.slot, leg: out.leg });
    case 'legAnswer':
      return page({ kind: 'answer', slot: out.slot, leg: out.leg, sdp: out.sdp });
    case 'seal':
      return tell(
        out.keyId !== null && out.baseKey !== null
          ? {
              kind: 'seal',
              keyId: out.keyId,
              baseKey: out.baseKey,
              parties: out.parties,
              tagKeys: out.tagKeys,
              pictureStep: out.pictureStep,
            }
          : { kind: 'stop' },
      );
    case 'openKey':
      return tell({
        kind: 'open',
        keyId: out.keyId,
        device: out.device,
        baseKey: out.baseKey,
        tagKey: out.tagKey,
        party: out.party,
        turn: out.turn,
        fellows: out.fellows,
        floor: out.floor,
      });
    case 'forgetKey':
      return tell({ kind: 'forget', keyId: out.keyId, over: out.over });
    case 'place': {
      const place = {
        kind: 'place' as const,
        slot: out.slot,
        leg: out.leg,
        mid: out.mid,
        device: out.device,
        voice: out.voice,
      };
      places.set(`${out.slot} ${out.mid}`, place);
      tell(place);
      return page(place);
    }
    case 'proveAlive':
      return tell({ kind: 'prove', nonce: out.nonce });
    case 'keep':
      unkept?.bytes.fill(0);
      unkept = { version: out.version, bytes: out.bytes };
      return void store();
    case 'giveChunk':
      return void loadChunk(out.hash)
        .catch(() => undefined)
        .then((bytes) => run((m) => m.chunk(us(), Date.now(), out.hash, bytes)));
    case 'forgetChunks':
      return void forgetChunks(out.hashes).catch(() => undefined);
    case 'file': {
      const bytes = new Uint8Array(out.bytes);
      return scope.postMessage({ kind: 'file', id: out.id, at: out.at, bytes, whole: out.whole } satisfies FromKeys, [
        bytes.buffer,
      ]);
    }
    case 'written':
      return page({ kind: 'written', written: out.written });
    case 'charter':
      return void keepCharter(out.bytes).catch(() => undefined);
    case 'log':
      return page({ kind: 'log', line: out.line });
    case 'ringing':
      return;
    default:
      // A new output is named here by the compiler.
      out satisfies never;
  }
}
