/**
 * The one object that the views use. Views never touch the WebSocket, the workers or RTCPeerConnection.
 * Implemented beside this file; a fixture for screenshots implements the same interface.
 */
import type { View } from '../generated/View';
import type { Command } from '../generated/Command';

/** Why a microphone or camera is not to be had; the view says it in words. */
export type CaptureTrouble = 'denied' | 'missing' | 'busy' | 'failed';

/** A microphone, camera or loudspeaker that can be chosen. */
export interface Choice {
  id: string;
  label: string;
}

/** What this console sends and could send. */
export interface LocalMedia {
  /** Voice is being sent (in a call) or will be (before). */
  voice: boolean;
  /** Picture likewise. */
  picture: boolean;
  /** The own picture, for the preview tile; null while the camera is off. */
  preview: MediaStream | null;
  voiceTrouble: CaptureTrouble | null;
  pictureTrouble: CaptureTrouble | null;
  microphones: Choice[];
  cameras: Choice[];
  speakers: Choice[];
  microphone: string | null;
  camera: string | null;
  speaker: string | null;
}

export interface Engine {
  /** Calls `see` now and after every change; returns the way to stop. */
  onView(see: (view: View) => void): () => void;
  onLocal(see: (local: LocalMedia) => void): () => void;
  /** Uses the fragment of an enrolment link (`#enrol=…`); rejects with a reason that can be shown. */
  enrol(fragment: string): Promise<void>;
  command(command: Command): void;
  /** The call's marking is on screen, or is not: nothing is sent while it is not. */
  marked(shown: boolean): void;
  setVoice(on: boolean): Promise<void>;
  setPicture(on: boolean): Promise<void>;
  choose(kind: 'microphone' | 'camera' | 'speaker', id: string): Promise<void>;
  /** The received picture of a member, by device id (hex); null while there is none. Stable object per member. */
  picture(device: string): MediaStream | null;
  /** Loudness 0…1 of a member's voice as heard here, for the ring around the tile. */
  level(device: string): number;
}
