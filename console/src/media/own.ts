/**
 * What this console itself sends in a call: whether it may, what the officer wants, the two devices, and which of it leaves. Off acts at once
 * and waits for nothing; each medium goes its own way, so that a camera that is not there keeps no voice back.
 */
import type { CallView } from '../generated/CallView';
import type { Floor } from '../generated/Floor';
import { capture } from './capture.ts';
import type { CaptureTrouble, LocalMedia } from './engine';
import { devices, lookForDevices } from './outputs.ts';
import { Source } from './source.ts';
import { Watched } from './watched.ts';

export type Medium = 'voice' | 'picture';
export type Both = Record<Medium, boolean>;

/** By which ways it leaves. */
export interface Ways {
  /** What the media worker lets out, from the next frame on. */
  let(change: Partial<Both>): void;
  /** Puts a track, or none, onto the legs. */
  send(medium: Medium, track: MediaStreamTrack | null): Promise<unknown>;
  /** Tells the others what leaves. */
  say(sending: Both): void;
  log(line: string): void;
}

const DEVICE = { voice: 'microphone', picture: 'camera' } as const;
const TROUBLE = { voice: 'voiceTrouble', picture: 'pictureTrouble' } as const;
const MEDIA: Medium[] = ['voice', 'picture'];

const NOTHING: LocalMedia = {
  voice: true,
  picture: true,
  preview: null,
  voiceTrouble: null,
  pictureTrouble: null,
  microphones: [],
  cameras: [],
  speakers: [],
  microphone: null,
  camera: null,
  speaker: null,
};

export class OwnMedia {
  readonly local = new Watched<LocalMedia>(NOTHING);
  readonly #ways: Ways;
  readonly #sources: Record<Medium, Source>;
  /** What the legs were given last. */
  readonly #given: Record<Medium, MediaStreamTrack | null> = { voice: null, picture: null };
  /** What the legs have taken. */
  readonly #taken: Record<Medium, MediaStreamTrack | null> = { voice: null, picture: null };
  #inCall = false;
  /** Whom this console reaches in the call, as it was seen last. */
  #floor: Floor = 'open';
  /** The call's marking is on screen. */
  #marked = false;

  constructor(ways: Ways, by = capture) {
    this.#ways = ways;
    const source = (medium: Medium) =>
      new Source(
        DEVICE[medium],
        { opened: () => this.#opened(medium), trouble: (trouble) => this.#failed(medium, trouble) },
        by,
      );
    this.#sources = { voice: source('voice'), picture: source('picture') };
    devices.on(({ microphones, cameras, speakers }) => this.#change({ microphones, cameras, speakers }));
  }

  get inCall(): boolean {
    return this.#inCall;
  }

  /** The call as it is now. `wishes`: with what the officer goes into this one, asked for when it begins. */
  see(call: CallView | null, wishes: () => Both): 'began' | 'ended' | null {
    const inCall = call !== null;
    const floor = call?.floor ?? 'open';
    const turned = inCall === this.#inCall ? null : inCall ? 'began' : 'ended';
    if (turned === null && floor === this.#floor) return null;
    this.#inCall = inCall;
    this.#floor = floor;
    if (!inCall) this.#marked = false;
    if (turned === 'began') this.#change(wishes());
    this.apply();
    return turned;
  }

  marked(shown: boolean) {
    if (shown === this.#marked) return;
    this.#marked = shown;
    this.apply();
  }

  wish(medium: Medium, on: boolean) {
    this.#change({ [medium]: on });
    this.#apply(medium, true);
  }

  choose(medium: Medium, id: string) {
    this.#change({ [DEVICE[medium]]: id || null });
    this.#apply(medium, true);
  }

  chooseSpeaker(id: string | null) {
    this.#change({ speaker: id });
  }

  /** Brings both into the state asked for; again for whoever is new on the way: a leg, a site, a worker. */
  apply() {
    for (const medium of MEDIA) this.#apply(medium);
  }

  /** May anything be captured and leave? A console that listens or is held sends nothing, and so does one that hides the marking. */
  get #may(): boolean {
    return this.#inCall && this.#marked && this.#floor !== 'listening' && this.#floor !== 'held';
  }

  #goes(medium: Medium): boolean {
    return this.#may && this.local.value[medium];
  }

  /** In a call and on: captured and sent; else: not one packet, camera closed. The microphone stays open through the call, so that who is muted is back at once. */
  #apply(medium: Medium, anew = false) {
    const source = this.#sources[medium];
    const id = this.local.value[DEVICE[medium]];
    const goes = this.#goes(medium);
    // First of all: it holds whatever comes of the rest.
    if (!goes) this.#ways.let({ [medium]: false });
    if (goes) source.open(id, anew);
    else if (medium === 'voice' && this.#inCall) source.keep(id);
    else source.close();
    const track = goes ? source.track : null;
    this.#ways.let({ [medium]: track !== null });
    this.#give(medium, track);
    this.#show(medium, goes);
  }

  #give(medium: Medium, track: MediaStreamTrack | null) {
    this.#given[medium] = track;
    if (this.#taken[medium] !== track) this.#taken[medium] = null;
    this.#say();
    void this.#ways.send(medium, track).then(
      () => {
        // Another was given meanwhile.
        if (this.#given[medium] !== track || this.#taken[medium] === track) return;
        this.#taken[medium] = track;
        this.#say();
      },
      (error: unknown) => this.#ways.log(`media: ${String(error)}`),
    );
  }

  #show(medium: Medium, goes: boolean) {
    // Nobody waits for it any more.
    if (!goes && this.local.value[TROUBLE[medium]] === 'waiting') this.#change({ [TROUBLE[medium]]: null });
    if (medium !== 'picture') return;
    const track = this.#given.picture;
    const shown = this.local.value.preview?.getTracks()[0] ?? null;
    if (shown !== track) this.#change({ preview: track && new MediaStream([track]) });
  }

  #say() {
    if (this.#inCall) this.#ways.say({ voice: this.#taken.voice !== null, picture: this.#taken.picture !== null });
  }

  #opened(medium: Medium) {
    if (this.local.value[TROUBLE[medium]]) this.#change({ [TROUBLE[medium]]: null });
    this.#apply(medium);
    // Names of devices are told to those alone that were allowed one.
    if (this.local.value.microphones.length === 0) void lookForDevices();
  }

  #failed(medium: Medium, trouble: CaptureTrouble) {
    this.#change({ [TROUBLE[medium]]: trouble });
    if (trouble === 'waiting') return;
    // A lost device is not replaced unasked: another microphone may hear another room. The key that switches it on takes what there is then.
    this.#change({ [medium]: false, ...(trouble === 'lost' ? { [DEVICE[medium]]: null } : {}) });
    this.#apply(medium);
    if (trouble === 'lost') void lookForDevices();
  }

  #change(next: Partial<LocalMedia>) {
    this.local.set({ ...this.local.value, ...next });
  }
}
