//! Every bound of the shell, with what raising or lowering it costs: how much others can make this node hold, do or
//! wait for. What a message may hold is bounded in `trialogue_wire::limits`, what a device and a journal may do in
//! `trialogue_core::limits`. Times and sizes by which the node's own work is paced stand where that is done; what an
//! operator may configure, in `config`.

/// The doors: for those who have proven nothing yet; who has is bounded by the machine.
pub(crate) mod door {
    use crate::pace::Rate;
    use std::time::Duration;

    /// TCP connections of browsers that are no WebSocket yet. Each costs a descriptor and up to 70 kB; fewer let an
    /// attacker with many addresses drive out somebody who is just coming.
    pub(crate) const STREAMS: usize = 384;
    /// WebSockets before their log-in. Each costs its challenge with the charter, 40 to 400 kB, until it is read. Less
    /// than `trialogue_core::limits::STRANGERS_MAX`, so that it is decided here, by address, who has to go.
    pub(crate) const SOCKETS: usize = 192;
    /// Media connections over TCP that no leg has taken. Each costs a descriptor and up to 20 kB.
    pub(crate) const MEDIA_STREAMS: usize = 192;
    /// Media connections over TCP of legs: more than the consoles of a party have.
    pub(crate) const MEDIA_PROVEN: usize = 512;
    /// Handshakes of links under way, on each carrier. Each costs a key exchange and some ten kilobytes.
    pub(crate) const HANDSHAKES: usize = 256;
    /// Requests of officers under way. Each costs up to 10 ms of verifying, one after the other.
    pub(crate) const OFFICERS: usize = 48;
    /// Requests on the operator's socket under way: whoever may open it has the node's rights.
    pub(crate) const OPERATORS: usize = 16;
    /// Pages of health that are being made. Each may read 90 days from the disk, one after the other.
    pub(crate) const HEALTH_PAGES: usize = 48;

    /// Addresses remembered because somebody has proven itself from there. Times what is kept for each this must stay
    /// below the places of every door, or known addresses alone could fill it.
    pub(crate) const KNOWN_MAX: usize = 32;
    /// Addresses that the charter names: 18 nodes with eight each. With [`KNOWN_MAX`], and [`RESOLVED_EACH`] of 17
    /// nodes, fewer than [`HANDSHAKES`].
    pub(crate) const NAMED_MAX: usize = 144;
    /// Places kept for each known address at the door of browsers, which open six connections. More leaves fewer to who
    /// comes for the first time.
    pub(crate) const KEPT: usize = 8;
    /// The same at all other doors.
    pub(crate) const KEPT_FEW: usize = 1;

    /// Costly steps (a TLS handshake, a challenge, a log-in) that one address may ask for, per second and at once,
    /// before it has proven itself. A log-in takes three: eighty consoles behind one router come at once after a
    /// restart, and twenty a second after them. More lets one address take more than a twentieth of a core.
    pub(crate) const PACE: Rate = Rate { per_second: 64.0, burst: 256.0 };
    /// Addresses of which that is remembered.
    pub(crate) const PACED_MAX: usize = 1_024;

    /// A TLS handshake takes this long at most; over a satellite, packets lost, 5 s.
    pub(crate) const TLS: Duration = Duration::from_secs(10);
    /// The head of a request takes this long at most, and so long a connection may wait for the next one.
    pub(crate) const HEAD: Duration = Duration::from_secs(10);
    /// What is written to a connection moves on within this; the console's files over a line that passes nothing are
    /// given up.
    pub(crate) const STALL: Duration = Duration::from_secs(20);

    /// Addresses remembered behind the names of one node. More lets its owner keep places for whomever its names lead
    /// to; fewer than are dialled ([`super::links::ADDRESSES_TRIED`]) forgets those that it comes from.
    pub(crate) const RESOLVED_EACH: usize = 4;
}

/// Browsers and consoles.
pub(crate) mod web {
    use crate::pace::Rate;
    use std::time::Duration;

    /// Most bytes of a request's head, and of what is read ahead. More is memory for each of the
    /// [`super::door::STREAMS`], less refuses a browser with many headers.
    pub(crate) const HEAD_MAX: usize = 32 << 10;
    /// Messages a second that a console may send for long, and at once. A call's set-up is about 40. More lets one
    /// console keep the control task busy, less closes one that comes to a large call.
    pub(crate) const RATE: Rate = Rate { per_second: 100.0, burst: 200.0 };
    /// Sending one message takes this long at most; a console that reads slower than that is gone. More holds its queue
    /// for longer, less drops a bad line.
    pub(crate) const SEND: Duration = Duration::from_secs(10);
    /// A console that says nothing for this long is gone; it pings far more often
    /// ([`trialogue_wire::limits::PING_US`]). The machine gives it up before (`trialogue_core::limits::SILENCE_US`):
    /// this ends the WebSocket of one that it does not know. More keeps a descriptor of somebody who is not there.
    pub(crate) const SILENCE: Duration = Duration::from_secs(30);
    /// Messages that wait for one console. It is closed above that, and starts again from the journal. More is memory,
    /// fewer has a slow console start again and again.
    pub(crate) const OUT_MESSAGES: usize = 2_048;
    /// Bytes that wait for one console; a few of the largest messages.
    pub(crate) const OUT_BYTES: usize = 8 << 20;
}

