/**
 * What a leg may negotiate (spec/console.md §5). The answer is made by the console's machine and holds to it; this looks at what the browser has made of it,
 * whoever the answer came from, before a track is attached.
 */

/** How a voice is coded, word for word as in `crates/wire/src/leg/sdp.rs`: a test compares them. */
export const VOICE_FORMAT = 'minptime=20;cbr=1;usedtx=0;useinbandfec=1;stereo=0;maxaveragebitrate=24000';
/** Its packets are as long as the template says. */
const PACKET = 'ptime=20';

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';
const SENT_RATE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const RECEIVED_RATE = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';

/** Header extensions travel in the clear: one that shows loudness (RFC 6464) or what is said would undo the seal. */
const EXTENSIONS = { voice: [MID], picture: [MID, SENT_RATE], voicePlace: [MID], picturePlace: [MID, RECEIVED_RATE] };

const formats = (line: string | undefined) =>
  (line ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase())
    .filter(Boolean)
    .sort()
    .join(';');

function fail(what: string): never {
  throw new Error(`the leg is not as agreed: ${what}`);
}

function onlyExtensions(of: { headerExtensions: { uri: string }[] }, allowed: string[], where: string) {
  for (const { uri } of of.headerExtensions) if (!allowed.includes(uri)) fail(`header extension ${uri} of ${where}`);
}

/** The one voice: Opus at a constant rate, in one encoding, and nothing beside it that could be switched to. */
function checkVoice({ sender }: RTCRtpTransceiver) {
  const parameters = sender.getParameters();
  const [codec, ...others] = parameters.codecs;
  if (!codec || others.length > 0 || codec.mimeType.toLowerCase() !== 'audio/opus' || codec.channels !== 2)
    fail('the voice is coded in another way');
  // Browsers list the duration of a packet, a line of its own in the template, among the parameters, or do not.
  const agreed = [VOICE_FORMAT, `${VOICE_FORMAT};${PACKET}`].map(formats);
  if (!agreed.includes(formats(codec.sdpFmtpLine))) fail(`the voice is coded with ${codec.sdpFmtpLine}`);
  if (parameters.encodings.length !== 1) fail('the voice has more than one encoding');
  onlyExtensions(parameters, EXTENSIONS.voice, 'the voice');
}

/** The one picture: VP8, whose clear prefix is the one that sealing knows. */
function checkPicture({ sender }: RTCRtpTransceiver) {
  const parameters = sender.getParameters();
  const names = parameters.codecs.map(({ mimeType }) => mimeType.toLowerCase());
  if (names[0] !== 'video/vp8' || names.slice(1).some((name) => name !== 'video/rtx'))
    fail(`the picture is coded as ${names.join(', ')}`);
  if (parameters.encodings.length !== 1) fail('the picture has more than one encoding');
  onlyExtensions(parameters, EXTENSIONS.picture, 'the picture');
}

/** Throws, in one sentence, where what was negotiated differs from the profile. */
export function holdsToProfile(connection: RTCPeerConnection, voice: RTCRtpTransceiver, picture: RTCRtpTransceiver) {
  for (const transceiver of connection.getTransceivers()) {
    const sends = transceiver === voice || transceiver === picture;
    if (transceiver.currentDirection !== (sends ? 'sendonly' : 'recvonly'))
      fail(`section ${transceiver.mid} is ${transceiver.currentDirection}`);
    const isVoice = transceiver.receiver.track.kind === 'audio';
    if (!sends)
      onlyExtensions(
        transceiver.receiver.getParameters(),
        isVoice ? EXTENSIONS.voicePlace : EXTENSIONS.picturePlace,
        `place ${transceiver.mid}`,
      );
  }
  if (connection.sctp) fail('a data channel');
  checkVoice(voice);
  checkPicture(picture);
}
