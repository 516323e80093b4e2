/** Legs to a node that answers as it likes: what leaves the browser then, in packets of voice and their sizes. */
import { Leg } from '../../../src/media/leg';
import { VOICE_FORMAT } from '../../../src/media/profile';

const LOUDNESS = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
/** Header extensions of the profile (spec/console.md §5); the keys worker leaves out the others in a real console. */
const AGREED = /sdes:mid|transport-wide-cc|abs-send-time/;

/** An offer as a console's machine lets it out. */
export function agreedOffer(sdp: string): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => {
      const rate = section.startsWith('m=audio')
        ? /$^/
        : section.includes('a=sendonly')
          ? /transport-wide-cc/
          : /abs-send-time/;
      return section
        .split('\r\n')
        .filter(
          (row) => !row.startsWith('a=extmap:') || (AGREED.test(row) && (row.includes('sdes:mid') || rate.test(row))),
        )
        .join('\r\n');
    })
    .join('');
}

/** An answer as a console's machine makes it of what the node says. */
export function agreedAnswer(sdp: string): string {
  return sdp.replace(/^a=fmtp:(\d+) minptime.*$/gm, `a=fmtp:$1 ${VOICE_FORMAT}`);
}

/** Opus alone, as an honest node has it. */
export function onlyOpus(connection: RTCPeerConnection) {
  const opus = RTCRtpReceiver.getCapabilities('audio')!.codecs.filter(
    ({ mimeType }) => mimeType.toLowerCase() === 'audio/opus',
  );
  for (const side of connection.getTransceivers())
    if (side.receiver.track.kind === 'audio') side.setCodecPreferences(opus);
}

/** Everything at once that the SDP of a node could turn, one by one. */
const TURNS: Record<string, (answer: string, offer: string) => string> = {
  'Opus in capitals, at a variable rate, with pauses': (sdp) =>
    sdp
      .replace(/^a=rtpmap:(\d+) opus/gm, 'a=rtpmap:$1 OPUS')
      .replace(/^a=fmtp:(\d+) .*cbr=1.*$/gm, 'a=fmtp:$1 minptime=10;usedtx=1;useinbandfec=1'),
  pauses: (sdp) => sdp.replace(/usedtx=0/g, 'usedtx=1'),
  'a variable rate': (sdp) => sdp.replace(/cbr=1/g, 'cbr=0'),
  'a rate without end': (sdp) => sdp.replace(/maxaveragebitrate=\d+/g, 'maxaveragebitrate=510000'),
  'loudness in the clear': (sdp, offer) => {
    const id = new RegExp(`^a=extmap:(\\d+) ${LOUDNESS}`, 'm').exec(offer)![1];
    return sdp.replace(/^(a=extmap:\d+ urn:ietf:params:rtp-hdrext:sdes:mid)$/gm, `$1\r\na=extmap:${id} ${LOUDNESS}`);
  },
  'another codec beside Opus': (sdp) =>
    sdp
      .replace(/^(m=audio \d+ \S+) (\d+)(.*)$/gm, '$1 $2 0$3')
      .replace(/^(a=rtpmap:\d+ opus.*)$/gm, '$1\r\na=rtpmap:0 PCMU/8000'),
  'another codec for Opus': (sdp) =>
    sdp
      .replace(/^(m=audio \d+ \S+) .*$/gm, '$1 0')
      .replace(/^a=rtpmap:\d+ opus.*$/gm, 'a=rtpmap:0 PCMU/8000')
      .replace(/^a=(fmtp|rtcp-fb):.*cbr.*$\r\n/gm, ''),
  'nothing taken': (sdp) => sdp.replace(/^a=recvonly$/gm, 'a=inactive'),
};

/** Noise that can be silenced. */
function sound(): { track: MediaStreamTrack; loud(on: boolean): void } {
  const context = new AudioContext();
  const noise = context.createBuffer(1, context.sampleRate * 2, context.sampleRate);
  noise.getChannelData(0).forEach((_, at, all) => (all[at] = (Math.random() - 0.5) * Math.sin(at / 3_000)));
  const source = Object.assign(context.createBufferSource(), { buffer: noise, loop: true });
  const gain = context.createGain();
  const out = context.createMediaStreamDestination();
  source.connect(gain).connect(out);
  source.start();
  return { track: out.stream.getTracks()[0]!, loud: (on) => void (gain.gain.value = on ? 1 : 0) };
}

/** Lets frames pass as they are: sizes and pauses are those of the encoder, to which a seal adds the same to each. */
const sealing = () => {
  const code = `onrtctransform = ({ transformer: { readable, writable } }) => readable.pipeThrough(new TransformStream({ transform: (frame, out) => out.enqueue(frame) })).pipeTo(writable);`;
  return new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
};

async function connect(turn: (answer: string, offer: string) => string) {
  let up = false;
  const leg = new Leg(sealing(), 0, 1, (state) => (up = state));
  const node = new RTCPeerConnection();
  // The track is there before the answer, as in a call that goes on over a new leg.
  const voice = sound();
  await leg.sendVoice(voice.track);
  const offer = await leg.offer();
  await node.setRemoteDescription({ type: 'offer', sdp: agreedOffer(offer) });
  onlyOpus(node);
  node.getTransceivers().forEach((side, at) => at >= 2 && (side.direction = 'sendonly'));
  leg.connection.onicecandidate = ({ candidate }) =>
    void node.addIceCandidate(candidate ?? undefined).catch(() => undefined);
  node.onicecandidate = ({ candidate }) =>
    void leg.connection.addIceCandidate(candidate ?? undefined).catch(() => undefined);
  await node.setLocalDescription(await node.createAnswer());
  const answer = turn(agreedAnswer(node.localDescription!.sdp), offer);
  const refused = await leg.answer(answer).then(
    () => null,
    (error: unknown) => String(error),
  );
  const packets = async () => {
    const row = (await leg.stats()).find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
    return { sent: Number(row?.packetsSent ?? 0), bytes: Number(row?.bytesSent ?? 0) };
  };
  return { leg, node, voice, refused, packets, up: () => up };
}

export async function setUpTurned() {
  let fit: Awaited<ReturnType<typeof connect>> | null = null;
  return {
    turns: () => Object.keys(TURNS),
    /** What became of a leg to a node that turns the answer so. */
    async turned(name: string) {
      const { leg, node, voice, refused, packets } = await connect(TURNS[name]!);
      // Whatever comes of it is there by the time an honest leg, made after it, is up and has sent.
      const other = await connect((answer) => answer);
      for (let looks = 0; !other.refused && (await other.packets()).sent < 25; looks++) {
        if (looks > 3_000) throw new Error('the leg of an honest node sends nothing');
        await new Promise((done) => requestAnimationFrame(done));
      }
      const { sent } = await packets();
      const stays = other.refused;
      for (const one of [leg, other.leg]) one.close();
      for (const one of [node, other.node]) one.close();
      voice.track.stop();
      other.voice.track.stop();
      return { refused, sent, honest: stays };
    },
    async honest() {
      fit = await connect((answer) => answer);
      return fit.refused;
    },
    loud: (on: boolean) => fit!.voice.loud(on),
    packets: () => fit!.packets(),
  };
}
