//! A machine fails under one node: its disk is full, its disk cannot be synced, its clock is wrong by an hour and
//! jumps, it has no more files to open, it has twice the work it can do. The ring rings, people talk, and what could
//! not be recorded says so.
#![allow(clippy::unwrap_used, clippy::panic)]

mod hotline;

use hotline::endpoint::{Endpoint, heard};
use hotline::machine::{Busy, Failing, SmallDisk, WrongClock, is_not_ours, limit_files, open_files};
use hotline::{DUTY, Hotline};
use std::net::TcpStream;

/// Voice frames that each hears of each before it counts as talking: a second.
const TALK: u64 = 50;

/// One rings, the two others answer, and each hears each; then all hang up.
fn they_call(endpoints: &mut [Endpoint; 3], ringer: usize, meanwhile: impl FnOnce(&mut [Endpoint; 3])) {
    let devices = endpoints.each_ref().map(Endpoint::device);
    endpoints[ringer].ring();
    for at in (0..3).filter(|at| *at != ringer) {
        endpoints[at].answer_ring();
    }
    for endpoint in endpoints.iter_mut() {
        endpoint.until_sealed_for(&devices);
    }
    for (listener, endpoint) in endpoints.iter_mut().enumerate() {
        for speaker in (0..3).filter(|speaker| *speaker != listener) {
            endpoint.until_more_voice(&devices[speaker], TALK);
        }
    }
    meanwhile(endpoints);
    for endpoint in endpoints.iter_mut() {
        endpoint.hang_up();
    }
    for endpoint in endpoints {
        endpoint.until_quiet();
    }
}

#[test]
fn a_full_disk_does_not_stop_a_ring_and_is_said() {
    if is_not_ours("a disk of its own") {
        return;
    }
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    hotline.kill_node("jpn");
    endpoints[1].until_view("its node is gone", |view| view["node"] == "connecting");
    let disk = SmallDisk::under(&hotline.house().join("jpn/data"), 16 << 10);
    let node = hotline.restart_node("jpn");
    endpoints.iter_mut().for_each(Endpoint::until_staffed);

    disk.fill();
    they_call(&mut endpoints, 1, |endpoints| {
        endpoints[1].until_view("it is not recorded, and says so", |view| view["unrecorded"] == true);
    });
    they_call(&mut endpoints, 0, |_| {});
    disk.make_room();
    they_call(&mut endpoints, 2, |endpoints| {
        endpoints[1].until_view("it is recorded again", |view| view["unrecorded"] == false);
    });

    // What was said while the disk was full is on it now.
    drop(node);
    endpoints[1].until_view("its node is gone", |view| view["node"] == "connecting");
    let _node = hotline.restart_node("jpn");
    endpoints.iter_mut().for_each(Endpoint::until_staffed);
    they_call(&mut endpoints, 1, |_| {});
}

#[test]
fn a_disk_that_cannot_be_synced_does_not_stop_a_ring_and_is_said() {
    if is_not_ours("making another process's calls fail") {
        return;
    }
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    let failing = Failing::calls(hotline.pid("kor"), "fsync,fdatasync:error=EIO");
    they_call(&mut endpoints, 2, |endpoints| {
        endpoints[2].until_view("it is not recorded, and says so", |view| view["unrecorded"] == true);
    });
    drop(failing);
    they_call(&mut endpoints, 0, |endpoints| {
        endpoints[2].until_view("it is recorded again", |view| view["unrecorded"] == false);
    });
}

#[test]
fn a_clock_that_is_wrong_by_an_hour_and_jumps_changes_no_ring() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    hotline.kill_node("usa");
    endpoints[0].until_view("its node is gone", |view| view["node"] == "connecting");
    let clock = WrongClock::new(&hotline.house(), 3_600);
    let _node = hotline.restart_node_by("usa", &clock);
    endpoints.iter_mut().for_each(Endpoint::until_staffed);

    they_call(&mut endpoints, 0, |_| clock.set(-3_600));
    they_call(&mut endpoints, 1, |_| clock.set(7_200));
    let devices = endpoints.each_ref().map(Endpoint::device);
    they_call(&mut endpoints, 0, |endpoints| {
        clock.set(0);
        endpoints[1].until_more_voice(&devices[0], TALK);
        clock.set(-86_400);
        endpoints[0].until_more_voice(&devices[1], TALK);
    });
}

#[test]
fn a_node_without_files_to_open_keeps_ringing() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    let pid = hotline.pid("jpn");
    let web = hotline.web("jpn");
    limit_files(pid, open_files(pid) + 4);
    let strangers: Vec<TcpStream> = (0..64).map(|_| TcpStream::connect(web).unwrap()).collect();
    hotline::wait_for("every file is taken", || open_files(pid) >= open_files_most(pid));
    they_call(&mut endpoints, 1, |_| {});
    they_call(&mut endpoints, 0, |_| {});
    // They go, and a console finds the door open again.
    drop(strangers);
    let mut late = hotline.endpoint("jpn-security-adviser", 2);
    late.until_view("on watch", |view| view["node"] == "up");
    they_call(&mut endpoints, 1, |_| {});
}

/// The limit that a process has now.
fn open_files_most(pid: i32) -> usize {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap()
}

#[test]
fn a_machine_with_twice_the_work_it_can_do_still_carries_voice() {
    let hotline = Hotline::start();
    let mut endpoints = hotline.duty_officers();
    let _busy = Busy::machine(2);
    let devices = endpoints.each_ref().map(Endpoint::device);
    they_call(&mut endpoints, 2, |endpoints| {
        for (listener, endpoint) in endpoints.iter_mut().enumerate() {
            for speaker in (0..3).filter(|speaker| *speaker != listener) {
                endpoint.until_more_voice(&devices[speaker], 5 * TALK);
            }
            let figures = endpoint.figures();
            let told = devices.each_ref().map(|device| heard(&figures, device, "voice")["opened"].clone());
            eprintln!("{} under load has opened {told:?} voice frames", DUTY[listener]);
        }
    });
}
