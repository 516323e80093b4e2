//! Namespaces joined by carriers of both kinds: packets pass, are cut, are lost, take their time, and nothing is left
//! over.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::process::{Child, Command, Stdio};
use trialogue_impair::{Carrier, Kind, Lab, Shape, why_not};

const CARRIERS: [Carrier; 2] =
    [Carrier { name: "fibre", kind: Kind::Veth }, Carrier { name: "satellite", kind: Kind::Shaped(1) }];

/// Does an echo come back within a second?
fn echo(lab: &Lab, from: &str, to: &str, carrier: &str) -> bool {
    let to = lab.address(to, carrier).unwrap().to_string();
    let script = format!(
        "import socket,sys\ns=socket.create_connection(('{to}',7),1)\ns.sendall(b'x')\nsys.exit(0 if s.recv(1)==b'x' else 1)"
    );
    let mut command = lab.command(from, "python3").unwrap();
    command.args(["-c", &script]).stderr(Stdio::null()).status().unwrap().success()
}

/// Ends with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn carriers_are_cut_and_mended_and_nothing_is_left_over() {
    if let Some(why) = why_not() {
        eprintln!("skipped: {why}");
        return;
    }
    let spaces = || String::from_utf8(Command::new("ip").args(["netns", "list"]).output().unwrap().stdout).unwrap();
    let own = format!("trialogue-{}-", std::process::id());
    let lab = Lab::build(&["usa", "jpn", "kor"], &CARRIERS).unwrap();
    assert_eq!(spaces().matches(&own).count(), 3);
    let server =
        "import socket\ns=socket.create_server(('0.0.0.0',7))\nwhile 1:\n c,_=s.accept()\n c.sendall(c.recv(1))";
    let echoes = ["jpn", "kor"].map(|node| {
        let mut command = lab.command(node, "python3").unwrap();
        Ended(command.args(["-c", server]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    });
    let up = || (0..100).any(|_| echo(&lab, "usa", "jpn", "fibre"));
    assert!(up());

    for carrier in ["fibre", "satellite"] {
        assert!(echo(&lab, "usa", "jpn", carrier) && echo(&lab, "usa", "kor", carrier), "{carrier}");
        lab.cut("jpn", "usa", carrier).unwrap();
        assert!(!echo(&lab, "usa", "jpn", carrier) && echo(&lab, "usa", "kor", carrier), "{carrier}");
        lab.mend("jpn", "usa", carrier).unwrap();
        assert!(echo(&lab, "usa", "jpn", carrier), "{carrier}");
    }
    lab.partition(&[&["usa", "kor"], &["jpn"]]).unwrap();
    assert!(!echo(&lab, "usa", "jpn", "satellite") && echo(&lab, "usa", "kor", "satellite"));
    lab.heal().unwrap();
    assert!(echo(&lab, "usa", "jpn", "satellite"));

    lab.shape("usa", "jpn", "satellite", Shape { cut: true, ..Shape::default() }).unwrap();
    assert!(!echo(&lab, "usa", "jpn", "satellite"));
    lab.shape_all("delay=50 loss=10% mtu=1280".parse().unwrap()).unwrap();
    let came = (0..10).filter(|_| echo(&lab, "usa", "jpn", "satellite")).count();
    let [there, _] = lab.counted("usa", "jpn", "satellite").unwrap();
    assert!(came > 0 && there.lost > 0, "{came} {there:?}");
    lab.lose("usa", "jpn", "fibre", 99).unwrap();
    assert!(!echo(&lab, "usa", "jpn", "fibre") && echo(&lab, "usa", "kor", "fibre"));
    lab.lose("usa", "jpn", "fibre", 0).unwrap();
    assert!(echo(&lab, "usa", "jpn", "fibre"));

    drop((echoes, lab));
    assert_eq!(spaces().matches(&own).count(), 0);
}