/// The security officer's requests.
pub(crate) mod officer {
    use std::time::Duration;

    /// One who asks has this long to say it. More keeps a place of [`super::door::OFFICERS`] for longer, less fails
    /// over slow links.
    pub(crate) const ASKS_WITHIN: Duration = Duration::from_secs(5);
    /// How long a nonce can be answered. Less fails over slow links; more keeps a request that leaked usable for
    /// longer.
    pub(crate) const NONCE_LIFE: Duration = Duration::from_secs(60);
    /// Requests answered within that time. An officer makes two at a time; more would only keep more nonces.
    pub(crate) const NONCES_USED_MAX: usize = 256;
    /// How long one waits for another's request. More keeps a place at the door, less has an officer ask again.
    pub(crate) const TURN: Duration = Duration::from_secs(2);
    /// Questions that wait for the control task: they go among what consoles and links say, and more would hold that
    /// up.
    pub(crate) const WAITING: usize = 4;
}

/// The operator's socket.
pub(crate) mod operator {
    use std::time::Duration;

    /// One who asks and says nothing is given up after this. More keeps a place of [`super::door::OPERATORS`], less
    /// fails on a busy machine.
    pub(crate) const ASKS_WITHIN: Duration = Duration::from_secs(5);
    /// Requests that wait for the control task: they go among what consoles and links say, and more would hold that up.
    pub(crate) const WAITING: usize = 4;
    /// Longest line either way, in bytes: a thousand devices with long names. More is memory, less cuts a list off.
    pub(crate) const LINE_MAX: usize = 1 << 20;
}

/// Alerts: commands, mails and requests of the web that a ring starts.
pub(crate) mod alert {
    use std::time::Duration;

    /// Longest that one means may take; then it is ended and counts as failed. Shorter fails a mail server that is
    /// slow, longer leaves the caller without word.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
    /// How long one address of a server may say nothing until the next is tried beside it (RFC 8305 §5). Shorter makes
    /// connections that are not needed, longer uses up the time above.
    pub(crate) const NEXT_ADDRESS: Duration = Duration::from_millis(250);
    /// Most addresses that are tried. More takes longer than the time above.
    pub(crate) const ADDRESSES_MAX: usize = 16;
    /// After how long means that failed are tried again, one pause after the other. Of a ring that nobody was told of
    /// the machine comes again by itself, while it sounds.
    pub(crate) const AGAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];
    /// Alerts of one party's rings at once. A flood of rings is bounded before; more than these wait. More is a
    /// process or a connection each, fewer delays the next ring's.
    pub(crate) const AT_ONCE: usize = 4;
    /// Alerts of one party's rings under way or waiting; beyond that they count as failed. More come when nobody is
    /// served by them any more.
    pub(crate) const WAITING: usize = 64;
    /// Alerts at once of messages of one party that are due, and of tests of the line with it: these take no place of a
    /// ring's. More is a process or a connection each.
    pub(crate) const OTHERS_AT_ONCE: usize = 1;
    /// And under way or waiting, of each. Of messages a page is due in some minutes for each line; fewer would lose one
    /// where many are due at once.
    pub(crate) const OTHERS_WAITING: usize = 32;
    /// Most that is read of an answer's head, in bytes; its body is not read at all. More lets a web server hold
    /// memory, less fails one with many headers.
    pub(crate) const HEAD_MAX: usize = 16 << 10;
}

/// What waits for the control task.
pub(crate) mod control {
    /// Inputs that wait, per source; each source is made to wait beyond that. More is memory and age of what waits,
    /// fewer costs turns.
    pub(crate) const WAITING: usize = 256;
    /// The media thread cannot wait: what it says beyond this is lost. A full roster that comes on at once says less.
    /// More is memory.
    pub(crate) const MEDIA_WAITING: usize = 16_384;
}

/// The disk.
pub(crate) mod store {
    use std::time::Duration;

