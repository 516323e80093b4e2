/**
 * The one object that the views use. Views never touch the WebSocket, the workers or RTCPeerConnection.
 * Implemented beside this file; a fixture for screenshots implements the same interface.
 */
import type { AuthorityView } from '../generated/AuthorityView';
import type { Command } from '../generated/Command';
import type { View } from '../generated/View';
import type { WrittenView } from '../generated/WrittenView';
import type { PasskeyTrouble } from './passkey';

/**
 * Why a microphone or camera is not to be had; the view says it in words. `waiting`: the browser has not answered yet, and may be asking its user;
 * `lost`: it was there, and was pulled out or taken away.
 */
export type CaptureTrouble = 'denied' | 'missing' | 'busy' | 'failed' | 'waiting' | 'lost';

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

/**
 * Does the owner of this console have to come first? `locked`: nothing is on watch before they sign in; `bare`: it is on watch, though the
 * node now wants consoles sealed under a passkey and this one is not.
 */
export type Gate = 'open' | 'locked' | 'bare';

/** What the node's operator decided for its consoles. `known`: the node has said so; the strict ones hold until then. */
export interface Rules {
  known: boolean;
  passkeys: 'required' | 'offered';
}

/** A file that is being read to be attached, or could not be: it is no file of a message, it has changed meanwhile, or this browser cannot keep it. */
export interface Attaching {
  line: string;
  name: string;
  size: number;
  /** Bytes that were read and sealed. */
  done: number;
  trouble: 'form' | 'changed' | 'storage' | null;
}

/**
 * Why this console has not started. `storage`: the browser does not open what it keeps; `program`: what the console is made of could not be loaded or
 * does not run; `slow`: nothing has come so far, and nobody says why.
 */
export type StartTrouble = 'storage' | 'program' | 'slow';

export interface Engine {
  /** Calls `see` now and after every change; returns the way to stop. */
  onView(see: (view: View) => void): () => void;
  /** The written line that is open (`openWritten`); null while none is, or it is on its way. */
  onWritten(see: (written: WrittenView | null) => void): () => void;
  /** The file that is being read to be attached, or the last one that could not be. */
  onAttaching(see: (attaching: Attaching | null) => void): () => void;
  /** Attaches files to what is being written on a line; 8 to a message, 100 MB together. */
  attach(line: string, files: File[]): void;
  /** The file that is being read is not attached after all, nor are those after it. */
  stopAttaching(): void;
  /** Fetches a file of a message of the open line and, once it is whole, gives it to the browser to be saved under this name. */
  saveFile(id: string, at: number, name: string): void;
  /** Calls `see` with why this console has not started; null: it has, or is still about to. */
  onStart(see: (trouble: StartTrouble | null) => void): () => void;
  onLocal(see: (local: LocalMedia) => void): () => void;
  onGate(see: (gate: Gate) => void): () => void;
  /** Calls `see` when the node did not accept what was made of a link, and the device that was here before goes on. */
  onWentBack(see: () => void): () => void;
  /** Uses the fragment of an enrolment link (`#enrol=…`); rejects with a reason that can be shown, or a `PasskeyError`. */
  enrol(fragment: string, passkey: boolean): Promise<void>;
  /** Whether consoles must have a passkey; `required` while the node does not say. */
  rules(): Promise<Rules>;
  /** Why no passkey can be made in this browser; null if it can, as far as it tells. */
  passkeyTrouble(): Promise<PasskeyTrouble | null>;
  /** Opens a locked console with its passkey; rejects with a `PasskeyError`. */
  signIn(): Promise<void>;
  /** Seals a bare console under a new passkey; rejects with a `PasskeyError`. */
  protect(): Promise<void>;
  /** Who may do what, by the charter; null while there is none. */
  authority(): Promise<AuthorityView | null>;
  command(command: Command): void;
  /** The call's marking is on screen, or is not: nothing is sent while it is not. */
  marked(shown: boolean): void;
  /** The officer has rung or answered, and is not in the call yet: what is wished now is so from its beginning. */
  readonly isEntering: boolean;
  /** Off acts at once, whatever else is under way; on as soon as there is a device. */
  setVoice(on: boolean): void;
  setPicture(on: boolean): void;
  choose(kind: 'microphone' | 'camera' | 'speaker', id: string): void;
  /** The received picture of a member, by device id (hex); null while there is none. Stable object per member. */
  picture(device: string): MediaStream | null;
  /** Loudness 0…1 of a member's voice as heard here, for the ring around the tile. */
  level(device: string): number;
}
