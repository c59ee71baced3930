//! Each channel is applied in its order, whatever the order of arrival, and once, however often it arrives.

use super::seeds;
use dukou_packets::log::line::Event;
use dukou_rehearsal::random::Random;
use dukou_tests::simulated::station::name;
use dukou_tests::simulated::world::FILES;
use dukou_tests::simulated::{World, verdict};

const PACKETS: u64 = 7;

/// A world whose seven packets of one file each are in the gap device's hands.
fn seven() -> World {
    let mut world = World::new(41);
    world.outer.channels[1].batch.max_records = 1;
    for index in 1..=PACKETS {
        world.outer_supplier.drop_file(&world.outer, FILES, &format!("{index}"));
    }
    world.outer.step().unwrap();
    world.inward.take(&world.outer);
    world
}

/// Gives the `rank`-th order of the numbers 1 … 7.
fn order_of(mut rank: u64) -> Vec<u64> {
    let mut left: Vec<u64> = (1..=PACKETS).collect();
    let mut order = Vec::new();
    for size in (1..=PACKETS).rev() {
        order.push(left.remove((rank % size) as usize));
        rank /= size;
    }
    order
}

#[test]
fn seven_packets_are_applied_in_sequence_in_whatever_order_they_arrive() {
    const ORDERS: u64 = 5040;
    let tried = (seeds::count() * 12).min(ORDERS);
    let mut dice = Random::new(seeds::first());
    for index in 0..tried {
        let rank = if tried == ORDERS { index } else { dice.below(ORDERS) };
        let order = order_of(rank);
        let mut world = seven();
        world.inward.deliver_some(&world.inner, |_| false);
        let packets = world.inward.cargo(FILES);
        let (mut arrived, mut due) = (Vec::new(), 0);
        for seq in &order {
            world.inward.put(&world.inner, None, &packets[seq]);
            arrived.push(*seq);
            // Some arrive with the next one, in one look.
            if dice.chance(0.3) {
                continue;
            }
            world.inner.step().unwrap();
            world.inner_consumer.take(&world.inner.files, 1.0);
            due = (due + 1..).take_while(|seq| arrived.contains(seq)).last().unwrap_or(due);
            let names: Vec<String> = (1..=due).map(|seq| seq.to_string()).collect();
            let mut came = world.inner_consumer.names(&name(FILES));
            came.sort_unstable();
            assert_eq!(came, names, "order {order:?} (rank {rank}), after {seq}");
        }
        world.settle_and_check().unwrap_or_else(|broken| panic!("order {order:?} (rank {rank}): {broken}"));
    }
}

#[test]
fn the_whole_history_replayed_three_times_shuffled_has_no_effect() {
    for seed in 0..4 {
        let mut world = World::new(seed);
        for day in 0..3 {
            world.drop_mixture(&format!("D{day}"));
            world.settle().unwrap();
        }
        let before = world.inner_consumer.taken();
        let is_work = |event: &Event| matches!(event, Event::Seen { .. } | Event::Applied { .. } | Event::Aside { .. });
        let work = world.inner.log().iter().filter(|event| is_work(event)).count();
        let history: Vec<Vec<u8>> = world.inward.passed.iter().map(|(_, bytes)| bytes.clone()).collect();
        let mut dice = Random::new(seed);
        for _ in 0..3 * history.len() {
            let bytes = &history[dice.below(history.len() as u64) as usize];
            world.inward.put(&world.inner, None, bytes);
            if dice.chance(0.2) {
                world.inner.step().unwrap();
            }
            if dice.chance(0.05) {
                world.inner.crash();
            }
        }
        for bytes in &history {
            world.inward.put(&world.inner, None, bytes);
        }
        world.settle().unwrap();
        assert_eq!(world.inner_consumer.taken(), before, "seed {seed}");
        assert_eq!(world.inner.log().iter().filter(|event| is_work(event)).count(), work, "seed {seed}");
        verdict::check(&mut world).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
    }
}

#[test]
fn a_channel_that_waits_does_not_hold_up_the_others() {
    let mut world = seven();
    world.outer_supplier.drop_xml(&world.outer, "reports", "A1_a.xml");
    world.outer.step().unwrap();
    world.inward.deliver_some(&world.inner, |id| id.is_none_or(|(_, _, seq)| *seq > 1));
    world.inward.take(&world.outer);
    world.inward.deliver_some(&world.inner, |_| true);
    world.inner.step().unwrap();
    world.inner_consumer.take(&world.inner.files, 1.0);
    assert_eq!(world.inner_consumer.names(&name("reports")), ["A1_a.xml"]);
    assert_eq!(world.inner_consumer.names(&name(FILES)), Vec::<String>::new());
    world.heal().unwrap();
    verdict::check(&mut world).unwrap();
}
