//! What all stores owe for cards.

use super::*;
use crate::store::cards::{CARDS_AT_ONCE, Card, Drawer};

fn filed(drawer: Drawer, key: &str, terms: &[&str], body: &str, at_ms: i64) -> Change {
    Change::Filed(Card::new(drawer, key, terms.iter().copied(), body.to_owned(), at_ms))
}

fn bodies(cards: &[Card]) -> Vec<&str> {
    cards.iter().map(|card| card.body.as_str()).collect()
}

#[test]
fn a_card_is_found_by_its_key_and_each_of_its_terms_in_its_drawer_alone() {
    each(|store| {
        let first = filed(Drawer::Message, "k", &["day 1", "case A", "day 1"], "{\"a\":\"\\u0000\"}", 7);
        let second = filed(Drawer::Message, "l", &["day 1"], "two", 8);
        store.commit(&[first.clone(), second, filed(Drawer::Response, "k", &["day 1"], "three", 9)]).unwrap();
        let Change::Filed(first) = first else { unreachable!() };
        assert_eq!(store.card(Drawer::Message, "k").unwrap(), Some(first.clone()));
        assert_eq!(store.card(Drawer::Log, "k").unwrap(), None);
        assert_eq!(store.card(Drawer::Message, "K").unwrap(), None);
        assert_eq!(store.cards(Drawer::Message, &["case A"]).unwrap(), std::slice::from_ref(&first));
        let both = store.cards(Drawer::Message, &["case A", "day 1", "nothing"]).unwrap();
        assert_eq!(bodies(&both), [first.body.as_str(), "two"]);
        assert_eq!(bodies(&store.cards(Drawer::Response, &["day 1"]).unwrap()), ["three"]);
        assert!(store.cards(Drawer::Message, &[]).unwrap().is_empty());
    });
}

#[test]
fn a_card_filed_again_has_its_new_terms_alone_and_keeps_its_first_moment_and_its_place() {
    each(|store| {
        store.commit(&[filed(Drawer::RegisterRow, "k", &["a", "b"], "one", 7)]).unwrap();
        store.commit(&[filed(Drawer::RegisterRow, "l", &["b"], "other", 8)]).unwrap();
        store.commit(&[filed(Drawer::RegisterRow, "k", &["b", "c"], "two", 9)]).unwrap();
        store.commit(&[filed(Drawer::RegisterRow, "k", &["b", "c"], "three", 10)]).unwrap();
        assert!(store.cards(Drawer::RegisterRow, &["a"]).unwrap().is_empty());
        assert_eq!(bodies(&store.cards(Drawer::RegisterRow, &["c", "b"]).unwrap()), ["three", "other"]);
        assert_eq!(store.card(Drawer::RegisterRow, "k").unwrap().map(|card| card.since_ms), Some(7));
    });
}

#[test]
fn cards_of_a_refused_commit_are_not_there() {
    each(|store| {
        let change = filed(Drawer::Guard, "k", &["a"], "one", 7);
        assert!(corrupt(store.commit(&[change, Change::Pruned(key(Direction::Out, 1))])));
        assert_eq!(store.card(Drawer::Guard, "k").unwrap(), None);
        assert!(store.cards(Drawer::Guard, &["a"]).unwrap().is_empty());
    });
}

#[test]
fn ten_thousand_cards_are_found_by_their_own_terms() {
    each(|store| {
        let terms: Vec<String> = (0..10_000).map(|at| format!("case {at}")).collect();
        let change = |term: &String| filed(Drawer::Message, term, &[term, "day"], term, 1);
        store.commit(&terms.iter().map(change).collect::<Vec<_>>()).unwrap();
        let asked: Vec<&str> = terms.iter().map(String::as_str).collect();
        assert_eq!(bodies(&store.cards(Drawer::Message, &asked).unwrap()), asked);
        assert_eq!(store.cards(Drawer::Message, &["day"]).unwrap().len(), 10_000);
    });
}

#[test]
fn very_many_cards_are_handed_over_once_each_in_the_order_of_their_filing_and_end_with_the_first_fault() {
    each(|store| {
        let terms: Vec<String> = (0..3 * CARDS_AT_ONCE + 7).map(|at| format!("case {at}")).collect();
        let change = |term: &String| filed(Drawer::Message, term, &[term, "day", "came"], term, 1);
        store.commit(&terms.iter().rev().map(change).collect::<Vec<_>>()).unwrap();
        let places = store.card_places(Drawer::Message, &["came", "day", "nothing"]).unwrap();
        let mut handed = Vec::new();
        let mut take = |place: i64, card: Card| -> Result<(), StoreFault> {
            handed.push((place, card.body));
            Ok(())
        };
        store.each_card(Drawer::Message, &places, &mut take).unwrap();
        assert!(handed.iter().map(|(place, _)| *place).eq(places.iter().copied()), "each with its place");
        assert!(handed.iter().map(|(_, body)| body).eq(terms.iter().rev()), "those filed first first");
        // A card that is filed again keeps its place.
        store.commit(&[filed(Drawer::Message, &terms[0], &["other"], "again", 2)]).unwrap();
        assert_eq!(store.card_places(Drawer::Message, &["other"]).unwrap(), [*places.last().unwrap()]);
        let mut taken = 0;
        let ended = store.each_card(Drawer::Message, &places, &mut |_, _| {
            taken += 1;
            if taken == 2 { Err(StoreFault::Corrupt("enough".to_owned())) } else { Ok(()) }
        });
        assert_eq!((ended, taken), (Err(StoreFault::Corrupt("enough".to_owned())), 2));
        assert!(store.cards_at(Drawer::Response, &places).unwrap().is_empty(), "a place belongs to its drawer");
    });
}
