#[test]
fn time() {
    let t = std::time::Instant::now();
    trialogue_sim::fixture(3);
    println!("fixture {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let mut w = trialogue_sim::World::on_watch(3, 7);
    println!("on watch {:?}", t.elapsed());
    let t = std::time::Instant::now();
    w.run(50_000_000);
    println!("idle 50 s {:?}", t.elapsed());
    let t = std::time::Instant::now();
    w.suffer(30);
    println!("suffer {:?}", t.elapsed());
    let entries: Vec<u64> = w.nodes.iter().map(|n| n.machine.as_ref().unwrap().head()).collect();
    println!("{entries:?} {:?}", w.nodes[0].counts);
}
