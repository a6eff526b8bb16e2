//! The desk against plain maps: whatever is asked in whatever order, through restarts,
//! it replies as they do. Never: look-alikes and times, which have tests of their own.

use super::test_site::{Site, label, name, peer, registering};
use crate::accounts::{AccountId, Failure, Proof, Reply, Request, Role, Secret};
use crate::store::order::Refusal;
use crate::store::{Order, Told};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NAMES: [&str; 3] = ["ann", "Zoe", "hugo"];
const WORDS: [&str; 3] = ["correct horse", "battery staple", "wrong"];
const LABELS: [&str; 2] = ["phone", "bot"];

#[derive(Clone, Debug)]
enum Step {
    Register(usize, usize),
    Add(usize, bool),
    LogIn(usize, usize),
    Change(usize, usize, usize),
    NewToken(usize, usize),
    ByToken(usize, usize),
    Revoke(usize, usize),
    Reset(usize, usize),
    Lock(usize, bool),
    Role(usize, bool),
    Erase(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (name, word, label) = (0..NAMES.len(), 0..WORDS.len(), 0..LABELS.len());
    prop_oneof![
        (name.clone(), word.clone()).prop_map(|(n, w)| Step::Register(n, w)),
        (name.clone(), any::<bool>()).prop_map(|(n, operator)| Step::Add(n, operator)),
        (name.clone(), word.clone()).prop_map(|(n, w)| Step::LogIn(n, w)),
        (name.clone(), word.clone(), word.clone()).prop_map(|(n, o, w)| Step::Change(n, o, w)),
        (name.clone(), label.clone()).prop_map(|(n, l)| Step::NewToken(n, l)),
        (name.clone(), label.clone()).prop_map(|(n, l)| Step::ByToken(n, l)),
        (name.clone(), label).prop_map(|(n, l)| Step::Revoke(n, l)),
        (name.clone(), word).prop_map(|(n, w)| Step::Reset(n, w)),
        (name.clone(), any::<bool>()).prop_map(|(n, locked)| Step::Lock(n, locked)),
        (name.clone(), any::<bool>()).prop_map(|(n, operator)| Step::Role(n, operator)),
        name.prop_map(Step::Erase),
        Just(Step::Restart),
    ]
}

/// An account as it should be.
#[derive(Clone, Debug)]
struct Model {
    id: AccountId,
    word: Option<usize>,
    operator: bool,
    locked: bool,
    tokens: BTreeMap<usize, Secret>,
}

struct Both {
    site: Site,
    models: BTreeMap<usize, Model>,
    /// Every token that there ever was.
    secrets: Vec<(AccountId, usize, Secret)>,
}

/// As a test sees it: what was asked has come to that.
fn word_of(reply: &Reply) -> &'static str {
    match reply {
        Reply::LoggedIn { .. } => "logged in",
        Reply::Registered { .. } => "registered",
        Reply::PasswordSet => "set",
        Reply::Token { .. } => "token",
        Reply::TokenRevoked(_) => "revoked",
        Reply::Failed(Failure::WrongSecret) => "wrong",
        Reply::Failed(Failure::NameTaken) => "taken",
        Reply::Failed(Failure::BadArgument) => "bad",
        _ => "something else",
    }
}

impl Both {
    fn ask(&mut self, request: Request) -> (Reply, &'static str) {
        // Guessing is never slowed here.
        self.site.pass(61);
        let (_, reply) = self.site.ask(request);
        let word = word_of(&reply);
        (reply, word)
    }

    /// Whether an order was carried out.
    fn order(&mut self, order: Order) -> bool {
        match self.site.order(order).1 {
            Told::Done => true,
            Told::Refused(Refusal::NameTaken | Refusal::NoSuchAccount) => false,
            other => panic!("{other:?}"),
        }
    }

    fn id(&self, name: usize) -> Option<AccountId> {
        self.models.get(&name).map(|model| model.id)
    }

    fn make(&mut self, name: usize, word: Option<usize>, operator: bool) {
        let id = self.site.known()[NAMES[name]].id;
        let model = Model { id, word, operator, locked: false, tokens: BTreeMap::new() };
        self.models.insert(name, model);
    }