    /// Most entries of other nodes that wait for the disk; a history is read from links no faster than it is written.
    /// More is memory, fewer leaves the disk idle.
    pub(crate) const WAITING_MAX: usize = 4_096;
    /// And of their bytes; links are read while less than a quarter of it waits. More is memory, and time that an own
    /// entry waits which speaks of them; less leaves the disk idle between two messages of a link, of 1 MiB each.
    pub(crate) const WAITING_BYTES: usize = 16 << 20;
    /// Most writes in one transaction; more would keep the first of them waiting.
    pub(crate) const BATCH_MAX: usize = 512;
    /// And of their bytes (one write more, if it is larger): an own entry waits for the transaction before it. At 32
    /// MB/s these are 130 ms; fewer cost a sync each.
    pub(crate) const BATCH_BYTES: usize = 4 << 20;
    /// How long handshakes and key packages are kept: longer than any call, so that a console that was away finds its
    /// way back in. More fills the disk: a call leaves about 1 MB.
    pub(crate) const BODIES_LAST: Duration = Duration::from_secs(24 * 3_600);
    /// Longest list of a backup that is read, in bytes: whoever keeps backups may have changed it. A list has a line
    /// for each journal; more is memory.
    pub(crate) const MANIFEST_MAX: u64 = 1 << 20;
}

/// The record of the lines' health.
pub(crate) mod health {
    /// Minutes that wait for the disk; beyond it they are lost and counted. An hour of a disk that does not answer.
    pub(crate) const WAITING: usize = 64;
    /// Of them, questions of people: one is answered, one waits. More lets those who ask hold up what is written.
    pub(crate) const TURNS: usize = 2;
    /// Most that is kept of one minute: what 18 nodes with some paths each, 9 parties and 16 lines need. More is disk,
    /// fewer leaves some out.
    pub(crate) const SUBJECTS_MAX: usize = 256;
    /// Minutes for which rows by the minute are kept. More is disk, up to [`SUBJECTS_MAX`] rows each.
    pub(crate) const MINUTES: u64 = 48 * 60;
    /// Minutes for which rows by the hour are kept, and one more hour, so that 90 days are whole.
    pub(crate) const HOURS: u64 = (90 * 24 + 1) * 60;
}

/// Links to other nodes.
pub(crate) mod links {
    use super::door::HANDSHAKES;
    use std::time::Duration;

    /// From this many handshakes on, an address must first prove that it can receive (RFC 9000 §8.1.2). More lets
    /// invented addresses take places, fewer costs an honest dial a round trip.
    pub(crate) const RETRY_FROM: usize = 16;
    /// Connections that have not been looked at; with those whose handshake waits for its turn. More is memory, fewer
    /// lets a burst have others refused.
    pub(crate) const INCOMING: usize = 4 * HANDSHAKES;
    /// Bytes of one of them that wait, and of all: a greeting has two datagrams.
    pub(crate) const INCOMING_BYTES: (u64, u64) = (8 << 10, 4 << 20);
    /// A handshake takes this long at most, and the opening of the path after it once more; a satellite needs under 3 s
    /// for each, packets lost.
    pub(crate) const HANDSHAKE: Duration = Duration::from_secs(5);
    /// Of the addresses that a name gives so many are dialled: more lets a node have another knock wherever its name
    /// leads, fewer leaves out the second family of addresses.
    pub(crate) const ADDRESSES_TRIED: usize = 4;
    /// Paths of all links together, beside the first one of each. Each costs some hundred kilobytes and its copy of
    /// every voice.
    pub(crate) const PLACES: usize = 64 - trialogue_charter::limits::NODES_MAX;

    /// What one address may send, in kbit/s of UDP payload, and a quarter of a second of it at once. Twenty pictures of
    /// 2.5 Mbit/s are a fifth of it. Without it a node grew by 330 MB in half a minute under 1 Gbit/s of a member's
    /// datagrams.
    pub(crate) const KBIT: u32 = 256 << 10;
    /// The same of all ports of one IP address (/64 of IPv6): a connection's id is known to whoever has it, and packets
    /// with it are its own from any port.
    pub(crate) const GROUP_KBIT: u32 = KBIT / 2 * 3;
    /// A packet counts as so many bytes at least: what it costs in the queue and to decrypt, whatever it holds. More
    /// drops the acknowledgements of a node that is sent much; less lets packets that hold next to nothing, a million a
    /// second of them, fill what the rate should keep free.
    pub(crate) const PACKET: usize = 512;
    /// Addresses and ports that have a rate of their own, of those that the door knows and of those that it does not;
    /// all others share one. More is memory.
    pub(crate) const ADDRESSES: usize = 1_024;

