//! Bounds of the console machine, each with what raising or lowering it costs. Times are microseconds unless named
//! otherwise.

use crate::repeats::Rule;

pub use trialogue_wire::limits::{PING_IN_CALL_US, PING_US};

/// Memory for key packages, commits and welcomes that came beside entries, in bytes. A call of nine leaves about 3 MB;
/// less makes a console fetch some again, more is memory that a hostile node can fill in a browser tab.
pub const BODIES_HELD: usize = 24 << 20;
/// Bodies asked for again at most this often.
pub const WANT_AGAIN_US: u64 = 1_000_000;
/// And after twice as long each time that it did not come, so often.
pub const WANT_DOUBLED: u32 = 4;
/// Bodies that are missing at once. A call of 31 wants two hundred, and as many as it writes; more is memory for what
/// members have named and nobody has.
pub const WANTED_MAX: usize = 8_192;
/// How long the platform may take to open a WebSocket: at first, and at the most; doubled with each try in a row. What
/// was begun on a network that is gone says nothing for minutes. Shorter gives up on a line of 600 ms and 64 kbit/s,
/// which needs 4 s; longer is how long a console stays away after two changes of its network at once.
pub const OPEN_US: (u64, u64) = (5_000_000, 20_000_000);
/// How long a WebSocket may take until the node's challenge is here, and then until it is let in.
pub const HELLO_US: u64 = 10_000_000;
/// And how long nothing may come while it is told what matters: a message of entries is up to 64 KiB, which 64 kbit/s
/// carry beside a voice in 33 s.
pub const SYNC_US: u64 = 40_000_000;
/// In a call, how long all of that may take: 14 MB beside a voice on 64 kbit/s, where its messages are small enough to
/// come within [`SYNC_US`] each. Less never lets a console on such a line come back; more lets a node that tells
/// without end keep back for longer who has left.
pub const SYNC_IN_CALL_US: u64 = 2 * 60 * 60 * 1_000_000;
/// Without a word or packet of the site in use for so long, while the other site answers, the console goes on there.
/// Shorter takes a lost packet for a dead site, longer is silence.
pub const SITE_SILENT_US: u64 = 250_000;
/// The machine itself was not run for longer than that: what it has not heard proves nothing yet.
pub const STALLED_US: u64 = 60_000;
/// After such a stall nothing is concluded for so long.
pub const STALLED_GRACE_US: u64 = 200_000;
/// Between two moves to another site because of silence: a network that loses both sites in turn does not toss the
/// console to and fro.
pub const MOVE_AGAIN_US: u64 = 5_000_000;
/// How long the first site must be up before a console that is in no call goes back to it.
pub const BACK_US: u64 = 5_000_000;
/// Between two tries to come over.
pub const ATTACH_AGAIN_US: u64 = 500_000;
/// How long what is said goes on being sealed for the group of the site that is gone. The others keep its keys for
/// [`OLD_KEYS_US`].
pub const OVER_US: u64 = 8_000_000;
/// How long the group of the new site is there before it is sealed for: the others join it meanwhile. Less makes them
/// wait for keys, more keeps the old group longer than needed.
pub const SWITCH_US: u64 = 1_000_000;
/// Without a word from the node for so long the WebSocket of a console on watch counts as dead: three keep-alives.
/// Shorter drops a bad line, longer leaves an officer before a board that nothing reaches.
pub const DEAD_US: u64 = 3 * PING_US;
/// The same in a call: a node that is gone is noticed in time to come back before the others count this console as
/// lost. Shorter opens a WebSocket anew in which a large message is on its way.
pub const DEAD_IN_CALL_US: u64 = 3_000_000;
/// First and longest wait before a WebSocket that had been up is opened again the second time, in milliseconds; doubled
/// in between. In a call the first try is made at once.
pub const RECONNECT_MS: (u32, u32) = (200, 15_000);
/// The longest such wait while in a call.
pub const RECONNECT_IN_CALL_MS: u32 = 2_000;
/// How long a console waits before it tries again a node that takes its journal back.
pub const CATCHING_UP_MS: u32 = 2_000;
/// In a call in which media came a moment ago, without media and without a word for so long the network of this console
/// has changed: the WebSocket is opened anew, and the leg with it. Shorter takes a burst of loss for that.
pub const LIFE_US: u64 = 500_000;
/// Media that came within this time says that more is due.
pub const LIFE_RECENT_US: u64 = 5_000_000;
/// How long a refused charter is left before the node is asked again, in milliseconds.
pub const CHARTER_RETRY_MS: u32 = 15_000;
/// A statement that asks for something (ring, answer, decline) is not made up for after this long without the node: the
/// officer has moved on.
pub const ACT_STALE_US: u64 = 10_000_000;
/// How long after its ring a caller waits beyond the charter's seconds for parties that say nothing.
pub const SILENT_GRACE_US: u64 = 5_000_000;
/// Members of a call who left and are remembered with their reason, for the announcement.
pub const DEPARTURES_MAX: usize = 8;
/// Consoles that are shown as having said otherwise of a group than is so. More fills the screen of whoever has to act.
pub const MISLED_MAX: usize = 4;
/// How long a proposed consultation sounds at a console before it is only shown. Less is overheard; more is taken for a
/// ring.
pub const ASKED_US: u64 = 30_000_000;
/// How many times in [`ASKED_PACE_US`] new consultations of a party sound; what comes together is one. More lets a
/// member that proposes and withdraws sound for longer, fewer leaves a busy day without a sound.
pub const ASKED_OFTEN: usize = 4;
/// The time for that.
pub const ASKED_PACE_US: u64 = 10 * 60 * 1_000_000;
/// How long a party that was rung may say nothing before that is shown.
pub const SILENT_US: u64 = 3_000_000;
/// Who is in a call hears the tone of a more urgent ring for so long before it can be answered, milliseconds.
pub const TONE_MS: u64 = 3_000;
/// A principal's console whose coming on was refused tries again after this.
pub const COME_ON_AGAIN_US: u64 = 500_000;
/// What an officer says of the call's parties and people is not said again for so long, unless the journal shows it: a
/// node accepts a statement a moment before it tells of the entry. Lower records it twice; higher keeps what was lost
/// on the way waiting longer.
pub const STAGE_AGAIN_US: u64 = 2_000_000;
/// How long a console stays in a call whose others were lost, and did not hang up.
pub const ALONE_US: u64 = 60_000_000;
/// How long a console goes on speaking while the keys of one that has left are being replaced. Longer lets it listen
/// longer if its node lets it, shorter costs a gap in speech when its replacement is slow.
pub const LEAVING_US: u64 = 2_000_000;
/// How long a leaf that is not on the roster is only waited for, without an alarm on screen: journals of two nodes come
/// in any order.
pub const STRANGER_US: u64 = 1_000_000;
/// How long keys of an epoch that is over are kept, for frames under way.
pub const OLD_KEYS_US: u64 = 10_000_000;
/// After how long without keys a member is shown as missing.
pub const MISSING_US: u64 = 5_000_000;
/// After how long without keys this console offers a new key package even where the others seem to be at fault; doubled
/// each time, up to eight times as long. On a path of 64 kbit/s with somebody speaking, its first one and what answers
/// it take some ten seconds: whoever is impatient there sends everything twice, and moves the epoch away from under
/// those who wait for it.
pub const HEAL_US: u64 = 20_000_000;
/// The same where the journal has this console in the group: the welcome travels beside the entry that says so, so its
/// bytes are not on their way any more but lost, withheld, or of no use.
pub const HEAL_WELCOME_US: u64 = 8_000_000;
/// How long keys of a call have been complete before key packages for the next one are made: less competes with others
/// who come in.
pub const STOCK_US: u64 = 3_000_000;
/// A key package that has served is replaced after this long, so that one replacement covers several.
pub const REFRESH_US: u64 = 20_000;
/// How often the key package for one node's group is replaced: at once the first time. More often lets a member that
/// makes its group anew without end use up what this console may state; less often leaves one whose page is loaded
/// again and again unheard for longer.
pub(crate) const REFRESHES: Rule = Rule { free: 1, first_us: 500_000, most_us: 128_000_000, rest_us: 60_000_000 };
/// Most bytes of a commit and its welcome together: with the statement they go to the node, and on links, in one
/// message.
pub const HANDSHAKE_BODIES_MAX: usize = trialogue_wire::limits::MESSAGE_MAX - (64 << 10);
/// Between two tries to change a group after a refusal.
pub const LEAD_AGAIN_US: u64 = 500_000;
/// Between two automatic returns into a call.
pub const RETURN_US: u64 = 2_000_000;
/// Time for the node to answer an offer for the leg; then the leg is made again.
pub const LEG_US: u64 = 8_000_000;
/// Between two tries to make the leg.
pub const LEG_AGAIN_US: u64 = 1_000_000;
/// A media worker that ends had opened at most so many numbers beyond those that it had said: 800 ms of its senders'
/// time in steps of 4 ms, 256 numbers each (sealing.md §4). Less lets something be heard twice after a crash; more is
/// silence after it.
pub const UNSAID_NUMBERS: u64 = 800 / 4 * 256;
/// A suspicion about one sender is told to the node and logged again after so long.
pub const SUSPECT_AGAIN_US: u64 = 10_000_000;
/// How long the screen shows what a node has said of forged frames, in milliseconds.
pub const FORGERY_SHOWN_MS: u64 = 15 * 60 * 1_000;
/// Most of these shown at once.
pub const FORGERIES_SHOWN: usize = 4;
/// How long the screen says that frames of a sender are suspect after the last of them.
pub const SUSPECT_US: u64 = 30_000_000;
/// How long a console goes on with the same secrets in a group that it seals for. Who takes its keys reads at most so
/// far back, and is out again after so long. Shorter is a commit of 35 kB (three members, suite 0x0907) more often,
/// longer a longer reach.
pub const RENEW_US: u64 = 15 * 60 * 1_000_000;
/// With secrets as old as that the officer is told: what renews them is refused, or does not come through. Less alarms
/// where many consoles of one node renew one after the other, or a line is slow; more leaves a thief of keys in unseen
/// for longer.
pub const RENEWED_LATE_US: u64 = 20 * 60 * 1_000_000;
/// Consoles of one node renew so long one after the other, in the order in which they came in: two commits for one
/// epoch cost one of them.
pub const RENEW_APART_US: u64 = 5_000_000;
/// How long an accepted list of secrets is awaited in the journal before it is told again.
pub const TAGS_AWAITED_US: u64 = 2_000_000;
/// How soon after some lists of others' secrets the next ones are verified.
pub const TAGS_READ_US: u64 = 20_000;
/// Welcomes remembered as not for us.
pub const TRIED_MAX: usize = 512;
/// How long after the node's entries have come the written line is attended to: a call that goes on is first.
pub const WRITTEN_AFTER_US: u64 = 500_000;
/// How old a key package for writings becomes before another takes its place. Older lets one stolen secret open more,
/// younger makes all writers open new circles more often.
pub const STOCK_LIFE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Between two tries to publish one.
pub const STOCK_AGAIN_US: u64 = 30_000_000;
/// How long a writing waits for key packages that its node does not have; then it goes to those whose are here.
pub const READERS_WAIT_US: u64 = 10_000_000;
/// How long after it was said a writing may be in no journal before it is said anew.
pub const SENT_US: u64 = 5_000_000;
/// How often it is looked whether a test of the line is missing. More often draws the board for nothing, less often
/// shows a fault later.
pub const LOOK_US: u64 = 5_000_000;
/// How long an archive waits after its node has refused what it said of contents.
pub const ARCHIVE_RETRY_US: u64 = 60_000_000;
/// How long the node may take to say that it has a chunk before it is asked what it lacks. Less sends a chunk twice
/// where a disk is slow.
pub const CHUNK_ANSWER_US: u64 = 15_000_000;
/// In a call, shortest time from one chunk to the next: what is said has the network meanwhile.
pub const IN_CALL_CHUNK_US: u64 = 500_000;
/// How often an archive goes on with other writings whose files it lacks.
pub const ARCHIVE_TURN_US: u64 = 30_000_000;
/// How often a node is asked for earlier writings, when it does not answer.
pub const EARLIER_US: u64 = 15_000_000;
/// How often a device is added to a group that stands. A page that is loaded anew a few times in a crisis waits for
/// nothing.
pub(crate) const ADMISSIONS: Rule = Rule { free: 6, first_us: 4_000_000, most_us: 120_000_000, rest_us: 120_000_000 };
/// The same of a party, for each commit by which any of its devices is added again. One that comes back without end
/// costs another's lead thirty commits an hour, some 100 kB each: what its budget has.
pub(crate) const ADMISSIONS_OF_PARTY: Rule = Rule { free: 60, ..ADMISSIONS };
/// How long the lead of a group that has used up its epochs waits for new key packages of all before it begins the next
/// one. The old one goes on until then.
pub const NEXT_GROUP_US: u64 = 10_000_000;