    fn log_in(&mut self, account: Option<AccountId>, proof: Proof) -> &'static str {
        self.ask(Request::Login { account, proof, peer: peer(1) }).1
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Register(n, w) => {
                let (_, said) = self.ask(registering(NAMES[n], WORDS[w], 1));
                if self.models.contains_key(&n) {
                    assert_eq!(said, "taken");
                } else {
                    assert_eq!(said, "registered");
                    self.make(n, Some(w), false);
                }
            }
            Step::Add(n, operator) => {
                let role = if operator { Role::Operator } else { Role::User };
                let order = Order::AddAccount { name: name(NAMES[n]), role, password: None };
                assert_eq!(self.order(order), !self.models.contains_key(&n));
                if !self.models.contains_key(&n) {
                    self.make(n, None, operator);
                }
            }
            Step::LogIn(n, w) => {
                let model = self.models.get(&n);
                let is_right = model.is_some_and(|it| !it.locked && it.word == Some(w));
                let said = self.log_in(self.id(n), Proof::Password(Secret::new(WORDS[w])));
                assert_eq!(said, if is_right { "logged in" } else { "wrong" });
            }
            Step::Change(n, old, new) => self.change(n, old, new),
            Step::NewToken(n, l) => self.new_token(n, l),
            Step::ByToken(n, l) => {
                let Some(id) = self.id(n) else { return };
                let secrets: Vec<_> = self
                    .secrets
                    .iter()
                    .filter(|it| it.1 == l)
                    .map(|it| (it.0, it.2.clone()))
                    .collect();
                for (_, secret) in secrets {
                    let model = &self.models[&n];
                    let is_right = !model.locked && model.tokens.get(&l) == Some(&secret);
                    let said = self.log_in(Some(id), Proof::Token(secret));
                    assert_eq!(said, if is_right { "logged in" } else { "wrong" });
                }
            }
            Step::Revoke(n, l) => {
                let Some(account) = self.id(n) else { return };
                let (_, said) = self.ask(Request::RevokeToken { account, label: label(LABELS[l]) });
                let was = self.models.get_mut(&n).unwrap().tokens.remove(&l);
                assert_eq!(said, if was.is_some() { "revoked" } else { "bad" });
            }
            Step::Reset(n, w) => {
                let order =
                    Order::SetPassword { name: name(NAMES[n]), password: Secret::new(WORDS[w]) };
                let is_done = self.order(order);
                assert_eq!(
                    is_done,
                    self.change_model(n, |it| {
                        it.word = Some(w);
                        it.tokens.clear();
                    })
                );
            }
            Step::Lock(n, locked) => {
                let is_done = self.order(Order::SetLocked { name: name(NAMES[n]), locked });
                assert_eq!(
                    is_done,
                    self.change_model(n, |it| {
                        it.locked = locked;
                        if locked {
                            it.tokens.clear();
                        }
                    })
                );
            }
            Step::Role(n, operator) => {
                let role = if operator { Role::Operator } else { Role::User };
                let is_done = self.order(Order::SetRole { name: name(NAMES[n]), role });
                assert_eq!(is_done, self.change_model(n, |it| it.operator = operator));
            }
            Step::Erase(n) => {
                let is_done = self.order(Order::Erase { name: name(NAMES[n]) });
                assert_eq!(is_done, self.models.remove(&n).is_some());
            }
            Step::Restart => drop(self.site.restart()),
        }
    }

    fn change_model(&mut self, n: usize, change: impl FnOnce(&mut Model)) -> bool {
        self.models.get_mut(&n).map(change).is_some()
    }

    fn change(&mut self, n: usize, old: usize, new: usize) {
        let Some(account) = self.id(n) else { return };
        let [old_word, new_word] = [old, new].map(|it| Secret::new(WORDS[it]));
        let request = Request::Password { account, old: old_word, new: new_word, peer: peer(1) };
        let (_, said) = self.ask(request);
        let model = self.models.get_mut(&n).unwrap();
        let is_right = !model.locked && model.word == Some(old);
        assert_eq!(said, if is_right { "set" } else { "wrong" });
        if is_right {
            model.word = Some(new);
        }
    }

    fn new_token(&mut self, n: usize, l: usize) {
        let Some(account) = self.id(n) else { return };
        let (reply, said) = self.ask(Request::NewToken { account, label: label(LABELS[l]) });
        let model = self.models.get_mut(&n).unwrap();
        let wanted = match (model.tokens.contains_key(&l), model.locked) {
            (true, _) => "bad",
            (false, true) => "wrong",
            (false, false) => "token",
        };
        assert_eq!(said, wanted);
        if let Reply::Token { secret, .. } = reply {
            model.tokens.insert(l, secret.clone());
            self.secrets.push((account, l, secret));
        }
    }

    /// All that shards are told at a start is as it should be.
    fn compare(&mut self) {
        let known = self.site.known();
        assert_eq!(known.len(), self.models.len());
        for (&n, model) in &self.models {
            let account = &known[NAMES[n]];
            assert_eq!((account.id, account.locked), (model.id, model.locked));
            assert_eq!(account.role == Role::Operator, model.operator);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_desk_does_as_plain_maps_would(steps in prop::collection::vec(step(), 1..60)) {
        let mut both = Both { site: Site::new(), models: BTreeMap::new(), secrets: Vec::new() };
        for step in steps {
            both.take(step);
        }
        both.compare();
    }
}
