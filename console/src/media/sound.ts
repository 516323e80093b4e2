/** Plays the received voices: one element per place, out of sight, never muted by the page; on an output of their own, as long as that is there. */
import type { Leg, Place } from './leg';
import { devices, isMissing, kept, route } from './outputs.ts';

export class Sound {
  #players = new Map<Place, HTMLAudioElement>();
  #legs: (Leg | null)[] = [null, null];

  constructor() {
    const anew = () => this.#players.forEach((player) => this.#route(player));
    kept.on(anew);
    devices.on(anew);
  }

  /** The leg of a slot, in place of the one before. Both sound: of the spare one nothing is opened. */
  attach(leg: Leg) {
    this.detach(leg.slot);
    this.#legs[leg.slot] = leg;
    for (const place of leg.places.filter((p) => p.voice)) {
      const player = new Audio();
      player.autoplay = true;
      player.srcObject = place.stream;
      this.#players.set(place, player);
      this.#route(player);
    }
    this.play();
  }

  detach(slot: number) {
    for (const place of this.#legs[slot]?.places ?? []) {
      const player = this.#players.get(place);
      if (player) player.srcObject = null;
      this.#players.delete(place);
    }
    this.#legs[slot] = null;
  }

  /** Again after a gesture, where the browser did not let it sound before. */
  play() {
    for (const player of this.#players.values()) void player.play().catch(() => undefined);
  }

  #route(player: HTMLAudioElement) {
    const chosen = kept.value.voices;
    void route(player, isMissing(chosen) ? null : chosen);
  }
}
