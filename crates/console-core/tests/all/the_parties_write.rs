//! Messages on a line: sealed for everyone on it, in the writer's language, translated and certified by readers,
//! acknowledged by name; while others are away, cut off or started anew.
#![allow(clippy::unwrap_used)]

use crate::common;
use common::*;
use trialogue_charter::Suite;
use trialogue_console_core::Input;
use trialogue_console_core::view::*;

const LINE: &str = "summit";

/// Duty officers and interpreters of the three parties on the staged line, each with the written line open.
struct Summit {
    world: World,
    usa: usize,
    jpn: usize,
    kor: usize,
    interpreter: usize,
}

fn summit(suite: Suite) -> Summit {
    let mut world = World::new(suite);
    let [usa, jpn, kor, interpreter] =
        ["usa-duty", "jpn-duty", "kor-duty", "jpn-interpreter"].map(|office| world.writer(office));
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    for desk in [usa, jpn, kor, interpreter] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    let all = |world: &World| {
        world.desks.iter().all(|desk| desk.written.as_ref().is_some_and(|w| w.readers.len() == 4 && w.ready))
    };
    world.until(10, all);
    Summit { world, usa, jpn, kor, interpreter }
}

fn message(text: &str, language: Language) -> Command {
    writing::message(LINE, text, language)
}

/// The same, to be acknowledged by then.
fn asking(text: &str, by_ms: u64) -> Command {
    let Command::Write { line, language, text, traffic, precedence, marking, answers, .. } =
        message(text, Language::En)
    else {
        unreachable!()
    };
    let answer_by_ms = Some(by_ms as f64);
    Command::Write { line, language, text, traffic, precedence, marking, answers, answer_by_ms }
}

fn texts(world: &World, desk: usize) -> Vec<String> {
    world.written(desk).messages.iter().map(|message| message.text.clone()).collect()
}

fn one(world: &World, desk: usize) -> &MessageView {
    world.written(desk).messages.last().unwrap()
}

#[test]
fn three_parties_write_in_three_languages_and_all_read_the_same() {
    let Summit { mut world, usa, jpn, kor, interpreter } = summit(Suite::XWing);
    let said = ["A vessel has been seen.", "現地の海上保安庁が確認中です。", "우리 측도 확인하고 있습니다."];
    for (desk, text, language) in
        [(usa, said[0], Language::En), (jpn, said[1], Language::Ja), (kor, said[2], Language::Ko)]
    {
        world.command(desk, message(text, language));
        world.until(5, |world| {
            world.desks.iter().all(|d| d.written.as_ref().unwrap().messages.iter().any(|m| m.text == text))
        });
    }
    for desk in [usa, jpn, kor, interpreter] {
        assert_eq!(texts(&world, desk), said, "one order for all");
        assert!(world.written(desk).outbox.is_empty());
    }
    assert_eq!(one(&world, usa).language, Some(Language::Ko));
    world.until(5, |world| one(world, usa).stored.len() == 3);
    let sealed = said.map(|text| text.as_bytes().to_vec());
    for node in &world.nodes {
        for bundle in node.disk.values().flatten() {
            for bytes in bundle.bodies.iter().map(|body| body.as_slice()).chain([bundle.entry.as_slice()]) {
                assert!(sealed.iter().all(|text| !bytes.windows(text.len()).any(|w| w == text)), "a node can read it");
            }
        }
    }
}

#[test]
fn who_is_in_a_call_without_the_third_writes_all_the_same() {
    let Summit { mut world, usa, jpn, kor, .. } = summit(Suite::XWing);
    world.command(usa, Command::Ring { line: LINE.into(), precedence: Default::default() });
    world.until(5, |world| world.desks[jpn].ringing);
    // While it rings, too.
    world.command(usa, message("We are calling.", Language::En));
    world.until(10, |world| texts(world, kor) == ["We are calling."]);
    world.command(jpn, Command::Answer { line: LINE.into() });
    world.until(10, |world| world.all_ready(&[usa, jpn]));
    world.command(jpn, message("二か国で通話中です。", Language::Ja));
    world.until(10, |world| texts(world, kor).len() == 2);
    assert_eq!(world.call(usa).missing, ["KOR"]);
}

