/**
 * The real engine. It tells the parts of each other and decides nothing: not about keys, rings or members, which the console's machine does behind
 * the keys worker, and not about tracks, workers or legs, which the parts do.
 */
import type { AuthorityView } from '../generated/AuthorityView';
import type { Command } from '../generated/Command';
import type { View } from '../generated/View';
import type { WrittenView } from '../generated/WrittenView';
import { Asked } from './asked.ts';
import type { Attaching, Engine, Gate, LocalMedia, Rules, StartTrouble } from './engine';
import { Keys } from './keys.ts';
import { canSeal } from './leg.ts';
import { Legs } from './legs.ts';
import { Log } from './log.ts';
import type { FromKeys } from './messages';
import { keep, kept, watchDevices } from './outputs.ts';
import { OwnMedia } from './own.ts';
import { Owner } from './owner.ts';
import { passkeyTrouble } from './passkey.ts';
import { Reading } from './reading.ts';
import { Sealer } from './sealer.ts';
import { Session } from './session.ts';
import { Sound } from './sound.ts';
import { Tabs } from './tabs.ts';
import { Watched } from './watched.ts';

/** How often the loudness of voices is looked at, in milliseconds. */
const LOUDNESS_MS = 150;
/** After so long without a word of the keys worker the officer is told, in milliseconds. Less tells those whose machine is only slow. */
const SLOW_MS = 15_000;
/** How often the media worker is asked whether it lives, in milliseconds. */
const WATCH_MS = 1_000;

const keysWorker = () => new Worker(new URL('./keys-worker.ts', import.meta.url), { type: 'module', name: 'keys' });
const mediaWorker = () => new Worker(new URL('./media-worker.ts', import.meta.url), { type: 'module', name: 'media' });

