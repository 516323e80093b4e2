/** The real engine: wires the page, the two workers and the leg together. It decides nothing about keys, rings or members. */
import type { AuthorityView } from '../generated/AuthorityView';
import type { Command } from '../generated/Command';
import type { Floor } from '../generated/Floor';
import type { View } from '../generated/View';
import type { WrittenView } from '../generated/WrittenView';
import { capture, CaptureError, choices } from './capture';
import type { Attaching, Engine, Gate, LocalMedia, Rules } from './engine';
import { IN_CALL, remembered, type InCall } from './in-call';
import { canSeal, Leg } from './leg';
import type { Count, FromKeys, FromMedia, ToKeys, ToMedia } from './messages';
import { Saver } from './save';
import { makePasskey, PasskeyError, passkeyTrouble, usePasskey, type OpenPasskey, type Passkey } from './passkey';
import { Sound } from './sound';
import { Watched } from './watched';

/** How often the loudness of voices is looked at, in milliseconds. */
const LOUDNESS_MS = 150;
/** A media worker that has not answered for so long is replaced. */
const WORKER_SILENT_MS = 3_000;

export class LiveEngine implements Engine {
  #keys!: Worker;
  #media!: Worker;
  /** Times that the keys worker broke in a row. */
  #broken = 0;
  /** To this page's site, and to the other one. */
  #legs: (Leg | null)[] = [null, null];
  #active = 0;
  #sound = new Sound();
  #view: View | null = null;
  #viewers = new Set<(view: View) => void>();
  #written = new Watched<WrittenView | null>(null);
  #attaching = new Watched<Attaching | null>(null);
  #saver = new Saver();
  /** The line whose written line the page shows: a keys worker that starts anew is told again. */
  #reading: string | null = null;
  #local = new Watched<LocalMedia>({
    voice: true, picture: true, preview: null, voiceTrouble: null, pictureTrouble: null,
    microphones: [], cameras: [], speakers: [], microphone: null, camera: null, speaker: null,
  });
  #voice: MediaStreamTrack | null = null;
  #picture: MediaStreamTrack | null = null;
  /** mid by device and medium. */
  #placesOf = [0, 1].map(() => ({ voice: new Map<string, string>(), picture: new Map<string, string>() }));
  #levels = new Map<string, number>();
  #counts: Count[] = [];
  #heard = 0;
  /** What the keys worker was asked last and has not answered. */
  #asked: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #authority: ((authority: AuthorityView | null) => void)[] = [];
  #gate = new Watched<Gate>('open');
  /** The passkey that opens this console, while it is locked. */
  #passkey: Passkey | null = null;
  #rules: Promise<Rules> | null = null;
  #logs: string[] = [];
  /** One capture at a time, in order, so that fast key presses end in the last state asked for. */
  #turn: Promise<void> = Promise.resolve();
  #inCall = false;
  /** The call that this tab was in when it was loaded anew, until it is back in it. */
  #resume: InCall | null = remembered();
  #sending = { voice: false, picture: false };
  /** The call's marking is on screen. */
  #marked = false;
  /** Whom this console reaches in the call, as it was seen last. */
  #floor: Floor = 'open';

  constructor() {
    this.#startKeys();
    setInterval(() => this.#watchMedia(), 1_000);
    setInterval(() => void this.#listen().catch(() => undefined), LOUDNESS_MS);
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#list());
    addEventListener('online', () => this.#tell({ kind: 'network' }));
    addEventListener('pointerdown', () => this.#sound.play());
    addEventListener('keydown', () => this.#sound.play());
  }

  /** Over which is spoken and heard. */
  get #leg(): Leg | null {
    return this.#legs[this.#active] ?? null;
  }

  get #places() {
    return this.#placesOf[this.#active]!;
  }

  onView(see: (view: View) => void) {
    this.#viewers.add(see);
    if (this.#view) see(this.#view);
    return () => void this.#viewers.delete(see);
  }

  onWritten(see: (written: WrittenView | null) => void) {
    return this.#written.on(see);
  }

  onAttaching(see: (attaching: Attaching | null) => void) {
    return this.#attaching.on(see);
  }

  attach(line: string, files: File[]) {
    this.#tell({ kind: 'attach', line, files });
  }

  stopAttaching() {
    this.#tell({ kind: 'stopAttaching' });
  }

  saveFile(id: string, at: number, name: string) {
    this.#saver.begin(id, at, name);
    this.command({ kind: 'saveFile', id, at });
  }

  onLocal(see: (local: LocalMedia) => void) {
    return this.#local.on(see);
  }

  onGate(see: (gate: Gate) => void) {
    return this.#gate.on(see);
  }

  rules(): Promise<Rules> {
    this.#rules ??= fetch('/console.json', { cache: 'no-store' })
      .then((answer) => answer.json())
      .then((rules: Partial<Rules>): Rules => ({ passkeys: rules.passkeys === 'offered' ? 'offered' : 'required' }))
      .catch(() => {
        this.#rules = null;
        return { passkeys: 'required' };
      });
    return this.#rules;
  }

  readonly passkeyTrouble = passkeyTrouble;

  /** The link is read before a passkey is made: a bad one leaves none behind. */
  async enrol(fragment: string, passkey: boolean): Promise<void> {
    if (!passkey && (await this.rules()).passkeys === 'required') throw new PasskeyError('failed');
    await this.#ask({ kind: 'enrol', fragment });
    try {
      await this.#keep(passkey ? await makePasskey() : null);
    } catch (error) {
      this.#tell({ kind: 'drop' });
      throw error;
    }
  }

  async protect(): Promise<void> {
    await this.#keep(await makePasskey());
  }

  async signIn(): Promise<void> {
    if (!this.#passkey) return;
    const output = await usePasskey(this.#passkey);
    await this.#ask({ kind: 'signIn', output }, [output]).catch((error: Error) => {
      throw new PasskeyError(error.message === 'wrong' ? 'wrong' : 'failed');
    });
  }

  authority(): Promise<AuthorityView | null> {
    return new Promise((resolve) => {
      this.#authority.push(resolve);
      this.#tell({ kind: 'authority' });
    });
  }

  #keep(passkey: OpenPasskey | null): Promise<void> {
    return this.#ask({ kind: 'keep', passkey }, passkey ? [passkey.output] : []);
  }

  #ask(message: ToKeys, transfer: Transferable[] = []): Promise<void> {
    this.#asked?.reject(new PasskeyError('cancelled'));
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#tell(message, transfer);
    });
  }

  #setGate(gate: Gate) {
    this.#gate.set(gate);
  }

  command(command: Command) {
    if (command.kind === 'openWritten') this.#reading = command.line;
    if (command.kind === 'openWritten' || command.kind === 'stopSaving') this.#saver.stop();
    this.#tell({ kind: 'command', command });
  }

  marked(shown: boolean) {
    if (shown === this.#marked) return;
    this.#marked = shown;
    if (!shown) this.#let({ voice: false, picture: false });
    void this.#apply();
  }

  /** May anything be captured and leave? A console that listens or is held sends nothing, and so does one that hides the marking. */
  get #may(): boolean {
    return this.#inCall && this.#marked && this.#floor !== 'listening' && this.#floor !== 'held';
  }

  // Off acts at once: it does not wait behind a microphone that is being opened.
  setVoice(on: boolean): Promise<void> {
    this.#change({ voice: on });
    if (!on) this.#let({ voice: false });
    if (!on) for (const leg of this.#legs) void leg?.sendVoice(null).catch(() => undefined);
    return this.#apply();
  }

  setPicture(on: boolean): Promise<void> {
    this.#change({ picture: on });
    if (!on) this.#let({ picture: false });
    if (!on) for (const leg of this.#legs) void leg?.sendPicture(null).catch(() => undefined);
    return this.#apply();
  }

  async choose(kind: 'microphone' | 'camera' | 'speaker', id: string): Promise<void> {
    this.#change({ [kind]: id || null });
    if (kind === 'speaker') return this.#sound.choose(id);
    this.#turn = this.#turn.then(() => {
      const track = kind === 'microphone' ? this.#voice : this.#picture;
      track?.stop();
      if (kind === 'microphone') this.#voice = null;
      else this.#picture = null;
    });
    await this.#apply();
  }

  picture(device: string): MediaStream | null {
    const mid = this.#places.picture.get(device);
    return (mid !== undefined && this.#leg?.place(mid)?.stream) || null;
  }

  level(device: string): number {
    return this.#levels.get(device) ?? 0;
  }

  /** For tests and the operator: what passed the workers, and the browser's own statistics by device. */
  async measure() {
    const rows: Record<string, unknown>[] = [];
    const stats = (await this.#leg?.stats()) ?? [];
    for (const [medium, places] of Object.entries(this.#places)) {
      for (const [device, mid] of places) {
        const inbound = stats.find((row) => row.type === 'inbound-rtp' && row.mid === mid);
        rows.push({ device, medium, mid, ...inbound });
      }
    }
    const outbound = stats.filter((row) => row.type === 'outbound-rtp');
    return { view: this.#view, counts: this.#counts, inbound: rows, outbound, logs: this.#logs, connection: this.#leg?.connection.connectionState ?? 'none', site: this.#active, legs: this.#legs.map((leg) => leg?.connection.connectionState ?? 'none') };
  }

  #tell(message: ToKeys, transfer: Transferable[] = []) {
    this.#keys.postMessage(message, transfer);
  }

  #startKeys(heir: MessagePort | null = null) {
    const mine = new Worker(new URL('./keys-worker.ts', import.meta.url), { type: 'module', name: 'keys' });
    this.#keys = mine;
    mine.onmessage = ({ data }: MessageEvent<FromKeys>) => mine === this.#keys && this.#fromKeys(data);
    mine.onerror = (event) => mine === this.#keys && this.#restartKeys(event.message);
    this.#startMedia();
    const node = `${location.origin.replace(/^http/, 'ws')}/console`;
    this.#tell({ kind: 'start', node, resume: this.#resume?.line ?? null, heir }, heir ? [heir] : []);
  }

  /** A new keys worker has no keys: it comes in again, and the media worker and the leg are new as well. */
  #restartKeys(why: string) {
    this.#resume = remembered();
    this.#log(`keys worker stopped: ${why}`);
    const { port1, port2 } = new MessageChannel();
    const old = this.#keys;
    old.onmessage = null;
    old.onerror = null;
    this.#tell({ kind: 'bequeath', port: port1 }, [port1]);
    this.#asked?.reject(new PasskeyError('failed'));
    this.#asked = null;
    this.#saver.stop();
    this.#attaching.set(null);
    this.#media.terminate();
    for (const leg of this.#legs) leg?.close();
    this.#legs = [null, null];
    this.#active = 0;
    this.#heard = Number.POSITIVE_INFINITY;
    this.#show(this.#view && { ...this.#view, trouble: { kind: 'worker' } });
    setTimeout(() => {
      old.terminate();
      this.#startKeys(port2);
    }, Math.min(15_000, 500 * 2 ** this.#broken++));
  }

  #startMedia() {
    this.#media = new Worker(new URL('./media-worker.ts', import.meta.url), { type: 'module', name: 'media' });
    this.#heard = performance.now() + 10_000; // The first answer waits for the WebAssembly.
    this.#media.onmessage = ({ data }: MessageEvent<FromMedia>) => {
      this.#counts = data.counts;
      this.#heard = performance.now();
    };
    const { port1, port2 } = new MessageChannel();
    this.#media.postMessage({ kind: 'keys', port: port1 } satisfies ToMedia, [port1]);
    this.#tell({ kind: 'media', port: port2 }, [port2]);
    this.#let({});
  }

  /** What the media worker lets out, from the next frame on. */
  #let(change: Partial<{ voice: boolean; picture: boolean }>) {
    this.#sending = { ...this.#sending, ...change };
    this.#media.postMessage({ kind: 'sending', ...this.#sending } satisfies ToMedia);
  }

  /** A media worker that crashed or hangs is replaced; the new one gets keys of a new generation. Nothing is sent in between. */
  #watchMedia() {
    this.#media.postMessage({ kind: 'count' } satisfies ToMedia);
    if (performance.now() - this.#heard < WORKER_SILENT_MS || document.visibilityState === 'hidden') return;
    this.#media.terminate();
    this.#startMedia();
    for (const leg of this.#legs) leg?.reseal(this.#media);
  }

  async #listen() {
    const leg = this.#leg;
    if (!leg || !this.#inCall) return this.#levels.clear();
    const heard = await Promise.all([...this.#places.voice].map(async ([device, mid]) => [device, await leg.loudness(mid)] as const));
    this.#levels = new Map(heard);
  }

  #fromKeys(message: FromKeys) {
    switch (message.kind) {
      case 'view': return this.#see(message.view);
      case 'written':
        this.#saver.see(message.written);
        return this.#written.set(message.written);
      case 'attaching': return this.#attaching.set(message.attaching);
      case 'file': return this.#saver.take(message);
      case 'makeOffer': return void this.#makeLeg(message.slot, message.leg).catch((error: unknown) => this.#log(`offer: ${String(error)}`));
      case 'use':
        this.#active = message.slot;
        this.#show(this.#view && { ...this.#view });
        return void this.#apply();
      case 'answer': return void this.#answer(message);
      case 'place': return this.#place(message);
      case 'locked':
        this.#passkey = message.passkey;
        return this.#setGate('locked');
      case 'unlocked':
        this.#passkey = null;
        if (this.#reading !== null) this.command({ kind: 'openWritten', line: this.#reading });
        this.#setGate('open');
        if (!message.passkey) void this.rules().then(({ passkeys }) => passkeys === 'required' && this.#rules && this.#gate.value === 'open' && this.#setGate('bare'));
        return;
      case 'done': this.#asked?.resolve(); this.#asked = null; return;
      case 'failed': this.#asked?.reject(new Error(message.why)); this.#asked = null; return;
      case 'authority': return this.#authority.shift()?.(message.authority);
      case 'broken': return this.#restartKeys(message.why);
      case 'log': return this.#log(message.line);
    }
  }

  #log(line: string) {
    this.#logs.push(line);
    if (this.#logs.length > 200) this.#logs.shift();
    console.info(line);
  }

  #see(view: View) {
    if (view.node === 'up') this.#broken = 0;
    const inCall = view.call !== null;
    const floor = view.call?.floor ?? 'open';
    if (inCall !== this.#inCall || floor !== this.#floor) {
      const began = inCall && !this.#inCall;
      this.#inCall = inCall;
      this.#floor = floor;
      if (!inCall) this.#marked = false;
      // Muted before a reload is muted after it.
      if (began) this.#change(this.#resume?.line === view.call?.line && this.#resume ? { voice: this.#resume.voice, picture: this.#resume.picture } : { voice: true, picture: true });
      if (began) this.#resume = null;
      if (!inCall) sessionStorage.removeItem(IN_CALL);
      if (!this.#may) this.#let({ voice: false, picture: false });
      void this.#apply();
    }
    this.#show(canSeal() ? view : { ...view, trouble: { kind: 'noSealing' } });
  }

  #show(view: View | null) {
    if (!view) return;
    this.#view = view;
    this.#remember();
    this.#viewers.forEach((see) => see(view));
  }

  /** The leg that is meant, unless another has taken its place. */
  #legOf({ slot, leg }: { slot: number; leg: number }): Leg | undefined {
    const held = this.#legs[slot];
    return held?.number === leg ? held : undefined;
  }

  async #makeLeg(slot: number, number: number) {
    this.#legs[slot]?.close();
    this.#legs[slot] = null;
    this.#placesOf[slot]?.voice.clear();
    this.#placesOf[slot]?.picture.clear();
    if (!canSeal()) return;
    const leg = new Leg(this.#media, slot, number, (up) => leg === this.#legs[slot] && this.#tell({ kind: 'leg', slot, leg: number, up }));
    this.#legs[slot] = leg;
    this.#sound.attach(leg);
    const sdp = await leg.offer();
    if (leg !== this.#legs[slot]) return;
    this.#tell({ kind: 'offer', slot, leg: number, sdp });
    await this.#apply();
  }

  async #answer({ slot, leg: number, sdp }: { slot: number; leg: number; sdp: string }) {
    const leg = this.#legOf({ slot, leg: number });
    try {
      await leg?.answer(sdp);
    } catch (error) {
      if (!leg || leg !== this.#legs[slot]) return;
      leg.close();
      this.#log(`answer: ${String(error)}`);
      this.#tell({ kind: 'unfit', slot, leg: number, why: error instanceof Error ? error.message : String(error) });
    }
  }

  #place({ slot, leg, mid, device, voice }: { slot: number; leg: number; mid: string; device: string | null; voice: boolean }) {
    if (!this.#legOf({ slot, leg })) return;
    const of = this.#placesOf[slot];
    const places = voice ? of?.voice : of?.picture;
    if (!places) return;
    for (const [other, at] of places) if (at === mid) places.delete(other);
    if (device !== null) places.set(device, mid);
    this.#show(this.#view && { ...this.#view });
  }

  #change(next: Partial<LocalMedia>) {
    this.#local.set({ ...this.#local.value, ...next });
    this.#remember();
  }

  #remember() {
    const line = this.#inCall ? this.#view?.call?.line : undefined;
    if (line !== undefined) sessionStorage.setItem(IN_CALL, JSON.stringify({ line, voice: this.#local.value.voice, picture: this.#local.value.picture } satisfies InCall));
  }

  async #list() {
    this.#change(await choices());
  }

  /** Brings tracks into the state asked for: in a call and on: captured and sent; else: not one packet, camera closed. */
  #apply(): Promise<void> {
    this.#turn = this.#turn.then(() => Promise.all([this.#applyVoice(), this.#applyPicture()])).then(() => {
      if (this.#inCall) this.command({ kind: 'sending', voice: this.#may && this.#local.value.voice && this.#voice !== null, picture: this.#may && this.#local.value.picture && this.#picture !== null });
    }).catch((error: unknown) => this.#log(`media: ${String(error)}`));
    return this.#turn;
  }

  async #applyVoice() {
    const on = this.#may && this.#local.value.voice;
    if (!on) this.#let({ voice: false });
    if (!on) await Promise.all(this.#legs.map((leg) => leg?.sendVoice(null)));
    if (!this.#inCall) {
      this.#voice?.stop();
      this.#voice = null;
    }
    if (!on) return;
    try {
      this.#voice ??= await capture('microphone', this.#local.value.microphone);
      // Muted or hung up meanwhile: the turn that follows closes it.
      if (!this.#may || !this.#local.value.voice) return;
      this.#let({ voice: true });
      // Over the spare leg too: the media worker lets none of it out before that leg is the one in use.
      await Promise.all(this.#legs.map((leg) => leg?.sendVoice(this.#voice)));
      if (this.#local.value.voiceTrouble) this.#change({ voiceTrouble: null });
      if (this.#local.value.microphones.length === 0) await this.#list();
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#change({ voiceTrouble: error.trouble, voice: false });
    }
  }

  async #applyPicture() {
    const on = this.#may && this.#local.value.picture;
    if (!on) {
      this.#let({ picture: false });
      await Promise.all(this.#legs.map((leg) => leg?.sendPicture(null)));
      this.#picture?.stop();
      this.#picture = null;
      if (this.#local.value.preview) this.#change({ preview: null });
      return;
    }
    try {
      this.#picture ??= await capture('camera', this.#local.value.camera);
      if (!this.#may || !this.#local.value.picture) return;
      this.#let({ picture: true });
      await Promise.all(this.#legs.map((leg, slot) => leg?.sendPicture(slot === this.#active ? this.#picture : null)));
      const shown = this.#local.value.preview?.getTracks()[0] === this.#picture;
      if (!shown || this.#local.value.pictureTrouble) this.#change({ pictureTrouble: null, preview: new MediaStream([this.#picture]) });
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      this.#change({ pictureTrouble: error.trouble, picture: false });
    }
  }
}