#[test]
fn readers_translate_certify_and_acknowledge_by_name() {
    let Summit { mut world, usa, jpn, kor, interpreter } = summit(Suite::XWing);
    let by = world.wall_ms() + 300_000;
    world.command(usa, asking("Three ships are heading south.", by));
    world.until(5, |world| world.written(jpn).messages.iter().any(|m| m.reading == Reading::Open));
    assert_eq!(world.view(jpn).lines.iter().find(|line| line.id == LINE).unwrap().written.unread, 1);
    let id = one(&world, jpn).id.clone();
    assert_eq!(one(&world, jpn).awaited.len(), 2);
    world.command(jpn, Command::Shown { ids: vec![id.clone()] });
    world.until(5, |world| one(world, usa).shown.len() == 1);
    world.command(
        interpreter,
        Command::Translate {
            id: id.clone(),
            language: Language::Ja,
            text: "艦船三隻が南下しています。".into(),
            machine: false,
        },
    );
    world.until(5, |world| one(world, jpn).translations.first().is_some_and(|t| t.may_certify));
    let translation = one(&world, jpn).translations[0].clone();
    assert_eq!((translation.certified.len(), translation.language), (0, Some(Language::Ja)), "a draft so far");
    assert!(!one(&world, interpreter).translations[0].may_certify, "nobody certifies the own translation");
    world.command(interpreter, Command::CertifyTranslation { id: translation.id.clone() });
    world.command(jpn, Command::CertifyTranslation { id: translation.id.clone() });
    world.until(5, |world| one(world, kor).translations.first().is_some_and(|t| t.certified.len() == 1));
    assert_eq!(one(&world, usa).translations[0].certified[0].by.office_id, "jpn-duty");
    world.command(
        jpn,
        Command::AcknowledgeMessage { id: id.clone(), language: Language::Ja, read_back: "三隻、南へ。".into() },
    );
    world.until(5, |world| one(world, usa).acknowledged.len() == 1);
    world.until(5, |world| one(world, usa).acknowledged[0].read_back.as_deref() == Some("三隻、南へ。"));
    assert_eq!(one(&world, usa).awaited.len(), 1);
    // Korea is late: its board says so.
    let due = |world: &World| world.view(kor).lines.iter().find(|line| line.id == LINE).unwrap().written.due.clone();
    assert!(!due(&world).unwrap().overdue);
    world.until(400, |world| due(world).is_some_and(|due| due.overdue));
    world.command(kor, Command::AcknowledgeMessage { id, language: Language::Ko, read_back: String::new() });
    world.until(5, |world| due(world).is_none() && one(world, usa).awaited.is_empty());
}

#[test]
fn a_joint_text_is_edited_and_approved_by_all_in_the_same_words() {
    let Summit { mut world, usa, jpn, kor, .. } = summit(Suite::XWing);
    let text = |language, text: &str| ReadoutText { language, text: text.into() };
    let first = vec![text(Language::En, "The parties spoke.")];
    world.command(usa, Command::WriteReadout { line: LINE.into(), replaces: None, texts: first });
    world.until(5, |world| world.written(jpn).readouts.first().is_some_and(|readout| readout.may_approve));
    let version = world.written(jpn).readouts[0].version_id.clone();
    world.command(usa, Command::ApproveReadout { id: version.clone() });
    world.until(5, |world| world.written(kor).readouts[0].approvals.iter().any(|a| a.by.is_some()));
    let second = vec![text(Language::Ja, "三か国が話し合いました。"), text(Language::En, "The three parties spoke.")];
    world.command(jpn, Command::WriteReadout { line: LINE.into(), replaces: Some(version.clone()), texts: second });
    world.until(5, |world| world.written(kor).readouts.first().is_some_and(|readout| readout.version == 2));
    assert!(
        world.written(kor).readouts[0].approvals.iter().all(|a| a.by.is_none()),
        "an approval is of one version only"
    );
    let version = world.written(kor).readouts[0].version_id.clone();
    for desk in [usa, jpn, kor] {
        world.until(5, |world| world.written(desk).readouts.first().is_some_and(|r| r.version == 2 && r.may_approve));
        world.command(desk, Command::ApproveReadout { id: version.clone() });
    }
    world.until(5, |world| [usa, jpn, kor].iter().all(|desk| world.written(*desk).readouts[0].complete));
}