export class LiveEngine implements Engine {
  readonly #log = new Log();
  readonly #session = new Session();
  readonly #tabs = new Tabs(() => {
    this.#session.hangUp();
    this.#keys.tell({ kind: 'noCall' });
  });
  readonly #sound = new Sound();
  readonly #reading = new Reading();
  readonly #keys = new Keys(keysWorker, {
    up: (heir) => this.#keysUp(heir),
    down: (why, of) => this.#keysDown(why, of),
    said: (message) => this.#hear(message),
  });
  readonly #sealer = new Sealer(mediaWorker, (port) => this.#keys.tell({ kind: 'media', port }, [port]), this.#log.add);
  readonly #legs = new Legs({
    sealer: () => this.#sealer.worker,
    tell: (message) => this.#keys.tell(message),
    made: (leg) => this.#sound.attach(leg),
    log: this.#log.add,
  });
  readonly #own = new OwnMedia({
    let: (change) => this.#sealer.let(change),
    send: (medium, track) => this.#legs.send(medium, track),
    say: (sending) => this.command({ kind: 'sending', ...sending }),
    log: this.#log.add,
  });
  readonly #owner = new Owner((message, transfer) => this.#keys.tell(message, transfer));
  readonly #authority = new Asked<AuthorityView | null>();
  #view: View | null = null;
  readonly #start = new Watched<StartTrouble | null>(null);
  readonly #viewers = new Set<(view: View) => void>();
  readonly #wentBack = new Set<() => void>();

  constructor() {
    this.#keys.start();
    setTimeout(() => !this.#view && !this.#start.value && this.#start.set('slow'), SLOW_MS);
    this.#own.local.on(() => this.#remember());
    kept.on(({ voices }) => this.#own.chooseSpeaker(voices?.id ?? null));
    setInterval(() => this.#watch(), WATCH_MS);
    setInterval(() => void this.#legs.listen(this.#own.inCall), LOUDNESS_MS);
    watchDevices();
    addEventListener('online', () => this.#keys.tell({ kind: 'network' }));
    addEventListener('pointerdown', () => this.#sound.play());
    addEventListener('keydown', () => this.#sound.play());
  }

  onView(see: (view: View) => void) {
    this.#viewers.add(see);
    if (this.#view) see(this.#view);
    return () => void this.#viewers.delete(see);
  }

  onWritten(see: (written: WrittenView | null) => void) {
    return this.#reading.written.on(see);
  }

  onAttaching(see: (attaching: Attaching | null) => void) {
    return this.#reading.attaching.on(see);
  }

  attach(line: string, files: File[]) {
    this.#keys.tell({ kind: 'attach', line, files });
  }

  stopAttaching() {
    this.#keys.tell({ kind: 'stopAttaching' });
  }

  saveFile(id: string, at: number, name: string) {
    this.#reading.save(id, at, name);
    this.command({ kind: 'saveFile', id, at });
  }

  onStart(see: (trouble: StartTrouble | null) => void) {
    return this.#start.on(see);
  }

  onLocal(see: (local: LocalMedia) => void) {
    return this.#own.local.on(see);
  }

  onGate(see: (gate: Gate) => void) {
    return this.#owner.gate.on(see);
  }

  onWentBack(see: () => void) {
    this.#wentBack.add(see);
    return () => void this.#wentBack.delete(see);
  }

  rules(): Promise<Rules> {
    return this.#owner.rules();
  }

  readonly passkeyTrouble = passkeyTrouble;

  enrol(fragment: string, passkey: boolean): Promise<void> {
    return this.#owner.enrol(fragment, passkey);
  }

  protect(): Promise<void> {
    return this.#owner.protect();
  }

  signIn(): Promise<void> {
    return this.#owner.signIn();
  }

  async authority(): Promise<AuthorityView | null> {
    return this.#keys.tell({ kind: 'authority' }) ? this.#authority.ask().catch(() => null) : null;
  }

  command(command: Command) {
    this.#reading.note(command);
    // Before the worker hears of it: one that starts meanwhile must not go back into the call.
    if (command.kind === 'hangUp') this.#session.hangUp();
    if (command.kind === 'answer' || command.kind === 'ring' || command.kind === 'takeOver') this.#enter(command.line);
    this.#keys.tell({ kind: 'command', command });
  }

  /** It is not in the call until the node has said so: a key that is pressed meanwhile, or a page that is loaded anew, does what it would do in it. */
  #enter(line: string) {
    if (!this.#own.inCall || this.#view?.call?.line !== line) this.#session.enter(line);
  }

  get isEntering(): boolean {
    return !this.#own.inCall && this.#session.isEntering;
  }

  marked(shown: boolean) {
    this.#own.marked(shown);
  }

  setVoice(on: boolean) {
    this.#session.wish({ voice: on });
    this.#own.wish('voice', on);
  }

  setPicture(on: boolean) {
    this.#session.wish({ picture: on });
    this.#own.wish('picture', on);
  }

  choose(kind: 'microphone' | 'camera' | 'speaker', id: string) {
    if (kind !== 'speaker') return this.#own.choose(kind === 'microphone' ? 'voice' : 'picture', id);
    keep({ voices: this.#own.local.value.speakers.find((one) => one.id === id) ?? null });
  }

  picture(device: string): MediaStream | null {
    return this.#legs.picture(device);
  }

  level(device: string): number {
    return this.#legs.level(device);
  }

  /** For tests and the operator: what passed the workers, and the browser's own statistics by device. */
  async measure() {
    return {
      ...(await this.#legs.measure()),
      view: this.#view,
      counts: this.#sealer.counts,
      logs: this.#log.lines,
    };
  }

  #keysUp(heir: MessagePort | null) {
    this.#sealer.start();
    const node = `${location.origin.replace(/^http/, 'ws')}/console`;
    this.#keys.tell({ kind: 'start', node, resume: this.#session.line, heir }, heir ? [heir] : []);
  }

  /** A new keys worker has no keys: it comes in again, and the media worker and the legs are new as well. */
  #keysDown(why: string, of?: 'storage') {
    this.#log.add(`keys worker stopped: ${why}`);
    this.#session.again();
    this.#sealer.stop();
    this.#legs.close();
    this.#owner.lose();
    this.#authority.lose(new Error('keys worker'));
    this.#reading.lose();
    if (!this.#view) this.#start.set(of ?? 'program');
    this.#show(this.#view && { ...this.#view, trouble: { kind: 'worker' } });
  }

  #watch() {
    this.#tabs.ask();
    if (this.#sealer.watch(document.visibilityState === 'hidden')) this.#legs.reseal(this.#sealer.worker);
  }

  #hear(message: FromKeys) {
    switch (message.kind) {
      case 'view':
        return this.#see(message.view);
      case 'written':
      case 'attaching':
      case 'file':
        return this.#reading.hear(message);
      case 'makeOffer':
        return void this.#legs.make(message.slot, message.leg).then((held) => held && this.#own.apply());
      case 'use':
        this.#legs.use(message.slot);
        this.#show(this.#view && { ...this.#view });
        return this.#own.apply();
      case 'answer':
        return void this.#legs.answer(message);
      case 'place':
        return this.#legs.place(message) ? this.#show(this.#view && { ...this.#view }) : undefined;
      case 'unlocked':
        if (this.#reading.again) this.command(this.#reading.again);
        return this.#owner.hear(message);
      case 'wentBack':
        return this.#wentBack.forEach((see) => see());
      case 'locked':
      case 'done':
      case 'failed':
        return this.#owner.hear(message);
      case 'authority':
        return this.#authority.answer(message.authority);
      case 'log':
        return this.#log.add(message.line);
      case 'broken':
        return; // The holder of the worker has seen to it.
    }
  }

  #see(view: View) {
    this.#tabs.see(view.trouble?.kind === 'otherTab');
    if (view.node === 'up') this.#keys.steady();
    const turned = this.#own.see(view.call, () => this.#session.begin(view.call!.line));
    if (turned === 'ended') this.#session.end();
    this.#show(canSeal() ? view : { ...view, trouble: { kind: 'noSealing' } });
  }

  #show(view: View | null) {
    if (!view) return;
    this.#view = view;
    if (this.#start.value) this.#start.set(null);
    this.#remember();
    this.#viewers.forEach((see) => see(view));
  }

  #remember() {
    const line = this.#own.inCall ? this.#view?.call?.line : undefined;
    const { voice, picture } = this.#own.local.value;
    if (line !== undefined) this.#session.remember({ line, voice, picture });
  }
}
