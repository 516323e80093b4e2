/// <reference lib="webworker" />
/** Seals what leaves and opens what comes. Without a key nothing passes: every failure is a dropped frame, never a clear one. */
import init, { Fate, Media } from '../wasm/trialogue_console_wasm.js';
import { Counts } from './counts.ts';
import { Hold } from './hold.ts';
import type { FromMedia, KeysToMedia, MediaToKeys, ToMedia, TransformOptions } from './messages';

type Frame = RTCEncodedAudioFrame | RTCEncodedVideoFrame;
interface Transformer {
  readable: ReadableStream<Frame>;
  writable: WritableStream<Frame>;
  options: TransformOptions;
  sendKeyFrameRequest?: () => Promise<void>;
  generateKeyFrame?: () => Promise<unknown>;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
const counts = new Counts();
/** By slot, leg and place: what an older leg still brings goes nowhere. */
const places = new Map<string, { slot: number; leg: number; device: string | null; hold: Hold }>();
let media: Media | null = null;
let keys: MessagePort | null = null;
const early: KeysToMedia[] = [];
/** What the officer lets out. Frames under way in the encoder when the key was pressed are dropped here. */
let sending = { voice: false, picture: false };
/** Over which leg is spoken and heard. The other one is warm: nothing that it brings is opened, nothing goes out over it. */
let active = 0;
const heardAt = [-1000, -1000];
/** The own picture's way out, while its next frame must be a key frame: what came before was dropped. */
let broken: Transformer | null = null;

/** The WebAssembly did not come, or a trap has left it in a state that nobody knows. */
let isOver = false;

/** Nothing is sealed or opened here any more, and the page starts another worker. */
function end(why: string) {
  if (isOver) return;
  isOver = true;
  media = null;
  scope.postMessage({ kind: 'broken', why } satisfies FromMedia);
}

function trapped(error: unknown) {
  if (error instanceof WebAssembly.RuntimeError) end(error.message);
}

const ready = init().then(() => {
  media = new Media();
  early.splice(0).forEach(hear);
});
ready.catch((error: unknown) => end(String(error)));

scope.onmessage = (event: MessageEvent<ToMedia>) => {
  if (event.data.kind === 'keys') {
    keys = event.data.port;
    keys.onmessage = ({ data }: MessageEvent<KeysToMedia>) => (media || isOver ? hear(data) : early.push(data));
  } else if (event.data.kind === 'sending') {
    sending = event.data;
  } else {
    scope.postMessage({ kind: 'counts', counts: counts.all() } satisfies FromMedia);
  }
};

function hear(message: KeysToMedia) {
  if (isOver) return;
  try {
    take(message);
  } catch (error) {
    trapped(error);
    throw error;
  }
}

function take(message: KeysToMedia) {
  switch (message.kind) {
    case 'seal':
      media!.seal_with(
        message.keyId,
        message.baseKey,
        message.parties,
        message.tagKeys,
        message.pictureStep,
        performance.now(),
      );
      // Nobody can show a picture before a key frame: it need not be asked for across the world.
      void broken?.generateKeyFrame?.().catch(() => undefined);
      broken = null;
      return;
    case 'prove':
      if (Media.probe(crypto.getRandomValues(new Uint8Array(192))))
        keys?.postMessage({ kind: 'proven', nonce: message.nonce } satisfies MediaToKeys);
      return;
    case 'stop':
      return media!.stop();
    case 'forget':
      return media!.forget(message.keyId, message.over);
    case 'open':
      media!.open_with(
        message.keyId,
        message.device,
        message.baseKey,
        message.tagKey,
        message.party,
        message.turn,
        message.fellows,
        message.floor,
      );
      for (const place of places.values()) place.hold.release();
      return;
    case 'use':
      active = message.slot;
      return;
    case 'place': {
      const { slot, leg, mid } = message;
      // Of a leg that is gone, or not here yet, free is what every place is.
      if (message.device === null && !places.has(keyOf(slot, leg, mid))) return;
      const place = placeOf(slot, leg, mid);
      if (place.device !== message.device) {
        place.hold.clear();
        if (message.device !== null) counts.fresh(message.device, message.voice);
      }
      place.device = message.device;
      place.hold.release();
    }
  }
}

const keyOf = (slot: number, leg: number, mid: string) => `${slot} ${leg} ${mid}`;

function placeOf(slot: number, leg: number, mid: string) {
  const key = keyOf(slot, leg, mid);
  let place = places.get(key);
  if (!place) places.set(key, (place = { slot, leg, device: null, hold: new Hold() }));
  return place;
}

function seal(
  transformer: Transformer,
  voice: boolean,
  frame: Frame,
  controller: TransformStreamDefaultController<Frame>,
) {
  const allowed = voice ? sending.voice : sending.picture;
  // The same voice waits at the other leg, so that it goes on there at once.
  if (transformer.options.slot !== active) return;
  const sealed = allowed ? media?.seal(voice, performance.now(), new Uint8Array(frame.data)) : undefined;
  if (!sealed) {
    if (!voice && allowed) broken = transformer;
    return counts.dropped('me', voice);
  }
  frame.data = sealed.buffer as ArrayBuffer;
  counts.passed('me', voice);
  controller.enqueue(frame);
}

/** Frames that are not their sender's, or late: said at most once a second per sender and reason. */
const suspected = new Map<string, number>();
function suspect(device: string, forged: boolean) {
  const now = performance.now();
  const key = `${device} ${forged}`;
  if (now - (suspected.get(key) ?? -1000) < 1000) return;
  if (suspected.size > 256) suspected.clear();
  suspected.set(key, now);
  keys?.postMessage({ kind: 'suspect', device, forged } satisfies MediaToKeys);
}

/** What was opened is remembered outside of this worker: one after it opens none of it again. */
let marked = 0;
function mark() {
  const now = performance.now();
  if (now - marked < 200) return;
  marked = now;
  keys?.postMessage({ kind: 'opened', heard: media!.heard() } satisfies MediaToKeys);
}

/** A site that brings media is alive. */
function heard(slot: number, leg: number) {
  const now = performance.now();
  if (now - (heardAt[slot] ?? now) < 50) return;
  heardAt[slot] = now;
  keys?.postMessage({ kind: 'heard', slot, leg } satisfies MediaToKeys);
}

function receive(transformer: Transformer, slot: number, leg: number, voice: boolean, mid: string) {
  // Numbers of a slot's legs go up. What is said of places and what is made of them come by different ways: the newer may be here first.
  for (const [key, old] of places) if (old.slot === slot && old.leg < leg) places.delete(key);
  const place = placeOf(slot, leg, mid);
  // A picture is only of use from a key frame on.
  let wantsKeyFrame = !voice;
  let askedAt = 0;
  const askKeyFrame = () => {
    if (voice || performance.now() - askedAt < 300) return;
    askedAt = performance.now();
    transformer.sendKeyFrameRequest?.().catch(() => undefined);
  };
  /** True: done with this frame, one way or the other. */
  const open = (frame: Frame, cameAt: number, controller: TransformStreamDefaultController<Frame>): boolean => {
    if (!media || place.device === null) return false;
    const opened = media.open(voice, place.device, cameAt, new Uint8Array(frame.data));
    if (opened) {
      if (media.fate() === Fate.Longer) suspect(place.device, false);
      mark();
      if (!voice && (frame as RTCEncodedVideoFrame).type === 'key') wantsKeyFrame = false;
      counts.passed(place.device, voice);
      if (wantsKeyFrame) return (askKeyFrame(), true);
      frame.data = opened.buffer as ArrayBuffer;
      controller.enqueue(frame);
      return true;
    }
    const fate = media.fate();
    // The place was given to another a moment ago; who has it, and its key, this worker is about to hear.
    if (fate === Fate.OtherSender || fate === Fate.UnknownKey) return false;
    if (fate === Fate.Forged) suspect(place.device, true);
    counts.dropped(place.device, voice);
    if (!voice) {
      wantsKeyFrame = true;
      askKeyFrame();
    }
    return true;
  };
  return new TransformStream<Frame, Frame>({
    start(controller) {
      place.hold.attach({
        open: (frame, cameAt) => open(frame, cameAt, controller),
        lost: () => {
          counts.dropped(place.device ?? '', voice);
          if (!voice) {
            wantsKeyFrame = true;
            askKeyFrame();
          }
        },
      });
    },
    transform(frame) {
      heard(slot, leg);
      // Opened here it could not be opened where it is heard: each frame counts once.
      if (slot === active) place.hold.push(frame);
    },
  });
}

(scope as unknown as { onrtctransform: (event: { transformer: Transformer }) => void }).onrtctransform = ({
  transformer,
}) => {
  const { options } = transformer;
  const through =
    options.side === 'send'
      ? new TransformStream<Frame, Frame>({
          transform: (frame, controller) => seal(transformer, options.voice, frame, controller),
        })
      : receive(transformer, options.slot, options.leg, options.voice, options.mid);
  // A broken pipe ends this stream: fail closed.
  void ready.then(() => transformer.readable.pipeThrough(through).pipeTo(transformer.writable)).catch(trapped);
};
