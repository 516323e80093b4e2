//! Bounds of the journal, each with what raising or lowering it costs. `trialogue_wire::limits` shows them together
//! with those of the wire.

/// Largest signed entry in bytes: a statement with offers for [`NODES_MAX`] nodes is about 2.5 kB. Bodies are not in
/// it. Raising it lets one entry delay voice on a narrow path, lowering it limits the number of nodes.
pub const ENTRY_MAX: usize = 8 << 10;
/// Largest signed statement in bytes; it must fit into an entry with room for the entry's own fields.
pub const STATEMENT_MAX: usize = ENTRY_MAX - 512;
/// Largest body beside an entry. A welcome for nine consoles in suite 0x0907 is about 170 kB; raising it lets a hostile
/// console hold more memory, lowering it limits the size of calls.
pub const BODY_MAX: usize = 512 << 10;
/// Most bodies beside one entry: one key package per node, or a commit and a welcome.
pub const BODIES_MAX: usize = 32;
/// Most nodes that a statement makes offers for: two for each of nine parties. More costs entry size and key packages
/// per answer.
pub const NODES_MAX: usize = trialogue_charter::limits::NODES_MAX;
/// Most parties that a statement names.
pub const PARTIES_MAX: usize = trialogue_charter::limits::PARTIES_MAX;
/// Most offices in one `Staffed` or `Soundless` entry. More costs entry size, fewer hides staffed stations.
pub const STAFFED_MAX: usize = trialogue_charter::limits::OFFICES_MAX;
/// Most devices in one list of a handshake. It is also the most that can be in on one line: more costs larger commits
/// and welcomes (suite 0x0907: about 20 kB of welcome per member), fewer keeps people out.
pub const MEMBERS_MAX: usize = 32;
/// Most devices of one node that the fold remembers. A device is about 3 kB of memory, a party enrols a few hundred in
/// a decade; a voucher of the root stands behind each, so only the party itself can fill its own store.
pub const DEVICES_MAX: usize = 1_024;
/// Most revocations of one party in one journal, 50 bytes of memory and 5 kB of disk each: all that a party revokes
/// under one root. Only the root can make one, so only a party that is in other hands comes there; fewer would make
/// others take a new root sooner.
pub const REVOKED_MAX: usize = 1_024;
/// Most rings of other nodes whose response is remembered per node and line. The live ones are at most one per
/// participant; the oldest goes first, so lowering it forgets a refusal while the ring still sounds.
pub const RESPONSES_MAX: usize = 64;
/// Most missed rings of one party that are remembered, per line; the oldest of the least urgent goes first. More costs
/// log-in time (about 250 bytes each), fewer forgets one that nobody has called back.
pub const MISSED_MAX: usize = 4;
/// Most statements that dismiss rings of one party that are remembered, per line; the oldest goes first. More than what
/// all nodes of a party have missed is log-in time (about 350 bytes each); fewer lets a ring that was dismissed at
/// another site wait again.
pub const DISMISSALS_MAX: usize = 16;
/// Longest that a ring waits for somebody who is being fetched, in milliseconds, counted from when that was promised;
/// nodes and callers keep to the same. Longer leaves a caller before a ring that nobody remembers; shorter cuts off a
/// principal who is on the way.
pub const PROMISE_MS: u64 = 60 * 60 * 1_000;
/// Highest generation of a console's keys: 14 bits of a key id (sealing.md §3).
pub const GENERATION_MAX: u16 = (1 << 14) - 1;
/// Most lists of secrets that a console tells in one stay on a line before it must tell them anew: one for each who
/// came in later. More costs log-in time (each is up to 55 kB in suite 0x0907 with 32 members), fewer a longer list
/// more often.
pub const TAGS_TOLD_MAX: usize = 16;
/// Devices of which a node's last word on forged frames is remembered, per line. More costs log-in time, fewer forgets
/// one that a board shows.
pub const FORGERIES_MAX: usize = 8;
/// Last epoch of a group; then a new group takes its place. Every handshake of the current group is kept for consoles
/// that come in, so more costs memory (about 400 bytes each) and log-in time; fewer costs a new group more often. Key
/// ids leave room for 65,535.
pub const EPOCHS_MAX: u64 = 1_024;
/// Certificates of the newest devices of a node that a console gets when it comes on watch, beyond those needed now.
/// Each is about 15 kB and 6 ms of verifying; those beyond come when they speak.
pub const FRESH_DEVICES_MAX: usize = 64;
/// Last position of an entry: more than any journal comes to, and far enough from the end of the numbers that readers
/// may reckon with positions.
pub const SEQ_MAX: u64 = 1 << 48;
/// How long after it was said an act may be written down, in milliseconds, by the time of the entry. Longer lets a node
/// that was hostile or out of touch bring it about that much later, when the officer has long done something else;
/// shorter refuses a console behind a slow way, or one whose clock is a little behind its node's.
pub const SAID_MS: u64 = 60_000;
/// The same for acts whose bodies take long on a narrow way: 200 kB are 100 s at 16 kbit/s.
pub const SAID_WITH_BODIES_MS: u64 = 5 * 60_000;
/// How far the clocks of a console and its node may be apart, in milliseconds. More lets what a console with a fast
/// clock said stand for that much longer, less refuses consoles whose clocks nobody looks after.
pub const CLOCKS_APART_MS: u64 = 5 * 60_000;
/// How long after a charter has taken effect in a journal what was said under the one before may still be written, in
/// milliseconds. Longer lets an act stand that its console would no longer do, shorter loses what was on its way.
pub const FORMER_CHARTER_MS: u64 = 60_000;
/// Charters of a journal that are remembered, the newest. Each is an amendment that all parties have signed; fewer
/// forgets under which one an old writing was made, more is 64 bytes each.
pub const CHARTERS_HELD: usize = 256;
/// Restarts of a node with a clock that was set back that are remembered, the newest. They are rare; fewer shows
/// consoles less of the past.
pub const SET_BACK_HELD: usize = 64;
/// Furthest that the number of a statement may be above the entry's time, in milliseconds (35 years). Whatever a device
/// has said, the next number is allowed a millisecond later; less shuts out one that has said something by a clock that
/// was wrong.
pub const NUMBER_AHEAD_MS: u64 = 1 << 40;
/// Furthest ahead of a reader's clock that the time of an entry may be for it to come before what another node says
/// now, in milliseconds. More lets a node whose clock is ahead stand above the others of its party for so much longer,
/// less passes over the word of one whose clock is a little wrong.
pub const BELIEVED_AHEAD_MS: u64 = 10 * 60 * 1_000;
/// Deepest nesting of arrays and maps in anything decoded; the deepest type of this protocol needs 6.
pub const DEPTH_MAX: usize = 8;
/// Most data items in one entry or statement (a full `Ring` has about 300). More costs memory in decoding.
pub const ITEMS_MAX: usize = 1_024;
/// Longest shift that somebody takes the duty for, in milliseconds. Longer leaves a name on the board of somebody who
/// has gone home; shorter makes a watch of a whole day sign twice.
pub const SHIFT_MS: u64 = 24 * 60 * 60 * 1_000;
/// Most results in one entry of path tests: two paths to each of 17 other nodes, and room. More costs entry size.
pub const PATHS_MAX: usize = 64;
/// Longest translation of a test text, in characters. Test texts are one or two sentences; longer fills records.
pub const TRANSLATION_MAX: usize = 500;
/// Most certified test texts of a node that are remembered; the oldest goes first. Fewer forgets one that a board still
/// shows.
pub const CERTIFIED_MAX: usize = 32;
/// Shortest time between two test texts of a node on one line, in milliseconds. Shorter lets one console fill the
/// boards of others.
pub const SEND_TEST_MS: u64 = 10_000;
/// Round trip above which a path counts as degraded, in microseconds: 400 ms one way is unusable for speech (ITU-T
/// G.114).
pub const SLOW_US: u32 = 800_000;
/// Loss above which a path or a test call counts as degraded, in millionths. Opus conceals up to about so much.
pub const LOSSY_PPM: u32 = 50_000;
/// Speech quality, in hundredths, below which a test call counts as degraded.
pub const POOR_QUALITY: u16 = 250;
/// Furthest ahead that a consultation is proposed for, in milliseconds. Further fills boards with what a calendar is
/// for; nearer keeps a meeting of next week off them.
pub const PROPOSE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// How long after its time a consultation that was never begun stays on the boards, in milliseconds. Longer clutters
/// them; shorter takes it from those who are late.
pub const CONSULTATION_OVER_MS: u64 = 2 * 60 * 60 * 1_000;
/// How long before its time, by the clock of the node that proposed it, a consultation may be begun, in milliseconds.
/// More lets a member that knows its id begin it alone that much earlier; less leaves it on the boards where clocks
/// differ.
pub const BEGIN_EARLY_MS: u64 = 60_000;
/// Most consultations of a node per line that wait for their time. More lets one party fill every board; fewer refuses
/// a busy day.
pub const PROPOSALS_MAX: usize = 16;
/// Most answers of a node to consultations that are remembered; the oldest goes first. All that can be live on one line
/// with 18 nodes; fewer forgets an answer while the consultation waits, more is memory.
pub const ATTENDANCES_MAX: usize = PROPOSALS_MAX * NODES_MAX;
/// Responses of a node on a line that every console is shown, whether their ring is known or not: while a node catches
/// up, what others said to a ring can come before the ring, and a member may ring under a number that was used before.
/// Those of which something was said last. Each is up to 1.5 kB that is shown in vain; fewer let such a ring look
/// unanswered to who logged in before it came.
pub const NEWEST_RESPONSES: usize = 4;
/// Most journals in one entry that says what was seen: all nodes of a charter, retired ones too, and room. More than
/// about 90 do not fit into an entry.
pub const SEEN_MAX: usize = 64;
/// Most circles that one writing is sealed for. With [`READERS_MAX`] that is 216 readers; more costs entry size.
pub const CIRCLES_MAX: usize = 9;
/// Most readers of one circle. A welcome is about 20 kB per reader in suite 0x0907 and a body at most [`BODY_MAX`].
pub const READERS_MAX: usize = 24;
/// Most writings that one statement says were shown.
pub const SHOWN_MAX: usize = 32;
/// Largest sealed content of a writing in bytes: 20,000 characters of Japanese or Korean, or three texts of a readout,
/// are 60 kB.
pub const CONTENT_MAX: usize = 200 << 10;
/// Bytes of a sealed chunk of an attachment, of the last one of a file at most. More makes nodes hold more of what is
/// on its way, less makes lists longer.
pub const CHUNK_MAX: usize = 256 << 10;
/// Most chunks of one message: 100 MB, and a last chunk for each file. Their list is 19 kB.
pub const CHUNKS_MAX: usize = 392;
/// Furthest that the time of a writing may be ahead of its node's clock, in milliseconds. More lets one wrong clock
/// order everybody's writings for longer, less refuses the answer to a writing of a node whose clock is ahead.
pub const WRITTEN_AHEAD_MS: u64 = 24 * 60 * 60 * 1_000;
/// Furthest ahead that an acknowledgement is asked for, in milliseconds.
pub const ANSWER_BY_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Newest writings of a node per line that the fold remembers; the record keeps all. More is memory at every node and
/// console, fewer takes old ones from the screen.
pub const WRITINGS_HELD: usize = 512;
/// Writings of a node per line that a console is shown when it comes on watch. More is time to read them, fewer shows
/// less of the past.
pub const WRITINGS_SHOWN: usize = 64;
/// Circles of a node per line that a console is shown when it comes on watch, beside those of the writings that it is
/// shown. More is time to read them, fewer has it pass over what is written next by those who wrote long ago, where
/// many write.
pub const CIRCLES_SHOWN: usize = 64;
/// Writings whose receipts by this node's consoles are remembered, the newest; as [`WRITINGS_HELD`], of all nodes and
/// lines.
pub const RECEIPTS_HELD: usize = 4_096;
/// Most people of one node whose word about one writing is remembered, for each kind of word.
pub const RECEIPTS_EACH: usize = 32;
/// Most writings in one entry that says what was stored.
pub const STORED_MAX: usize = 64;
