//! What is said at the control socket is read as it was written.

use super::*;
use proptest::prelude::*;

fn through(order: &Order) -> String {
    let line = write_order(order);
    assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 1);
    format!("{:?}", read_order(line.strip_suffix(b"\n").unwrap()).unwrap())
}

#[test]
fn an_order_is_what_it_was_behind_the_socket() {
    let name = || Name::parse("Zoë").unwrap();
    let password = || Secret::new("a \"quoted\" \\ tab\t");
    let ban = Ban {
        who: Banned::parse("10.0.0.0/8").unwrap(),
        until: Some(7),
        by: "-".into(),
        reason: "two words".into(),
    };
    for order in [
        Order::AddAccount { name: name(), role: Role::Operator, password: Some(password()) },
        Order::AddAccount { name: name(), role: Role::User, password: None },
        Order::Accounts,
        Order::SetPassword { name: name(), password: password() },
        Order::SetRole { name: name(), role: Role::Operator },
        Order::SetLocked { name: name(), locked: true },
        Order::Invite { name: name() },
        Order::Erase { name: name() },
        Order::Ban(ban),
        Order::Unban(Banned::Name(name())),
        Order::Bans,
        Order::Room(RoomOrder::Add { name: name(), owner: Some(name()), is_private: true }),
        Order::Room(RoomOrder::Add { name: name(), owner: None, is_private: false }),
        Order::Room(RoomOrder::List),
        Order::Room(RoomOrder::Delete { name: name() }),
        Order::Info,
    ] {
        assert_eq!(through(&order), format!("{order:?}"));
    }
    let line = write_order(&Order::SetPassword { name: name(), password: password() });
    let Order::SetPassword { password: read, .. } = read_order(&line).unwrap() else {
        panic!("another order")
    };
    assert!(read == password());
}

#[test]
fn what_is_told_is_what_it_was_behind_the_socket() {
    let row = AccountRow {
        name: Name::parse("bob").unwrap(),
        role: Role::User,
        locked: true,
        has_secret: false,
        created: 5,
        last_seen: None,
    };
    let ban = Ban {
        who: Banned::parse("mallory").unwrap(),
        until: None,
        by: "alice".into(),
        reason: "".into(),
    };
    let info = StoreInfo {
        accounts: 1,
        packets: 2,
        bytes: 3,
        bytes_max: Some(4),
        last_id: 5,
        oldest: Some(6),
        newest: None,
        file_bytes: 7,
        free_bytes: 8,
        failing: true,
    };
    for told in [
        Told::Done,
        Told::Code(Secret::new("abcd-efgh")),
        Told::Accounts(vec![row]),
        Told::Bans(vec![ban]),
        Told::Rooms(vec![RoomRow {
            name: Name::parse("Ops").unwrap(),
            owner: Some(Name::parse("bob").unwrap()),
            is_private: true,
            keep: Some(Span::Seconds(86_400)),
            topic: "two words".into(),
            created: 7,
            members: 3,
        }]),
        Told::Refused(Refusal::RoomTaken),
        Told::Info(info),
        Told::Refused(Refusal::NoSuchAccount),
    ] {
        let read = read_told(&write_told(&told)).unwrap();
        assert_eq!(format!("{read:?}"), format!("{told:?}"));
    }
}

proptest! {
    #[test]
    fn whatever_is_said_is_an_order_or_none(line in prop::collection::vec(any::<u8>(), 0..200)) {
        // No panic is what counts; bytes at random are hardly ever an order.
        prop_assert!(read_order(&line).is_err());
    }

    #[test]
    fn an_order_with_anything_in_it_is_read_or_refused(
        kind in "add-account|set-password|set-role|erase|ban|unban|bans|nothing",
        key in "name|password|what|until|operator|other",
        value in "\\PC{0,20}",
    ) {
        let line = serde_json::json!({ "order": kind, key: value, "name": "bob" }).to_string();
        if let Ok(order) = read_order(line.as_bytes()) {
            // Read again from what it is written as, it is the same.
            let again = read_order(&write_order(&order)).unwrap();
            prop_assert_eq!(format!("{again:?}"), format!("{order:?}"));
        }
    }
}