#[test]
fn a_party_that_was_cut_off_for_a_week_reads_everything_once() {
    let Summit { mut world, usa, jpn, kor, interpreter } = summit(Suite::XWing);
    for other in [1, 2] {
        world.link(0, other, false);
    }
    for day in 0..7 {
        for (desk, text, language) in [
            (usa, format!("Day {day}."), Language::En),
            (jpn, format!("{day}日目です。"), Language::Ja),
            (kor, format!("{day}일째입니다."), Language::Ko),
        ] {
            world.command(desk, message(&text, language));
            world.until(10, |world| texts(world, desk).contains(&text));
        }
        world.until(10, |world| texts(world, usa).len() == texts(world, kor).len());
        // The night: nobody is at a console, and the clocks go on.
        [usa, jpn, kor, interpreter].iter().for_each(|desk| world.cut(*desk, true));
        world.settle();
        world.now_us += 24 * 3_600 * SECOND;
        [usa, jpn, kor, interpreter].iter().for_each(|desk| world.cut(*desk, false));
        let up = |world: &World| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up);
        world.until(60, up);
    }
    assert_eq!((texts(&world, jpn).len(), texts(&world, usa).len()), (7, 14), "cut off from each other, both wrote");
    for other in [1, 2] {
        world.link(0, other, true);
    }
    // Read, too: circles of others are joined one at a time.
    let open = |world: &World, desk: usize| world.written(desk).messages.iter().all(|m| m.reading == Reading::Open);
    let all = |world: &World, desk: usize| texts(world, desk).len() == 21 && open(world, desk);
    world.until(120, |world| [usa, jpn, kor, interpreter].iter().all(|desk| all(world, *desk)));
    let order = texts(&world, usa);
    assert!(order.windows(2).all(|pair| pair[0] != pair[1]), "each once");
    for desk in [jpn, kor, interpreter] {
        assert_eq!(texts(&world, desk), order, "the same order, whoever was cut off");
    }
    world.until(10, |world| world.written(usa).messages.iter().all(|message| message.stored.len() == 3));
}

