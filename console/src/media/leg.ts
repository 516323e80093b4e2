/** The console's leg: one RTCPeerConnection to its own node, with fixed places, warm while on watch. */
import type { TransformOptions } from './messages';
import { holdsToProfile } from './profile.ts';

/** Places to receive. More speakers than places wait for one. Each costs about 20 kB in the browser and a media section of SDP. */
export const VOICE_PLACES = 12;
export const PICTURE_PLACES = 8;
/** Highest bit rate of the picture, bit/s. */
const PICTURE_RATE = 700_000;

declare class RTCRtpScriptTransform {
  constructor(worker: Worker, options: TransformOptions);
}
type Sender = RTCRtpSender & { transform: unknown };
type Receiver = RTCRtpReceiver & { transform: unknown; jitterBufferTarget?: number | null };

/** Can this browser seal at all? Without it nothing is sent, ever. */
export function canSeal(): boolean {
  return typeof RTCPeerConnection !== 'undefined' && 'RTCRtpScriptTransform' in globalThis;
}

/** The `a=mid` of a media section, by its position in the first offer. */
const midOf = (at: number): string => String(at);

export interface Place {
  transceiver: RTCRtpTransceiver;
  voice: boolean;
  stream: MediaStream;
}

/** How long the frame of a leg stays after it was closed: what shows its pictures lets go of them meanwhile. */
const FRAME_MS = 2_000;

/**
 * Chromium tells the WebRTC of a page of another network two to four seconds late, and that of a new frame what there is now. So each leg is made in a
 * frame of its own: empty, out of sight, of the page's origin.
 */
function ownFrame(): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = '';
  document.body.append(frame);
  return frame;
}

export class Leg {
  readonly slot: number;
  /** Which leg of this slot; whatever is said of another one is of the past. */
  readonly number: number;
  readonly #frame = ownFrame();
  readonly connection = new (this.#frame.contentWindow as Window & typeof globalThis).RTCPeerConnection({
    bundlePolicy: 'max-bundle',
    rtcpMuxPolicy: 'require',
  });
  readonly places: Place[] = [];
  readonly #voice: RTCRtpTransceiver;
  readonly #picture: RTCRtpTransceiver;
  /** What was negotiated has been checked. */
  #isFit = false;
  /** What is to be sent: attached once it may be. */
  readonly #tracks: { voice: MediaStreamTrack | null; picture: MediaStreamTrack | null } = {
    voice: null,
    picture: null,
  };
  #isClosed = false;
  /** Ends the waiting for what this connection was asked. */
  readonly #waits = new Set<() => void>();

  constructor(worker: Worker, slot: number, number: number, up: (up: boolean) => void) {
    this.slot = slot;
    this.number = number;
    const { connection } = this;
    this.#voice = connection.addTransceiver('audio', { direction: 'sendonly' });
    this.#picture = connection.addTransceiver('video', {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: PICTURE_RATE }],
    });
    for (let i = 0; i < VOICE_PLACES + PICTURE_PLACES; i++) {
      const voice = i < VOICE_PLACES;
      const transceiver = connection.addTransceiver(voice ? 'audio' : 'video', { direction: 'recvonly' });
      this.places.push({ transceiver, voice, stream: new MediaStream([transceiver.receiver.track]) });
    }
    for (const transceiver of connection.getTransceivers()) {
      if (transceiver.receiver.track.kind === 'video') onlyVp8(transceiver);
    }
    // In this very task: Chromium lets frames of a sender or receiver pass as they are, for good, if it has no transform by the end of it.
    this.reseal(worker);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'connected') up(true);
      if (connection.connectionState === 'failed' || connection.connectionState === 'closed') up(false);
    };
  }

  /** What this browser offers. The keys worker tells the node of it what the profile allows. */
  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    // The transforms were made before there were mids, by the order in which browsers give them. Wrong places would mean no sound.
    if (this.connection.getTransceivers().some(({ mid }, at) => mid !== midOf(at)))
      throw new Error('unexpected order of media sections');
    return this.connection.localDescription!.sdp;
  }

  /** Takes the answer, and lets tracks come only if what was negotiated holds to the profile; otherwise it says why, and nothing will ever leave. */
  async answer(sdp: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
    holdsToProfile(this.connection, this.#voice, this.#picture);
    this.#isFit = true;
    await Promise.all([this.sendVoice(this.#tracks.voice), this.sendPicture(this.#tracks.picture)]);
  }

  /** Every transform, by this worker: at the beginning, and after a crash by a new one. */
  reseal(worker: Worker) {
    const of = { slot: this.slot, leg: this.number };
    (this.#voice.sender as Sender).transform = new RTCRtpScriptTransform(worker, { ...of, side: 'send', voice: true });
    (this.#picture.sender as Sender).transform = new RTCRtpScriptTransform(worker, {
      ...of,
      side: 'send',
      voice: false,
    });
    this.connection.getTransceivers().forEach(({ receiver }, at) => {
      const voice = receiver.track.kind === 'audio';
      (receiver as Receiver).transform = new RTCRtpScriptTransform(worker, {
        ...of,
        side: 'receive',
        voice,
        mid: midOf(at),
      });
    });
  }

  /** Null: not one packet of that medium leaves from now on. */
  async sendVoice(track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.voice = track;
    await this.#untilClosed(this.#voice.sender.replaceTrack(this.#isFit ? track : null));
  }

  async sendPicture(track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.picture = track;
    await this.#untilClosed(this.#picture.sender.replaceTrack(this.#isFit ? track : null));
  }

  place(mid: string): Place | undefined {
    return this.places.find(({ transceiver }) => transceiver.mid === mid);
  }

  /** Loudness 0…1 of what is played from a place. The header extension that browsers usually read it from is not negotiated. */
  async loudness(mid: string): Promise<number> {
    const asked = this.place(mid)?.transceiver.receiver.getStats();
    const report = asked && (await this.#untilClosed(asked));
    let level = 0;
    report?.forEach((row: { type: string; audioLevel?: number }) => {
      if (row.type === 'inbound-rtp') level = row.audioLevel ?? 0;
    });
    return level;
  }

  /** What the browser says of all of it; nothing once it is closed. */
  async stats(): Promise<Record<string, unknown>[]> {
    const report = await this.#untilClosed(this.connection.getStats());
    return report ? [...(report as unknown as Map<string, Record<string, unknown>>).values()] : [];
  }

  /** What is under way when a connection is closed is never answered (W3C WebRTC §5.2, replaceTrack): nobody may wait for that. */
  #untilClosed<T>(asked: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = () => resolve(undefined);
      const done = (error: unknown) => (this.#isClosed ? end() : reject(error));
      this.#waits.add(end);
      void asked.then(resolve, done).finally(() => this.#waits.delete(end));
      if (this.#isClosed) end();
    });
  }

  close() {
    this.connection.onconnectionstatechange = null;
    this.#isClosed = true;
    for (const end of this.#waits) end();
    this.connection.close();
    setTimeout(() => this.#frame.remove(), FRAME_MS);
  }
}

/** The clear prefix of a sealed frame is the one of VP8, so nothing else may be negotiated. */
function onlyVp8(transceiver: RTCRtpTransceiver) {
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const kept = codecs.filter(({ mimeType }) => /^video\/(vp8|rtx)$/i.test(mimeType));
  transceiver.setCodecPreferences(kept);
}
