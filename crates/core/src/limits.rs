//! Every bound of the control machine, with what raising or lowering it costs. All times are microseconds.

use crate::budgets::{Limit, Limits};

/// A node looks into forged frames of one device again after so long. Shorter lets a hostile node fill the journal by
/// forging.
pub const FORGED_AGAIN_US: u64 = 30_000_000;
/// Memory for bodies other than certificates, in bytes. A call of nine consoles leaves about 3 MB of handshakes; less
/// makes a console that comes back late miss keys of a long call, more is memory that a hostile node can fill.
pub const BODIES_HELD: usize = 64 << 20;
/// Entries of one journal held where all is in memory (simulations, tests).
pub const ENTRIES_HELD: u64 = 1 << 20;
/// Entries of one journal held where the disk is read back: at 700 bytes each, thirty years of heavy use are 50 GB. A
/// node that floods its journal is cut off there, and only there.
pub const ENTRIES_KEPT: u64 = 1 << 26;
/// The last entries of other nodes, of all journals together, that are in memory. It must be more than can wait for the
/// disk; more is memory (8 kB each at most, usually 600 bytes).
pub const RECENT: usize = 8_192;
/// The last own entries that are in memory once they are on disk.
pub const OWN_RECENT: usize = 1_024;
/// Entries after which what was made of them is kept. More makes a start read more of them (60 µs each), less writes
/// more.
pub const SNAPSHOT_ENTRIES: u64 = 4_096;
/// Consoles that have proven who they are. A party has a few dozen; each costs its queue in the shell.
pub const CONSOLES_MAX: usize = 256;
/// WebSockets that have not proven anything yet; when one more comes, the oldest goes. The shell holds fewer and
/// decides by address who goes; this is for those that it has ended and that are not closed yet. Less makes it easier
/// for strangers to keep others out, more lets them hold more memory.
pub const STRANGERS_MAX: usize = 384;
/// How long a stranger may take to prove who it is.
pub const STRANGER_US: u64 = 10_000_000;
/// After how long without a message a console counts as gone; it pings far more often
/// ([`trialogue_wire::limits::PING_US`]). Shorter drops consoles behind a bad line, longer shows as on watch who is
/// not.
pub const SILENCE_US: u64 = 20_000_000;
/// What one device may put into its node's journal, and with it onto every party's disk: a lead in a call of nine adds
/// a console with 170 kB at most. More lets a single console do so; less stops one that leads a large call.
pub(crate) const DEVICE_STATES: Limits = Limits {
    bytes: Limit { burst: 16 << 20, per_day: 96 << 20, saved: 16 << 20 },
    entries: Limit { burst: 4_096, per_day: 40_000, saved: 4_096 },
};
/// Bodies that one device is given on asking, many times what it needs: a file of 100 MB as fast as its leg carries it.
/// More lets it keep the disk busy.
pub(crate) const DEVICE_WANTS: Limits = Limits {
    bytes: Limit { burst: 256 << 20, per_day: 640 << 30, saved: 256 << 20 },
    entries: Limit { burst: 8_192, per_day: 17_280_000, saved: 8_192 },
};
/// What one journal may put onto the disks of all: 768 MB a day, where a busy day has some 20 MB. More fills disks
/// sooner; less slows the node of a party with many calls. Saved up by a node that is out of reach: a week of it, which
/// is years of honest use.
pub(crate) const JOURNAL: Limits = Limits {
    bytes: Limit { burst: 128 << 20, per_day: 768 << 20, saved: 7 * (768 << 20) },
    entries: Limit { burst: 32_768, per_day: 172_800, saved: 7 * 172_800 },
};
/// Bodies of a link for entries that are held without them: on an honest one those of a few entries that another
/// neighbour was faster to bring, and brought bare. More lets a hostile one fill the disk and the consoles' WebSockets
/// with what was there before; less loses what was under way.
pub(crate) const LATE_BODIES: Limits = Limits {
    bytes: Limit { burst: 16 << 20, per_day: 96 << 20, saved: 16 << 20 },
    entries: Limit { burst: 4_096, per_day: 40_000, saved: 4_096 },
};
/// Entries of a link that nobody has signed, that are another history, or that came with bodies which they do not name
/// (those count), each 60 µs of verifying; what it brings beyond is not looked at. An honest link brings none. More
/// lets a hostile one keep this node busy.
pub(crate) const FORGED: Limits = Limits {
    bytes: Limit { burst: 4 << 20, per_day: 40 << 30, saved: 4 << 20 },
    entries: Limit { burst: 512, per_day: 4_320_000, saved: 512 },
};
/// Entries of a link that are held already, each 20 µs of reading and comparing; what it brings beyond is not looked
/// at. An honest one brings what two neighbours pass on at once. More lets a hostile one keep this node busy; fewer
/// leave a second history of an old entry unseen until somebody signs for it.
pub(crate) const REPEATS: Limits = Limits {
    bytes: Limit { burst: 16 << 20, per_day: 40 << 30, saved: 16 << 20 },
    entries: Limit { burst: 4_096, per_day: 17_280_000, saved: 4_096 },
};
/// How long a node that is in reach and has more of its journal may give nothing of it and still catch up at speed.
/// More lets it wait for its moment with all that it has saved up; less slows one on a bad path.
pub const CATCH_UP_US: u64 = 30_000_000;
/// Entries of one link that wait for the budgets of their journals, in bytes; each journal's share is [`FLIGHT_MAX`]
/// and a batch. More is memory that a hostile node can fill.
pub const WAITING_MAX: usize = 8 << 20;
/// Entries that waited and are taken at one go, before anything else has its turn: 60 µs each.
pub const WAITED_TAKEN_MAX: usize = 128;
/// Statements that a console may make at once, and how fast that is refilled. A lead in a call with many joins makes a
/// few per second; more would let one console fill the journal.
pub const STATEMENTS_BURST: u32 = 64;
/// See [`STATEMENTS_BURST`].
pub const STATEMENT_EVERY_US: u64 = 50_000;
/// Other messages of a console at once (offers, wants, key frames), refilled one per 20 ms.
pub const MESSAGES_BURST: u32 = 256;
/// See [`MESSAGES_BURST`].
pub const MESSAGE_EVERY_US: u64 = 20_000;
/// How long a ring waits for consoles of a station that has none on watch before people are alerted: a node that has
/// just started waits for its consoles to come back.
pub const UNSTAFFED_US: u64 = 3_000_000;
/// A ring that nobody could be told of is told of again after this long, while it sounds. Less tries means that fail
/// more often, more leaves less of the ring's time.
pub const ALERT_AGAIN_US: u64 = 10_000_000;
/// The same where somebody was told and has not come. Less is one page after the other for somebody who is on the way,
/// more lets one who did not hear the first go on sleeping.
pub const ALERT_REPEAT_US: u64 = 30_000_000;
/// How long the disk may take for an entry before what depends on it goes out unrecorded: an emergency does not wait
/// for a disk.
pub const DISK_PATIENCE_US: u64 = 2_000_000;
/// Own entries that the disk has not confirmed; beyond it statements are refused as `Busy`, so a dead disk cannot fill
/// the memory. At a call's dozens of entries it lasts for many calls.
pub const UNRECORDED_MAX: usize = 8_192;
/// At start the machine waits this long for its neighbours to say how far they hold its own journal, so that entries
/// that went out unrecorded before a crash are taken back instead of contradicted. More delays the start of a node that
/// is alone.
pub const OPENING_US: u64 = 2_000_000;
/// At start, after this long the word of some neighbours is enough. More delays the start while one party is out of
/// reach.
pub const OPENING_SOME_US: u64 = 500_000;
/// How long a neighbour that says it holds more of the own journal may take to give the next entry, at a start. More
/// lets one that says so for nothing delay a start for longer, less makes a slow link contradict what went out before.
pub const CLAIM_US: u64 = 10_000_000;
/// The same for a node that was restored from a backup, and certainly lacks entries. Less forks its journal where a
/// link is slow.
pub const CLAIM_RESTORED_US: u64 = 60_000_000;
/// Statements that wait while a running node takes its own journal back; more are refused as `Busy`. Each is up to a
/// message long.
pub const DEFERRED_MAX: usize = 64;
/// Of one console. One in a call says two or three meanwhile; more lets one console take the others' places.
pub const DEFERRED_EACH_MAX: usize = 8;
/// How long a restored node waits for the others once it has heard from the first. More keeps it silent while a party
/// is out of reach; less makes it contradict what only that party holds.
pub const RESTORED_US: u64 = 60_000_000;
/// A change of who is on watch is written after this long without a further one, so that a flapping console costs few
/// entries.
pub const STAFFED_US: u64 = 1_000_000;
/// It is written after this long at the latest. Less costs entries where a console flaps, more lets such a console hide
/// for longer who else has come or gone.
pub const STAFFED_LATEST_US: u64 = 5_000_000;
/// How often each side of a link says what it holds, changed or not.
pub const HEADS_US: u64 = 5_000_000;
/// And how often when that has changed, at once and then once for each so long: 30 to 600 bytes each. More often lets a
/// node that brings much in little pieces fill the links of others; less often slows down who catches up, whose window
/// these open.
pub const HEADS_BURST: u32 = 64;
/// See [`HEADS_BURST`].
pub const HEADS_EVERY_US: u64 = 20_000;
/// How long a link may take to say hello.
pub const HELLO_US: u64 = 10_000_000;
/// Bytes of entries of one journal sent on a link and not yet acknowledged by its heads. A 100 ms path carries 40
/// Mbit/s of each with it; more is memory per link and journal. Each journal has its own: one that the other side takes
/// slowly does not hold up the rest.
pub const FLIGHT_MAX: usize = 512 << 10;
/// Bytes of entries in one message between nodes, unless one entry alone is larger.
pub const BATCH_MAX: usize = 256 << 10;
/// The same in one message to a console: what is left beside a voice on 64 kbit/s carries it within the 40 s for which
/// a console waits. Less costs a frame of the WebSocket more often.
pub const TOLD_BATCH_MAX: usize = 64 << 10;
/// Bytes of entries and bodies that are under way to a console before it has said that it has taken them: a quarter of
/// what the shell holds for it. Less makes a far console wait for its state, more ends a console on a slow line.
pub const TOLD_MAX: usize = 2 << 20;
/// Of one journal before it is another's turn.
pub const TOLD_RUN: usize = 64 << 10;
/// Entries that wait to be told to one console: half of what one journal may bring at once. One that lags further
/// behind comes again, and is told what matters then.
pub const TO_TELL_MAX: usize = 16 << 10;
/// Bodies beside an entry that is told later than it came, unless it is an enrolment: a console asks for larger ones if
/// it needs them.
pub const TOLD_BODIES: u64 = 16 << 10;
/// Bodies beside one entry, together: with the entry they must fit into one message.
pub const BUNDLE_MAX: usize = trialogue_wire::limits::MESSAGE_MAX - (64 << 10);
/// How long to leave it to a journal's own node to send an entry to a neighbour of it, before it is sent from here as
/// well. Less sends every entry over every link, more delays the way round a link that is failing.
pub const RELAY_US: u64 = 1_000_000;
/// After how long without progress entries on a link are sent again.
pub const RESEND_US: u64 = 10_000_000;
/// Shortest time between two requests for a key frame of one console: a key frame is up to 100 packets.
pub const KEY_FRAME_US: u64 = 200_000;
/// Shortest time between two [`trialogue_wire::console::ToConsole::Paths`] that differ in round trips only.
pub const ROUND_TRIP_US: u64 = 5_000_000;
/// Streams of one other node that are known at once: two for each console in a call, and those whose console is not in
/// yet. What one node says beyond it takes no place of another's. More is memory (300 bytes here, 16 kB in the
/// forwarder), fewer leave consoles of a large call unheard.
pub const STREAMS_OF_NODE_MAX: usize = 128;
/// Words about media that a link may give at once, and how fast that is refilled. Each costs 60 µs of verifying; fewer
/// lose words of a large call when a link comes up.
pub const WORDS_BURST: u32 = 512;
/// See [`WORDS_BURST`].
pub const WORD_EVERY_US: u64 = 10_000;
/// Words of each other node that a link is passed, at once and then one for each so long; what is beyond waits here. Of
/// a large call few are spoken at once: who falls silent is told on the source's own link alone. More lets a node that
/// others relay for fill their narrow links (200 bytes each), fewer let those behind a relay hear new voices of a large
/// call later.
pub const PASSED_WORDS_BURST: u32 = 128;
/// See [`PASSED_WORDS_BURST`].
pub const PASSED_WORD_EVERY_US: u64 = 200_000;
/// How often the link to a node may come up, at once and then once for each so long: each time every neighbour and
/// console is told. More lets one that comes and goes keep the others' links busy; less leaves one on a bad path
/// unlinked for longer.
pub const UPS_BURST: u32 = 32;
/// See [`UPS_BURST`].
pub const UP_EVERY_US: u64 = 2_000_000;
/// How often hello is said on a link, at once and then once for each so long: with each charter once. More is work here
/// for nothing, less keeps a link from going on to a newer charter.
pub const HELLOS_BURST: u32 = 16;
/// See [`HELLOS_BURST`].
pub const HELLO_EVERY_US: u64 = 1_000_000;
/// Key frames that a link may ask for at once, one for each picture that a console sees, and how fast that is refilled.
/// A key frame is up to 100 packets: more lets one node fill the others' paths with them.
pub const KEY_FRAME_WISHES_BURST: u32 = 2 * trialogue_wire::limits::PICTURES_MAX as u32;
/// See [`KEY_FRAME_WISHES_BURST`].
pub const KEY_FRAME_WISH_US: u64 = 500_000;
/// Relays that carry a further copy of a voice to each node that hears it. One bridges a cut of the direct link, two
/// also the loss of a relay at the same time; each costs a voice twice (48 kbit/s each way), or once where its own
/// party hears it too.
pub const SPARES_MAX: usize = 2;
/// Rings of one other node that are taken at once, and how fast that is refilled. Each costs this node two to seven
/// entries; with six nodes that ring without end they stay below what others take of its journal in a day
/// (`JOURNAL`). More lets hostile nodes use that up, fewer make officers who ring often wait.
pub const RINGS_BURST: u32 = 32;
/// Devices of one node of which is remembered when they rang last. More is memory (50 bytes each); fewer let some that
/// ring without end come before others again.
pub const RUNG_MAX: usize = 64;
/// See [`RINGS_BURST`].
pub const RING_EVERY_US: u64 = 20_000_000;
/// How long after a ring is over it is written down as missed, in microseconds. Longer leaves a board without it, less
/// writes down what somebody answers just then.
pub const MISSED_AFTER_US: u64 = 1_000_000;
/// Age of a ring, in milliseconds, from which on one that this node never had while it went on is old news: the node
/// was out of reach, and its other site may have answered.
pub const MISSED_LATE_MS: u64 = 60_000;
/// How long such a one waits for the other site's word, in microseconds. Longer leaves a board without it, less writes
/// down as missed what was answered there.
pub const MISSED_LATE_US: u64 = 30_000_000;
/// Age of a ring, in milliseconds, from which on nobody is told that it was missed. More fills the boards of a node
/// that is restored with what is long over.
pub const MISSED_OLD_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Missed rings of one party on one line that are written down at once, and how fast that is refilled. Boards show no
/// more than [`trialogue_journal::limits::MISSED_MAX`] of a line; more lets a party that rings without end fill the
/// record.
pub const MISSED_BURST: u32 = 8;
/// See [`MISSED_BURST`].
pub const MISSED_EVERY_US: u64 = 60_000_000;
/// Charters of before that are kept for a neighbour or console that missed several. Each is 40 to 400 kB; one that
/// missed more is given the newest by its operator.
pub const LINEAGE_MAX: usize = 8;
/// Charters that a neighbour may give at once, and how fast that is refilled. Each costs a node up to 30 ms of
/// verifying.
pub const CHARTERS_BURST: u32 = LINEAGE_MAX as u32 + 2;
/// See [`CHARTERS_BURST`].
pub const CHARTER_EVERY_US: u64 = 10_000_000;
/// How long after its time an overdue message still fetches people, in milliseconds: a node that was down for longer
/// leaves it to the boards.
pub const OVERDUE_MS: u64 = 60 * 60 * 1_000;
/// How long after people were told of overdue messages of one party on one line they are told of the next ones, in
/// microseconds, but of those of a higher precedence. More leaves a later message unheard of for longer, and must be
/// less than [`OVERDUE_MS`]; less lets a party have people alerted more often.
pub const ALERT_WRITINGS_EVERY_US: u64 = 10 * 60 * 1_000_000;
/// How long after it has come on watch a console is first asked to prove that it lives: it has keys and entries to take
/// before.
pub const ALIVE_FIRST_US: u64 = 10_000_000;
/// How often it is looked whether a test is missing. More often is work for nothing, less often shows a fault later.
pub const LOOK_US: u64 = 5_000_000;
/// How long people are not told again of the same test that fails and recovers by turns.
pub const TOLD_US: u64 = 600_000_000;
/// How long a link to a node that is not in service any more is kept, so that it hears of it. More keeps a stranger
/// listening.
pub const LEAVING_US: u64 = 2_000_000;
/// Shortest time between two entries that say what this node holds of all journals. Each is up to 5 kB on every link
/// and disk, and at most 52,560 a year; half the time doubles that, twice the time leaves more of the newest history in
/// its own node's hands alone.
pub const SEEN_US: u64 = 600_000_000;
/// Shortest time between two ML-DSA-87 signatures of what this node holds, so that there is one in every hour in which
/// something came. Each is 4.7 kB on every link and disk, at most 50 MB a year, and some milliseconds of the node;
/// twice the time leaves twice as much of the newest history to Ed25519 alone.
pub const STRONG_US: u64 = 3_000_000_000;
/// Copies that wait for the disk at once. More fills the queue to it, fewer makes a thousand of them take longer.
pub(crate) const COPIES_UNDER_WAY: usize = 16;
/// How often a node tells of the revocations in its journal at least: eight times within the day after which a console
/// counts a party as stale.
pub const LISTED_US: u64 = 3 * 3_600_000_000;
/// How long after its start, or after a revocation came, it does: what others tell it by then need not be told of
/// twice.
pub const LISTED_SETTLE_US: u64 = 10_000_000;
/// How long after something came that is worth signing for it is signed, so that the entries of one ring are signed for
/// together.
pub const SEEN_SETTLE_US: u64 = 10_000_000;
/// Heads that one other node has signed of one journal which this node does not hold so far yet, kept until it does.
/// More remembers longer of a journal that comes late; the record on disk forgets none of it.
pub const AHEAD_MAX: usize = 8;
/// Chunks that were given to the disk and are not on it yet. More is memory (256 KiB each), fewer slow a disk with much
/// to do.
pub const CHUNKS_STORING_MAX: usize = 16;
/// Chunks that a console may give at once, 256 MB, and how fast that is refilled: 11 GB a day. More lets one console
/// fill the disk.
pub const CHUNKS_BURST: u32 = 1_024;
/// See [`CHUNKS_BURST`].
pub const CHUNK_EVERY_US: u64 = 2_000_000;
/// Chunks that a neighbour may ask for at once, and how fast that is refilled: 50 MB/s. More lets a hostile node keep
/// this one reading.
pub const WANT_CHUNK_BURST: u32 = 64;
/// See [`WANT_CHUNK_BURST`].
pub const WANT_CHUNK_EVERY_US: u64 = 5_000;
/// First part of a chunk that is asked for over a link, in bytes: a quarter of a second at 0.5 Mbit/s.
pub const CHUNK_PART: u32 = 16 << 10;
/// The smallest: half a second at 64 kbit/s, which is how long a ring may wait behind it.
pub const CHUNK_PART_MIN: u32 = 4 << 10;
/// A part that came this much later than a round trip or sooner is followed by one of twice its size. More makes others
/// wait longer.
pub const CHUNK_QUICK_US: u64 = 100_000;
/// One that came this much later is followed by one of half its size.
pub const CHUNK_SLOW_US: u64 = 300_000;
/// Messages of one node whose chunks are missing. Of the console with most of them the last one goes, until the next
/// start; more is memory.
pub const CHUNKS_WAITING_MAX: usize = 512;
/// Chunks of one node's messages that are fetched at once, 1 GB, and how fast that is refilled: 11 GB a day. Others
/// wait; more lets one node fill the disk.
pub const CHUNKS_FETCHED_BURST: u32 = 4_096;
/// See [`CHUNKS_FETCHED_BURST`].
pub const CHUNK_FETCHED_EVERY_US: u64 = 2_000_000;
/// How long a neighbour may take for a part before another one is asked.
pub const CHUNK_PATIENCE_US: u64 = 10_000_000;
/// How long a neighbour may take for a whole chunk while there is another one to ask: at 64 kbit/s with voice beside it
/// takes about that long. More lets one that gives it drop by drop hold up a node's messages, less asks others for what
/// was half there.
pub const CHUNK_LONG_US: u64 = 60_000_000;
/// Shortest time from one chunk to the next, twice [`WANT_CHUNK_EVERY_US`]: 25 MB/s.
pub const CHUNK_NEXT_US: u64 = 10_000;
/// How long to rest when nobody has what is missing.
pub const CHUNK_REST_US: u64 = 2_000_000;
/// How often a console may be told everything anew: it costs the node what a log-in costs.
pub const RETELLINGS_BURST: u32 = 4;
/// See [`RETELLINGS_BURST`].
pub const RETELLING_EVERY_US: u64 = 10_000_000;
/// A clock that was set back by no more than this goes on where the journal's time stands, in milliseconds. More hides
/// a clock that was wrong, less makes a restart after a leap look like one.
pub const SET_BACK_MS: u64 = 60_000;
/// How far a node's clock leaps, in milliseconds, until it tells its consoles at once. More leaves them with acts that
/// it refuses, less tells them of every little correction.
pub const CLOCK_TOLD_MS: u64 = 1_000;

/// How often a node may say of its links that they are others, at once and then one for each so long. Each time all
/// routes are worked out anew, and consoles may be told of the ways; less keeps a node that flaps on an old way for
/// longer, by at most [`HEADS_US`].
pub const NEIGHBOURS_BURST: u32 = 16;
/// See [`NEIGHBOURS_BURST`].
pub const NEIGHBOURS_EVERY_US: u64 = 500_000;
