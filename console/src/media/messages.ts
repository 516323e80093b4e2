/** What the page, the keys worker and the media worker say to each other. Keys go over the port between the workers only. */
import type { AuthorityView } from '../generated/AuthorityView';
import type { Command } from '../generated/Command';
import type { View } from '../generated/View';
import type { WrittenView } from '../generated/WrittenView';
import type { Attaching } from './engine';
import type { OpenPasskey, Passkey } from './passkey';

/** Page → keys worker. */
export type ToKeys =
  /** `heir`: where the worker before this one, which broke, has left the key of the passkey. */
  | { kind: 'start'; node: string; resume: string | null; heir: MessagePort | null }
  /** Makes an identity of the link; it waits for `keep`. */
  | { kind: 'enrol'; fragment: string }
  /** It is not kept after all. */
  | { kind: 'drop' }
  /** Stores the identity that was made, or that is in use, and starts; without a passkey under the browser's own key. */
  | { kind: 'keep'; passkey: OpenPasskey | null }
  /** What the passkey's function gave: opens the identity and starts. */
  | { kind: 'signIn'; output: ArrayBuffer }
  /** This worker is replaced: the key of the passkey is for the next one, and not for the page. */
  | { kind: 'bequeath'; port: MessagePort }
  /** What the page kept of a call was another tab's: there is none to come back to. */
  | { kind: 'noCall' }
  | { kind: 'authority' }
  | { kind: 'command'; command: Command }
  /** Attaches files to what is being written on a line, one after the other. */
  | { kind: 'attach'; line: string; files: File[] }
  /** The file that is being read is not attached after all, nor are those after it. */
  | { kind: 'stopAttaching' }
  /** `leg`: as asked for. Whatever is said of one that was asked for before counts for nothing. */
  | { kind: 'offer'; slot: number; leg: number; sdp: string }
  | { kind: 'leg'; slot: number; leg: number; up: boolean }
  /** What was negotiated is not what the answer says: this leg was closed. */
  | { kind: 'unfit'; slot: number; leg: number; why: string }
  /** The network of this device has changed, or is back: whatever stands is tried at once. */
  | { kind: 'network' }
  /** A media worker, first or new after a crash; the port leads to it. */
  | { kind: 'media'; port: MessagePort };

/** Keys worker → page. */
export type FromKeys =
  | { kind: 'view'; view: View }
  /** The written line that the page has open, whole; null: none. */
  | { kind: 'written'; written: WrittenView | null }
  /** How far reading what is to be attached is; null: no file is being read. */
  | { kind: 'attaching'; attaching: Attaching | null }
  /** The next part of a file of a message; nothing of it is to be used before it is whole. */
  | { kind: 'file'; id: string; at: number; bytes: Uint8Array<ArrayBuffer>; whole: boolean }
  /** Slot 0 leads to this page's site, slot 1 to the party's other one. Each leg that is made there has a number of its own. */
  | { kind: 'makeOffer'; slot: number; leg: number }
  | { kind: 'answer'; slot: number; leg: number; sdp: string }
  | { kind: 'place'; slot: number; leg: number; mid: string; device: string | null; voice: boolean }
  /** Said and shown, heard and seen over the leg of this slot from now on. */
  | { kind: 'use'; slot: number }
  /** An identity is there and sealed under this passkey: nothing starts before its owner has come. */
  | { kind: 'locked'; passkey: Passkey }
  /** The node did not accept the device that was made of a link: the one that was here before goes on. */
  | { kind: 'wentBack' }
  /** It is open; under a passkey or not. */
  | { kind: 'unlocked'; passkey: boolean }
  /** `enrol`, `keep` or `signIn` is done, or why not. */
  | { kind: 'done' }
  | { kind: 'failed'; why: string }
  | { kind: 'authority'; authority: AuthorityView | null }
  /** The machine stopped for good, or never came: this worker is of no more use. `of`: what failed, where that was not the program. */
  | { kind: 'broken'; why: string; of?: 'storage' }
  | { kind: 'log'; line: string };

/** Keys worker → media worker. */
export type KeysToMedia =
  /** `parties`, `tagKeys`: of each who is to hear, the party's number, and 32 bytes. */
  | { kind: 'seal'; keyId: string; baseKey: Uint8Array; parties: Uint8Array; tagKeys: Uint8Array; pictureStep: number }
  | { kind: 'stop' }
  | {
      kind: 'open';
      keyId: string;
      device: string;
      baseKey: Uint8Array;
      tagKey: Uint8Array;
      party: number;
      turn: number;
      fellows: number;
      floor: number;
    }
  /** `over`: the key cannot come back. */
  | { kind: 'forget'; keyId: string; over: boolean }
  /** Only what comes over this leg is opened, and only what goes over it is sealed. */
  | { kind: 'use'; slot: number }
  /** Seal and open a frame, as those of a call are, and say so: this browser lives. */
  | { kind: 'prove'; nonce: string }
  | { kind: 'place'; slot: number; leg: number; mid: string; device: string | null; voice: boolean };

/** Media worker → keys worker. */
export type MediaToKeys =
  /** Frames at this device's place are not its own, or come late; at most once a second for each. */
  | { kind: 'suspect'; device: string; forged: boolean }
  /** Key ids and the highest number opened under each, one after the other; at most every 200 ms. */
  | { kind: 'opened'; heard: string[] }
  | { kind: 'proven'; nonce: string }
  /** Media came over this leg; at most every 50 ms. */
  | { kind: 'heard'; slot: number; leg: number };

/** Page → media worker. */
export type ToMedia =
  | { kind: 'keys'; port: MessagePort }
  | { kind: 'count' }
  /** What may leave from now on; a worker that has not heard this lets nothing pass. */
  | { kind: 'sending'; voice: boolean; picture: boolean };

/** What one media worker did with one sender's medium, since it started. */
export interface Count {
  /** Device (hex), or `me` for what this console sealed. */
  device: string;
  voice: boolean;
  /** Frames sealed or opened. */
  passed: number;
  /** Frames dropped: no key, forged, seen before, from another than the place's device. */
  dropped: number;
  /** `Date.now()` of the first that passed since the sender came to its place; null before. */
  firstMs: number | null;
}

/** Media worker → page; the answer to `count` is also its sign of life. `broken`: it seals and opens nothing more. */
export type FromMedia = { kind: 'counts'; counts: Count[] } | { kind: 'broken'; why: string };

/** Options of every RTCRtpScriptTransform. */
export type TransformOptions = { slot: number; leg: number; voice: boolean } & (
  { side: 'send' } | { side: 'receive'; mid: string }
);