#[test]
fn a_console_that_was_away_and_started_anew_reads_what_was_written_meanwhile_and_before() {
    let mut world = World::new(Suite::Cnsa2);
    let usa = world.writer("usa-duty");
    let identity = world.identity("jpn-duty", 40);
    let jpn = world.desk_with(identity.clone());
    world.desks[jpn].console.keep_writings(None);
    for desk in [usa, jpn] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    world.until(20, |world| {
        world.desks.iter().all(|desk| desk.written.as_ref().is_some_and(|w| w.readers.len() == 2 && w.ready))
    });
    world.command(usa, message("Before.", Language::En));
    world.until(10, |world| texts(world, jpn) == ["Before."]);
    world.cut(jpn, true);
    world.command(usa, message("While you were away.", Language::En));
    world.until(10, |world| texts(world, usa).len() == 2);
    world.reload_writer(jpn, identity.clone());
    world.command(jpn, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(20, |world| {
        world.desks[jpn].written.is_some() && texts(world, jpn) == ["Before.", "While you were away."]
    });
    // What it wrote itself, and what it was writing, are there after a start as well.
    world.command(jpn, message("届きました。", Language::Ja));
    world.until(10, |world| texts(world, usa).len() == 3);
    world.command(
        jpn,
        Command::KeepDraft {
            line: LINE.into(),
            draft: Some(Draft { language: Language::Ja, text: "書きかけ".into() }),
        },
    );
    let scratch =
        |key: &str, text: &str| Command::KeepScratch { line: LINE.into(), key: key.into(), text: text.into() };
    for (key, text) in [("a", "訳しかけ"), ("b", "gone"), ("a", "訳しかけた"), ("b", ""), ("none", "")] {
        world.command(jpn, scratch(key, text));
    }
    world.command(jpn, scratch(&"k".repeat(201), "too long a name"));
    world.command(jpn, scratch("c", &"長".repeat(20_001)));
    world.run(SECOND);
    world.reload_writer(jpn, identity);
    world.command(jpn, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(20, |world| {
        world.desks[jpn].written.is_some() && texts(world, jpn).last().is_some_and(|t| t == "届きました。")
    });
    assert_eq!(world.written(jpn).draft.as_ref().unwrap().text, "書きかけ");
    assert_eq!(world.written(jpn).scratch, [Scratch { key: "a".into(), text: "訳しかけた".into() }]);
}

#[test]
fn what_is_written_without_a_node_waits_and_goes_out_once() {
    let mut world = World::new(Suite::XWing);
    let jpn = world.writer("jpn-duty");
    let identity = world.identity("usa-duty", 41);
    let usa = world.desk_with(identity.clone());
    world.desks[usa].console.keep_writings(None);
    for desk in [usa, jpn] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    world.until(20, |world| {
        world.desks.iter().all(|desk| desk.written.as_ref().is_some_and(|w| w.readers.len() == 2 && w.ready))
    });
    world.cut(usa, true);
    world.settle();
    world.command(usa, message("Sent in the dark.", Language::En));
    world.settle();
    assert_eq!(world.written(usa).outbox[0].waits, Waiting::Node);
    world.reload_writer(usa, identity.clone());
    world.command(usa, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(20, |world| texts(world, jpn) == ["Sent in the dark."]);
    world.until(20, |world| world.written(usa).outbox.is_empty());
    world.reload_writer(usa, identity);
    world.run(20 * SECOND);
    assert_eq!(texts(&world, jpn), ["Sent in the dark."], "once");
}

#[test]
fn what_nobody_acknowledges_comes_to_one_office_after_the_other() {
    let mut fixture = trialogue_charter::fixture::Trilateral::new(Suite::XWing);
    fixture.charter =
        trialogue_charter::fixture::amended(&fixture.charter, |charter| charter.policy.escalate_seconds = 60);
    let mut world = World::of(fixture);
    let [usa, leader, duty, interpreter] =
        ["usa-duty", "jpn-leaders", "jpn-duty", "jpn-interpreter"].map(|office| world.writer(office));
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    world.command(usa, Command::OpenWritten { line: Some(LINE.into()) });
    world.until(10, |world| world.desks[usa].written.as_ref().is_some_and(|w| w.ready && w.readers.len() == 4));
    let line = trialogue_charter::LineId::new(LINE).unwrap();
    let japan = trialogue_charter::PartyId::new("JPN").unwrap();
    let order: Vec<_> =
        world.fixture.charter.acting_offices(&japan, &line).map(|office| office.id.to_string()).collect();
    let [first, second] = if order[0] == "jpn-leaders" { [leader, duty] } else { [duty, leader] };
    let by = world.wall_ms() + 30_000;
    world.command(usa, asking("Please confirm.", by));
    let due = |world: &World, desk: usize| {
        world.view(desk).lines.iter().find(|line| line.id == LINE).unwrap().written.due.clone()
    };
    world.until(10, |world| due(world, second).is_some());
    world.until(60, |world| due(world, first).is_some_and(|due| due.sounds));
    assert!(world.wall_ms() >= by && due(&world, second).is_some_and(|due| due.overdue && !due.sounds));
    world.until(90, |world| due(world, second).is_some_and(|due| due.sounds));
    assert!((by + 60_000..by + 61_000).contains(&world.wall_ms()));
    assert!(
        due(&world, interpreter).is_some_and(|due| due.sounds),
        "who does not act for the party hears it with the last"
    );
    let (of_japan, patience_s) = (world.desks[leader].node, world.fixture.charter.policy.alert_seconds);
    let alerted_ms = START_MS + world.nodes[of_japan].alerted_us[0] / 1_000;
    assert!(alerted_ms >= by + u64::from(patience_s) * 1_000, "people are fetched when nobody on watch has reacted");
    assert_eq!(world.nodes[of_japan].alerted_us.len(), 1, "once");
    // The first office's console goes: an empty office is passed over.
    let third = world.wall_ms();
    let id = due(&world, second).unwrap().id;
    world.command(second, Command::AcknowledgeMessage { id, language: Language::Ja, read_back: String::new() });
    world.cut(first, true);
    world.until(40, |world| due(world, second).is_none());
    world.until(40, |world| {
        !world.view(second).lines.iter().any(|line| line.parties.iter().any(|p| p.id == "JPN" && p.on_watch > 1))
    });
    world.command(usa, asking("And this.", world.wall_ms() + 5_000));
    world.until(40, |world| due(world, second).is_some_and(|due| due.sounds));
    assert!(world.wall_ms() < third + 60_000, "it waited for an office where nobody is");
}

#[test]
fn earlier_writings_are_told_to_whoever_wants_them_and_again_after_a_cut() {
    let mut world = World::new(Suite::XWing);
    let usa = world.writer("usa-duty");
    let identity = world.identity("jpn-duty", 2);
    let jpn = world.desk_with(identity.clone());
    world.desks[jpn].console.keep_writings(None);
    world.until(10, |world| world.desks.iter().all(|desk| desk.console.view().node == NodeLink::Up));
    for desk in [usa, jpn] {
        world.command(desk, Command::OpenWritten { line: Some(LINE.into()) });
    }
    world.until(10, |world| {
        world.desks.iter().all(|desk| desk.written.as_ref().is_some_and(|w| w.readers.len() == 2 && w.ready))
    });
    const ALL: usize = 100;
    for number in 0..ALL {
        world.command(usa, message(&format!("number {number}"), Language::En));
        // No faster than a node takes them from one console.
        world.run(SECOND / 10);
    }
    world.until(20, |world| texts(world, jpn).len() == ALL && world.written(usa).outbox.is_empty());
    world.reload_writer(jpn, identity);
    world.command(jpn, Command::OpenWritten { line: Some(LINE.into()) });
    let shown = |world: &World| world.desks[jpn].written.as_ref().map_or(0, |written| written.messages.len());
    world.until(20, |world| shown(world) == 64);
    assert!(world.written(jpn).earlier);
    world.command(jpn, Command::Earlier);
    world.until(20, |world| shown(world) == ALL && texts(world, jpn)[0] == "number 0");
    assert!(!world.written(jpn).earlier, "there are no more");
    assert_eq!(world.view(jpn).node, NodeLink::Up);
    // What comes now comes once, and after a cut everything is there again.
    world.command(usa, message("and one more", Language::En));
    world.until(20, |world| shown(world) == ALL + 1);
    world.cut(jpn, true);
    world.run(SECOND);
    world.cut(jpn, false);
    let now = world.now_us;
    world.desks[jpn].open_at = Some(now);
    world.until(60, |world| world.view(jpn).node == NodeLink::Up && shown(world) == ALL + 1);
    // A node that says so for nothing changes nothing.
    let anew = trialogue_wire::encode(&trialogue_wire::console::ToConsole::Anew { writings: 512 });
    world.input(jpn, Input::Received(anew));
    world.settle();
    assert!(world.view(jpn).node != NodeLink::Up, "it waits for what follows");
    assert_eq!(shown(&world), ALL + 1, "and shows what it has meanwhile");
}

#[test]
fn earlier_writings_are_told_again_at_the_partys_other_site() {
    const MAIN: usize = 2;
    const ALL: usize = 70;
    let mut world = World::with_alternate(Suite::XWing);
    let jpn = world.writer("jpn-duty");
    world.until(10, |world| world.view(jpn).node == NodeLink::Up);
    world.command(jpn, Command::OpenWritten { line: Some(LINE.into()) });
    let before = world.writer("usa-leaders");
    world.until(20, |world| world.desks[jpn].written.as_ref().is_some_and(|w| w.ready && w.readers.len() == 2));
    for number in 0..ALL {
        world.command(jpn, message(&format!("number {number}"), Language::En));
        world.run(SECOND / 10);
    }
    world.until(20, |world| world.written(jpn).outbox.is_empty());
    // Who comes only now cannot read them, and is shown that they are there.
    world.cut(before, true);
    let usa = world.writer("usa-duty");
    world.command(usa, Command::OpenWritten { line: Some(LINE.into()) });
    let shown = |world: &World| world.desks[usa].written.as_ref().map_or(0, |written| written.messages.len());
    world.until(20, |world| shown(world) == 64 && world.desks[usa].other.1.is_some());
    world.command(usa, Command::Earlier);
    world.until(20, |world| shown(world) == ALL);
    world.run(5 * SECOND);
    world.kill_node(MAIN);
    world.until(10, |world| world.desks[usa].active == 1 && world.view(usa).node == NodeLink::Up);
    world.until(10, |world| shown(world) == ALL);
}

#[test]
fn who_writes_from_the_day_to_come_moves_nobodys_time() {
    let Summit { mut world, usa, jpn, kor, .. } = summit(Suite::XWing);
    // As far ahead as its own node takes.
    world.desks[jpn].off_ms = 20 * 60 * 60 * 1_000;
    world.command(jpn, message("tomorrow", Language::Ja));
    world.until(10, |world| texts(world, kor) == ["tomorrow"]);
    world.command(usa, message("now", Language::En));
    world.until(10, |world| texts(world, kor).len() == 2 && texts(world, kor).contains(&"now".to_owned()));
    let said = world.written(kor).messages.iter().find(|message| message.text == "now").unwrap();
    let ahead_ms = said.at_ms - world.wall_ms() as f64;
    assert!(ahead_ms <= 1_000.0, "{ahead_ms} ms ahead");
}
