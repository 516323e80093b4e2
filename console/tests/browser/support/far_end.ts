/** A page's own far end for its leg: a second connection that seals and opens with a second media worker. */
import { Leg } from '../../../src/media/leg';
import { agreedAnswer, agreedOffer, onlyOpus } from './turned';
import type {
  Count,
  FromMedia,
  KeysToMedia,
  MediaToKeys,
  ToMedia,
  TransformOptions,
} from '../../../src/media/messages';

declare class RTCRtpScriptTransform {
  constructor(worker: Worker, options: TransformOptions);
}
const own = { keyId: '00000001000000', key: 1 };
const far = { keyId: '00000001004000', key: 2 };
const bytes = (n: number) => new Uint8Array(32).fill(n);
/** Devices are named by their ids in hexadecimal digits; a test names them by the first two. */
const id = (device: string) => device.repeat(32);
/** Each side is one party with one device, and shares a secret with the other. */
const tag = { near: 7, far: 8 };
const seals = (keyId: string, key: number, secret: number): KeysToMedia => ({
  kind: 'seal',
  keyId,
  baseKey: bytes(key),
  parties: new Uint8Array([0]),
  tagKeys: bytes(secret),
  pictureStep: 64,
});
const opens = (keyId: string, device: string, key: number, secret: number, turn = 0): KeysToMedia => ({
  kind: 'open',
  keyId,
  device: id(device),
  baseKey: bytes(key),
  tagKey: bytes(secret),
  party: 0,
  turn,
  fellows: 1,
  floor: 0,
});