    /// Events that wait for the control task before nothing more is read from the paths. More is memory, fewer costs
    /// turns.
    pub(crate) const EVENTS_WAITING: usize = 16;
    /// Frames that wait to be looked at, of all paths. More is memory, up to 1 MiB each.
    pub(crate) const SAID: usize = 8;
    /// Messages of one link that wait for the control task, in KiB: four of the largest. Beyond, the link is read no
    /// further.
    pub(crate) const INBOX_KIB: usize = 4 << 10;
    /// And how many, however small they are. All links share one queue to the control task, of
    /// [`super::control::WAITING`]: with more, those of 17 links that flood fill it and everybody's next message waits
    /// behind all of them; with fewer, the task finds none while a link is asked for the next.
    pub(crate) const INBOX_MESSAGES: usize = 8;
    /// Messages that wait to be sent on one link; a history is sent 256 entries at a time, so this is far more than a
    /// link needs. More is memory.
    pub(crate) const OUT_MESSAGES: usize = 1_024;
    /// Bytes that wait to be sent on one link. A link that is slower than this is closed, and catches up when it is
    /// back.
    pub(crate) const OUT_BYTES: usize = 16 << 20;
    /// After the control task has let go of a link, its last words may take so long. More keeps a link up that nobody
    /// speaks on; less loses what was to be said before the end on a slow path.
    pub(crate) const LAST_WORDS: Duration = Duration::from_secs(1);

    /// Media that waits to be sent on one link, in bytes. More would be late anyway; the oldest is dropped first.
    pub(crate) const DATAGRAMS_OUT: usize = 256 << 10;
    /// Media that waits to be read from one link, in bytes. More is memory for each path, and late.
    pub(crate) const DATAGRAMS_IN: usize = 512 << 10;
    /// Voices that wait at once on one path to be said again; far more than are said in the longest of these times.
    /// More is memory.
    pub(crate) const VOICES_WAITING: usize = 256;
}

/// Legs of consoles, and media between them and links.
pub(crate) mod media {
    use std::time::Duration;

    /// Longest packet taken, over UDP and TCP, in bytes; WebRTC sends none above 1,500. More is memory for each of a
    /// batch.
    pub(crate) const LONGEST: usize = 2_048;
    /// A leg that never came up is forgotten after this. More keeps its keys and places, less gives up a console behind
    /// a slow way.
    pub(crate) const COMES_UP_WITHIN: Duration = Duration::from_secs(60);
    /// A leg that went down may come back within this. More keeps its keys and places, less makes a console that was
    /// cut off for a moment offer a new one.
    pub(crate) const COMES_BACK_WITHIN: Duration = Duration::from_secs(30);
    /// Most datagrams per second from one console: two pictures and a voice are 300. More is somebody who wants to keep
    /// the node busy.
    pub(crate) const DATAGRAMS_PER_S: u64 = 2_000;
    /// And in one burst: what a console's own network has held up.
    pub(crate) const DATAGRAMS_BURST: u64 = 2_000;
    /// Most remote addresses remembered for a leg: its networks, over UDP and TCP. More is memory, fewer forgets one
    /// that it comes back to.
    pub(crate) const REMOTES_MAX: usize = 32;
    /// Commands under way; more than all legs and streams of a full roster at once.
    pub(crate) const COMMANDS: usize = 8_192;

    /// Batches taken from one socket in one turn, before what came is forwarded: more would delay the first packet,
    /// fewer cost system calls.
    pub(crate) const BATCHES: usize = 4;
    /// Packets of each link taken in one turn: more lets one link keep the others waiting, fewer costs turns.
    pub(crate) const LINK_PACKETS: usize = 64;
    /// Packets of one link under way: 0.2 s of a busy one. More would only arrive too late.
    pub(crate) const PACKETS: usize = 1_024;
    /// How many halves wait for their other half, per link; a full turn of the ring forgets the oldest. More is memory,
    /// and late.
    pub(crate) const HALVES: usize = 64;

    /// Most bytes waiting for a slow console over TCP of voices and all else that is light. More would arrive too late.
    pub(crate) const WAITING_MAX: usize = 32 << 10;
    /// And of pictures, which go only when nothing light waits. A key frame must fit.
    pub(crate) const PICTURES_WAITING_MAX: usize = 64 << 10;
    /// What the system may keep of each TCP connection, in bytes (it takes twice that). A voice waits behind it, so it
    /// is small.
    pub(crate) const SYSTEM_BUFFER: usize = 16 << 10;
    /// A TCP connection that has not led to a leg by then is closed, in milliseconds. More keeps a place of
    /// [`super::door::MEDIA_STREAMS`], less fails over slow ways.
    pub(crate) const LEG_WITHIN_MS: u64 = 10_000;
    /// Most bytes of a TCP connection that no leg has taken: what it says until then are a few checks of a path. More
    /// lets a stranger keep the thread busy.
    pub(crate) const STRANGER_BYTES: usize = 64 << 10;
    /// A TCP connection on which nothing came for so long is closed, in milliseconds. More keeps descriptors of those
    /// who are gone.
    pub(crate) const SILENT_MS: u64 = 30_000;
    /// Most reads of one TCP connection in one turn; what is left waits for the next, so that nobody keeps the others
    /// waiting.
    pub(crate) const READS: usize = 4;
}
