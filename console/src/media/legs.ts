/** The legs of this console, one to each site of its party: which of them is in use, who is at which place, and what is heard there. */
import { canSeal, Leg } from './leg.ts';
import type { FromKeys, ToKeys } from './messages';
import type { Medium } from './own';

type MakeLeg = (...of: ConstructorParameters<typeof Leg>) => Leg;
type Place = Extract<FromKeys, { kind: 'place' }>;
type Answer = Extract<FromKeys, { kind: 'answer' }>;

/** Whom the legs need, and whom they tell. */
export interface Around {
  /** Seals and opens what goes over the legs. */
  sealer(): Worker;
  /** To the keys worker, which tells the node. */
  tell(message: ToKeys): void;
  /** A leg is new: it sounds, whatever comes over it. */
  made(leg: Leg): void;
  log(line: string): void;
}

const SLOTS = 2;

export class Legs {
  readonly #around: Around;
  readonly #make: MakeLeg;
  /** To this page's site, and to the other one. */
  #held: (Leg | null)[] = Array<null>(SLOTS).fill(null);
  #active = 0;
  /** mid by device and medium. */
  readonly #placesOf = Array.from({ length: SLOTS }, () => ({
    voice: new Map<string, string>(),
    picture: new Map<string, string>(),
  }));
  #levels = new Map<string, number>();
  #isListening = false;

  constructor(around: Around, make: MakeLeg = (...of) => new Leg(...of)) {
    this.#around = around;
    this.#make = make;
  }

  /** Over which is spoken and heard. */
  get #leg(): Leg | null {
    return this.#held[this.#active] ?? null;
  }

  get #places() {
    return this.#placesOf[this.#active]!;
  }

  /** The leg that is meant, unless another has taken its place. */
  #of({ slot, leg }: { slot: number; leg: number }): Leg | undefined {
    const held = this.#held[slot];
    return held?.number === leg ? held : undefined;
  }

  /** Makes the leg that the machine asks for, in place of the one before, and offers it. True: it is the one that is held. */
  async make(slot: number, number: number): Promise<boolean> {
    this.#end(slot);
    if (!canSeal()) return false;
    let leg: Leg | null = null;
    try {
      leg = this.#make(this.#around.sealer(), slot, number, (up) => {
        if (leg && leg === this.#held[slot]) this.#around.tell({ kind: 'leg', slot, leg: number, up });
      });
      this.#held[slot] = leg;
      this.#around.made(leg);
      const sdp = await leg.offer();
      if (leg !== this.#held[slot]) return false;
      this.#around.tell({ kind: 'offer', slot, leg: number, sdp });
      return true;
    } catch (error) {
      this.#around.log(`offer: ${String(error)}`);
      // What cannot be offered is of no use, and would hold a track.
      if (leg && leg === this.#held[slot]) this.#end(slot);
      return false;
    }
  }

  async answer({ slot, leg: number, sdp }: Answer): Promise<void> {
    const leg = this.#of({ slot, leg: number });
    try {
      await leg?.answer(sdp);
    } catch (error) {
      if (!leg || leg !== this.#held[slot]) return;
      leg.close();
      this.#around.log(`answer: ${String(error)}`);
      const why = error instanceof Error ? error.message : String(error);
      this.#around.tell({ kind: 'unfit', slot, leg: number, why });
    }
  }

  /** Who is at a place. True: it is one of a leg that is held. */
  place({ slot, leg, mid, device, voice }: Place): boolean {
    const of = this.#placesOf[slot];
    if (!of || !this.#of({ slot, leg })) return false;
    const places = voice ? of.voice : of.picture;
    for (const [other, at] of places) if (at === mid) places.delete(other);
    if (device !== null) places.set(device, mid);
    return true;
  }

  use(slot: number) {
    this.#active = slot;
  }

  /** Voice goes over the spare leg too: the media worker lets none of it out before that leg is the one in use. A picture costs too much for that. */
  async send(medium: Medium, track: MediaStreamTrack | null): Promise<void> {
    await Promise.all(
      this.#held.map((leg, slot) =>
        medium === 'voice' ? leg?.sendVoice(track) : leg?.sendPicture(slot === this.#active ? track : null),
      ),
    );
  }

  /** By a new media worker from now on. A leg that does not take it is closed: what it would send, nobody seals. */
  reseal(worker: Worker) {
    this.#held.forEach((leg, slot) => {
      try {
        leg?.reseal(worker);
      } catch (error) {
        this.#around.log(`seal: ${String(error)}`);
        const { number } = leg!;
        this.#end(slot);
        this.#around.tell({ kind: 'leg', slot, leg: number, up: false });
      }
    });
  }

  /** All of them, and the first site is the one in use again: whoever asked for them is no more. */
  close() {
    for (let slot = 0; slot < SLOTS; slot++) this.#end(slot);
    this.#active = 0;
  }

  #end(slot: number) {
    this.#held[slot]?.close();
    this.#held[slot] = null;
    this.#placesOf[slot]?.voice.clear();
    this.#placesOf[slot]?.picture.clear();
  }

  picture(device: string): MediaStream | null {
    const mid = this.#places.picture.get(device);
    return (mid !== undefined && this.#leg?.place(mid)?.stream) || null;
  }

  level(device: string): number {
    return this.#levels.get(device) ?? 0;
  }

  /** Looks how loud each voice is. One look at a time: a browser that is slow to tell is not asked more often. */
  async listen(inCall: boolean): Promise<void> {
    const leg = this.#leg;
    if (!leg || !inCall) return this.#levels.clear();
    if (this.#isListening) return;
    this.#isListening = true;
    try {
      const look = async ([device, mid]: [string, string]) => [device, await leg.loudness(mid)] as const;
      this.#levels = new Map(await Promise.all([...this.#places.voice].map(look)));
    } catch {
      // The next look is soon.
    } finally {
      this.#isListening = false;
    }
  }

  /** The browser's own statistics, by device for what comes. */
  async measure() {
    const inbound: Record<string, unknown>[] = [];
    const stats = (await this.#leg?.stats()) ?? [];
    for (const [medium, places] of Object.entries(this.#places)) {
      for (const [device, mid] of places) {
        const row = stats.find((row) => row.type === 'inbound-rtp' && row.mid === mid);
        inbound.push({ device, medium, mid, ...row });
      }
    }
    const outbound = stats.filter((row) => row.type === 'outbound-rtp');
    const legs = this.#held.map((leg) => leg?.connection.connectionState ?? 'none');
    return { inbound, outbound, connection: legs[this.#active] ?? 'none', site: this.#active, legs };
  }
}