function startWorker(suspects: string[]) {
  const worker = new Worker('/src/media/media-worker.ts', { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  let counts: Count[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromMedia>) => data.kind === 'counts' && (counts = data.counts);
  port2.onmessage = ({ data }: MessageEvent<MediaToKeys>) =>
    data.kind === 'suspect' && suspects.push(`${data.device.slice(0, 2)} ${data.forged ? 'forged' : 'late'}`);
  worker.postMessage({ kind: 'keys', port: port1 } satisfies ToMedia, [port1]);
  setInterval(() => worker.postMessage({ kind: 'count' } satisfies ToMedia), 50);
  const of = (device: string, voice: boolean) => counts.find((c) => c.device === device && c.voice === voice);
  const allow = (voice: boolean, picture: boolean) =>
    worker.postMessage({ kind: 'sending', voice, picture } satisfies ToMedia);
  /** Counts as of now: answered after everything that was said before. */
  const fresh = () =>
    new Promise<void>((done) => {
      worker.addEventListener('message', () => done(), { once: true });
      worker.postMessage({ kind: 'count' } satisfies ToMedia);
    });
  allow(true, true);
  return { worker, of, all: () => counts, allow, fresh, tell: (message: KeysToMedia) => port2.postMessage(message) };
}

function tone(): MediaStreamTrack {
  const context = new AudioContext();
  const source = context.createOscillator();
  const out = context.createMediaStreamDestination();
  source.connect(out);
  source.start();
  return out.stream.getTracks()[0]!;
}

function moving(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 180];
  const paint = canvas.getContext('2d')!;
  let step = 0;
  setInterval(() => {
    paint.fillStyle = `hsl(${step++ % 360} 80% 50%)`;
    paint.fillRect(0, 0, 320, 180);
  }, 50);
  return canvas.captureStream(20).getTracks()[0]!;
}

export async function setUp() {
  const suspects: string[] = [];
  let near = startWorker(suspects);
  const other = startWorker([]);
  let up = false;
  const leg = new Leg(near.worker, 0, 1, (state) => (up = state));
  const node = new RTCPeerConnection();
  const offer = await leg.offer();
  await node.setRemoteDescription({ type: 'offer', sdp: agreedOffer(offer) });
  onlyOpus(node);
  const sides = node.getTransceivers();
  const firstVoice = sides[2]!;
  const firstPicture = sides.slice(2).find((t) => t.receiver.track.kind === 'video')!;
  sides.forEach((side, at) => {
    const voice = side.receiver.track.kind === 'audio';
    if (at < 2)
      Object.assign(side.receiver, {
        transform: new RTCRtpScriptTransform(other.worker, { slot: 0, leg: 1, side: 'receive', voice, mid: side.mid! }),
      });
    else {
      side.direction = 'sendonly';
      Object.assign(side.sender, {
        transform: new RTCRtpScriptTransform(other.worker, { slot: 0, leg: 1, side: 'send', voice }),
      });
    }
  });
  other.tell(seals(far.keyId, far.key, tag.near));
  for (const [at, voice] of [
    [0, true],
    [1, false],
  ] as const)
    other.tell({ kind: 'place', slot: 0, leg: 1, mid: sides[at]!.mid!, device: id('a1'), voice });
  other.tell(opens(own.keyId, 'a1', own.key, tag.far));
  leg.connection.onicecandidate = ({ candidate }) => void node.addIceCandidate(candidate ?? undefined);
  node.onicecandidate = ({ candidate }) => void leg.connection.addIceCandidate(candidate ?? undefined);
  await node.setLocalDescription(await node.createAnswer());
  await leg.answer(agreedAnswer(node.localDescription!.sdp));
  await firstVoice.sender.replaceTrack(tone());
  await firstPicture.sender.replaceTrack(moving());
  const players = leg.places
    .slice(0, 1)
    .map(({ stream }) => Object.assign(new Audio(), { srcObject: stream, autoplay: true }));
  const screen = document.body.appendChild(
    Object.assign(document.createElement('video'), { autoplay: true, muted: true }),
  );
  screen.srcObject = leg.place(firstPicture.mid!)!.stream;

  const sum = (rows: Record<string, unknown>[], type: string, kind: string, field: string) =>
    rows
      .filter((row) => row.type === type && row.kind === kind)
      .reduce((total, row) => total + Number(row[field] ?? 0), 0);
  const count = (side: typeof near, device: string, what: 'passed' | 'dropped') => ({
    voice: side.of(device, true)?.[what] ?? 0,
    picture: side.of(device, false)?.[what] ?? 0,
  });
  let tracks: MediaStreamTrack[] = [];
  let generation = 0;
  return {
    connected: () => up && players.length > 0,
    async figures() {
      const rows: Record<string, unknown>[] = [];
      (await leg.connection.getStats()).forEach((row: Record<string, unknown>) => rows.push(row));
      return {
        near: {
          passed: count(near, 'me', 'passed'),
          dropped: count(near, 'me', 'dropped'),
          opened: near
            .all()
            .filter((c) => c.device !== 'me')
            .reduce((total, c) => total + c.passed, 0),
          voiceOf: { b2: near.of(id('b2'), true)?.passed ?? 0 },
          pictureOf: { b2: near.of(id('b2'), false)?.passed ?? 0 },
        },
        far: { passed: count(other, id('a1'), 'passed') },
        sent: {
          audio: sum(rows, 'outbound-rtp', 'audio', 'packetsSent'),
          video: sum(rows, 'outbound-rtp', 'video', 'packetsSent'),
        },
        received: { audio: sum(rows, 'inbound-rtp', 'audio', 'packetsReceived') },
        framesDecoded: sum(rows, 'inbound-rtp', 'video', 'framesDecoded'),
        energy: sum(rows, 'inbound-rtp', 'audio', 'totalAudioEnergy'),
        level: await leg.loudness(firstVoice.mid!),
        suspects: [...new Set(suspects)],
      };
    },
    async speak() {
      tracks = [tone(), moving()];
      await leg.sendVoice(tracks[0]!);
      await leg.sendPicture(tracks[1]!);
    },
    async mute() {
      await leg.sendVoice(null);
      await leg.sendPicture(null);
      tracks.forEach((track) => track.stop());
    },
    /** The key press alone, while both tracks go on. Two answers: the first may be to an earlier question. */
    async allow(on: boolean) {
      near.allow(on, on);
      await near.fresh();
      await near.fresh();
    },
    seal: () => near.tell(seals(own.keyId, own.key, tag.far)),
    place(device: string) {
      for (const { mid } of [firstVoice, firstPicture])
        near.tell({ kind: 'place', slot: 0, leg: 1, mid: mid!, device: id(device), voice: mid === firstVoice.mid });
    },
    open: (device: string) => {
      near.tell({ kind: 'forget', keyId: far.keyId, over: true });
      near.tell(opens(far.keyId, device, far.key, tag.near));
    },
    /** Somebody who has the keys of the group, and not the secret that the two share, seals as the far end. */
    forge: () => other.tell(seals(far.keyId, far.key, tag.near + 1)),
    honest: () => other.tell(seals(far.keyId, far.key, tag.near)),
    replaceWorker() {
      near.worker.terminate();
      near = startWorker(suspects);
      leg.reseal(near.worker);
      generation++;
      const keyId = (BigInt(`0x${own.keyId}`) + BigInt(generation)).toString(16).padStart(14, '0');
      other.tell(opens(keyId, 'a1', own.key + 8 * generation, tag.far, generation));
      near.tell(seals(keyId, own.key + 8 * generation, tag.far));
      for (const { mid } of [firstVoice, firstPicture])
        near.tell({ kind: 'place', slot: 0, leg: 1, mid: mid!, device: id('b2'), voice: mid === firstVoice.mid });
      near.tell(opens(far.keyId, 'b2', far.key, tag.near));
    },
  };
}