/// How long nothing may be confirmed of another party's revocations before no call is sealed for it, in milliseconds: a
/// day. An hour would end what a cable ship cannot mend; a month would give a thief a month.
pub const STALE_MS: u64 = 24 * 3_600_000;
/// So much later a group with one of its devices in it is not sealed for any more: by then its lead has taken the
/// device out. Less lets a call fall silent where lead and members differ by more; more is longer for a thief.
pub const SILENT_AFTER_STALE_MS: u64 = 10 * 60_000;
/// How long a revocation that others tell of may be on its way before the officer is told, in microseconds. Less alarms
/// for what is on a slow link.
pub const ON_ITS_WAY_US: u64 = 60_000_000;
/// Revocations of one party that a console remembers, 32 bytes each. An honest root comes to half of it; less would
/// forget what two journals that differ say.
pub const REVOKED_KNOWN_MAX: usize = 2 * trialogue_journal::limits::REVOKED_MAX;
/// A writing from further ahead than this, by the node's clock, is not followed by the order of one's own, in
/// milliseconds. More lets one party's clock move everybody's times by so much, less puts an answer before what it
/// answers where clocks differ.
pub const FOLLOWED_AHEAD_MS: u64 = 10 * 60 * 1_000;
/// Circles of a node that could not be joined and are remembered; beyond that none of its new ones is tried. More is
/// memory, 100 bytes each; less gives up a node of which a console has lost the keys of half a year.
pub const FAILED_MAX: usize = 8_192;
/// Most statements that wait for the node's answer; the oldest is forgotten first. More is memory for a node that
/// answers nothing, less forgets what became of what an officer has said: the journal tells it all the same.
pub const WAITING_MAX: usize = 256;
/// Confirmations are kept over restarts no oftener than so many microseconds: one that is not much newer is not worth a
/// disk.
pub const CONFIRMED_KEEP_US: u64 = 15 * 60 * 1_000_000;
/// How many of each party are named with a message that cannot read it. More is more to work out for each message that
/// is shown; fewer hides some of a party that has many.
pub const WITHOUT_SHOWN: usize = 16;
/// How many versions of a joint text before the last are looked at for one that was approved, or that can be read. More
/// is work at each input that a member with many versions makes; fewer forgets an approved one sooner.
pub const VERSIONS_LOOKED: usize = 64;
/// How that a writing was shown is said again, while no journal has it. Sooner costs a node that refuses it more
/// statements, later leaves its writer longer with *not shown*.
pub(crate) const SHOWN_TRIES: Rule =
    Rule { free: 1, first_us: SENT_US, most_us: 1_000_000_000, rest_us: 1_000_000_000 };
