"""Descriptions that console and node make of an offer and an answer for their own WebRTC stacks (console.md §5)."""

import ipaddress

URI = {
    "mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
    "sent": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "received": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
}
VOICE = "minptime=20;cbr=1;usedtx=0;useinbandfec=1;stereo=0;maxaveragebitrate=24000"


def describe(offer, answer=None):
    """The lines of an answer to the offer, or of the offer itself."""
    mids = offer[3]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE " + " ".join(mids), "a=msid-semantic: WMS"]
    if answer:
        lines.append("a=ice-lite")
    for at in range(len(mids)):
        lines += section(offer, answer, at)
    return lines


def candidates(addresses):
    for at, address in enumerate(addresses):
        ip = ipaddress.ip_address(address[1])
        name, kind, end = ("tcp", 90, " tcptype passive") if address[3] else ("udp", 126, "")
        priority = kind << 24 | 65535 - at << 8 | 255
        yield f"a=candidate:{at + 1} 1 {name} {priority} {ip} {address[2]} typ host{end}"
    yield "a=end-of-candidates"


def section(offer, answer, at):
    place, mid, numbers, end = at >= 2, offer[3][at], offer[2], (answer or offer)[1]
    voice = at == 0 or (place and at - 2 < offer[4])
    opus, vp8, again = numbers[1], numbers[2], numbers.get(3)
    types = [opus] if voice else [vp8] + ([again] if again is not None else [])
    yield f"m={'audio' if voice else 'video'} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, types))}"
    yield "c=IN IP4 0.0.0.0"
    if at == 0 and answer:
        yield from candidates(answer[2])
    yield f"a=ice-ufrag:{end[1]}"
    yield f"a=ice-pwd:{end[2]}"
    yield "a=fingerprint:sha-256 " + ":".join(f"{byte:02X}" for byte in end[3])
    yield f"a=setup:{'passive' if answer else 'actpass'}"
    yield f"a=mid:{mid}"
    yield f"a=extmap:{numbers[4]} {URI['mid']}"
    rate = numbers.get(6 if place else 5)
    if not voice and rate is not None:
        yield f"a=extmap:{rate} {URI['received' if place else 'sent']}"
    yield "a=sendonly" if place == bool(answer) else "a=recvonly"
    yield "a=rtcp-mux"
    if voice:
        yield f"a=rtpmap:{opus} opus/48000/2"
        yield f"a=fmtp:{opus} {VOICE if answer else 'minptime=10;useinbandfec=1'}"
        yield "a=ptime:20"
    else:
        yield "a=rtcp-rsize"
        yield f"a=rtpmap:{vp8} VP8/90000"
        for feedback in ("goog-remb" if place else "transport-cc", "ccm fir", "nack", "nack pli"):
            yield f"a=rtcp-fb:{vp8} {feedback}"
        if again is not None:
            yield f"a=rtpmap:{again} rtx/90000"
            yield f"a=fmtp:{again} apt={vp8}"
    if place == bool(answer):
        yield from streams(answer[3][at - 2] if answer else offer[5 + at], mid)


def streams(stream, mid):
    yield f"a=msid:s{mid} t{mid}"
    if 2 in stream:
        yield f"a=ssrc-group:FID {stream[1]} {stream[2]}"
    for ssrc in stream.values():
        yield f"a=ssrc:{ssrc} cname:s{mid}"
        yield f"a=ssrc:{ssrc} msid:s{mid} t{mid}"