/// How long after a console has said that missed rings were called back it says so again while its node shows them, in
/// microseconds. Longer leaves them on the boards after a lost word, less says it for each input.
pub(crate) const CALLED_BACK_US: u64 = 5_000_000;
/// How many writings that were shown wait until a journal says so. More is work at each input, fewer leaves writers
/// with *not shown* where a node takes nothing for long.
pub const SHOWN_OWED_MAX: usize = 256;
/// How a message waits whose circle the node does not take for now, at least: each try makes another circle, whose key
/// is kept. Less wears out the places of own circles; more sends later than the node would take it.
pub(crate) const CIRCLE_TRIES: Rule =
    Rule { free: 1, first_us: 1_000_000, most_us: 1_000_000_000, rest_us: 1_000_000_000 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_when_a_websocket_is_dead() {
        let page = include_str!("../../../spec/console.md");
        let said = format!(
            "A WebSocket without a word for {} s, in a call for {} s, it opens anew",
            DEAD_US / 1_000_000,
            DEAD_IN_CALL_US / 1_000_000
        );
        assert!(page.contains(&said), "spec/console.md, keep-alive: {said}");
    }

    #[test]
    fn what_is_taken_for_a_cut_is_longer_than_some_pings() {
        // Otherwise the silence of others who are muted is taken for one (`LIFE_US`), or one lost answer for a dead
        // site.
        const { assert!(LIFE_US >= 4 * PING_IN_CALL_US && SITE_SILENT_US >= 2 * PING_IN_CALL_US) }
    }
}
