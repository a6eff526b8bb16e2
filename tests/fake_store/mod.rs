//! A store of accounts in memory, which judges at once and by plain comparison: for tests
//! of shards. Never: delays, which are the tests' to make.

use lanline::accounts::{
    Account, AccountId, Ban, Banned, Failure, Label, Notice, Proof, Reply, Request, Role, Secret,
    TokenId, TokenRow,
};
use lanline::wire::Name;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// All accounts and bans.
#[derive(Default)]
pub(crate) struct FakeStore {
    accounts: BTreeMap<AccountId, Kept>,
    bans: Vec<Ban>,
    last_number: u32,
    /// It refuses everything.
    pub unavailable: bool,
    /// Accounts whose last session has ended, in order.
    pub left: Vec<AccountId>,
}

struct Kept {
    account: Account,
    password: Option<String>,
    code: Option<String>,
    tokens: BTreeMap<Label, (TokenId, String)>,
}

impl FakeStore {
    fn number(&mut self) -> NonZeroU32 {
        self.last_number += 1;
        NonZeroU32::new(self.last_number).unwrap()
    }

    /// `lanline account add`.
    pub(crate) fn add(&mut self, name: &str, role: Role, password: &str) -> Notice {
        let id = AccountId(self.number());
        let name = Name::parse(name).unwrap();
        let account = Account { id, name, role, locked: false, last_seen: None };
        let password = Some(password.to_owned());
        let kept = Kept { account: account.clone(), password, code: None, tokens: BTreeMap::new() };
        self.accounts.insert(id, kept);
        Notice::Account(account)
    }

    /// Of the account that is made next.
    pub(crate) fn next_id(&self) -> AccountId {
        AccountId(NonZeroU32::new(self.last_number + 1).unwrap())
    }

    pub(crate) fn id(&self, name: &str) -> Option<AccountId> {
        let key = Name::parse(name).unwrap().key().to_owned();
        let mut all = self.accounts.values();
        all.find(|kept| kept.account.name.key() == key).map(|kept| kept.account.id)
    }

    /// As it is, if it is there.
    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        Some(&self.accounts.get(&self.id(name)?)?.account)
    }

    /// `lanline account role|lock|unlock`.
    pub(crate) fn change(&mut self, name: &str, change: impl Fn(&mut Account)) -> Notice {
        let id = self.id(name).unwrap();
        let account = &mut self.accounts.get_mut(&id).unwrap().account;
        change(account);
        Notice::Account(account.clone())
    }

    /// `lanline account erase`.
    pub(crate) fn erase(&mut self, name: &str) -> Notice {
        let id = self.id(name).unwrap();
        self.accounts.remove(&id);
        Notice::Erased(id)
    }

    /// A token that is there already.
    pub(crate) fn give_token(&mut self, name: &str, label: &str, secret: &str) -> TokenId {
        let (id, token) = (self.id(name).unwrap(), TokenId(self.number()));
        let label = Label::parse(label).unwrap();
        self.accounts.get_mut(&id).unwrap().tokens.insert(label, (token, secret.to_owned()));
        token
    }

    /// What all shards are told, and what is replied.
    pub(crate) fn answer(&mut self, request: Request) -> (Vec<Notice>, Option<Reply>) {
        if let Request::Left { account } = request {
            self.left.push(account);
            return (Vec::new(), None);
        }
        if self.unavailable {
            return (Vec::new(), Some(Reply::Failed(Failure::Unavailable)));
        }
        let mut notices = Vec::new();
        let reply = self.judge(request, &mut notices).unwrap_or_else(Reply::Failed);
        (notices, Some(reply))
    }

    fn judge(&mut self, request: Request, notices: &mut Vec<Notice>) -> Result<Reply, Failure> {
        match request {
            Request::Login { account, proof, .. } => {
                let id = account.ok_or(Failure::WrongSecret)?;
                let kept = self.kept(id)?;
                let mut token = None;
                let right = match proof {
                    Proof::Certificate => true,
                    Proof::Password(given) => kept.password.as_deref() == Some(given.reveal()),
                    Proof::Token(given) => {
                        let all = kept.tokens.values();
                        token = all.clone().find(|(_, it)| it == given.reveal()).map(|(id, _)| *id);
                        token.is_some()
                    }
                    Proof::Invite { code, password } => {
                        let right = kept.code.as_deref() == Some(code.reveal());
                        if right {
                            kept.code = None;
                            kept.password = Some(password.reveal().to_owned());
                        }
                        right
                    }
                };
                if right {
                    Ok(Reply::LoggedIn { account: id, token })
                } else {
                    Err(Failure::WrongSecret)
                }
            }
            Request::Register { name, password, .. } => {
                if self.id(name.shown()).is_some() {
                    return Err(Failure::NameTaken);
                }
                notices.push(self.add(name.shown(), Role::User, password.reveal()));
                let account = self.id(name.shown()).unwrap();
                Ok(Reply::Registered { account })
            }
            Request::Password { account, old, new, .. } => {
                let kept = self.kept(account)?;
                if kept.password.as_deref() != Some(old.reveal()) {
                    return Err(Failure::WrongSecret);
                }
                kept.password = Some(new.reveal().to_owned());
                notices.push(Notice::EndSessions { account, token: None, but_asker: true });
                Ok(Reply::PasswordSet)
            }
            Request::NewToken { account, label } => {
                let token = TokenId(self.number());
                let kept = self.kept(account)?;
                if kept.tokens.contains_key(&label) {
                    return Err(Failure::BadArgument);
                }
                let secret = format!("secret-{}", token.0);
                kept.tokens.insert(label.clone(), (token, secret.clone()));
                Ok(Reply::Token { label, secret: Secret::new(&secret) })
            }
            Request::Tokens { account } => {
                let tokens = self.kept(account)?.tokens.keys();
                let row = |label: &Label| TokenRow { label: label.clone(), created: 0, used: None };
                Ok(Reply::Tokens(tokens.map(row).collect()))
            }
            Request::RevokeToken { account, label } => {
                let token =
                    self.kept(account)?.tokens.remove(&label).ok_or(Failure::BadArgument)?;
                let token = Some(token.0);
                notices.push(Notice::EndSessions { account, token, but_asker: false });
                Ok(Reply::TokenRevoked(label))
            }
            Request::Invite { name, .. } => {
                if self.id(name.shown()).is_none() {
                    notices.push(self.add(name.shown(), Role::User, ""));
                    let id = self.id(name.shown()).unwrap();
                    self.kept(id)?.password = None;
                }
                let id = self.id(name.shown()).unwrap();
                let code = format!("code-{}", self.number());
                let kept = self.kept(id)?;
                if kept.password.is_some() {
                    return Err(Failure::BadArgument);
                }
                kept.code = Some(code.clone());
                Ok(Reply::Invited { code: Secret::new(&code) })
            }
            Request::Ban(ban) => {
                self.bans.retain(|other| other.who.key() != ban.who.key());
                self.bans.push(ban.clone());
                notices.push(Notice::Ban(ban));
                Ok(Reply::Banned)
            }
            Request::Unban(who) => self.unban(who, notices),
            Request::Left { .. } => unreachable!("it is answered above"),
        }
    }

    fn unban(&mut self, who: Banned, notices: &mut Vec<Notice>) -> Result<Reply, Failure> {
        let before = self.bans.len();
        self.bans.retain(|other| other.who.key() != who.key());
        if self.bans.len() == before {
            return Err(Failure::NoSuchBan);
        }
        notices.push(Notice::Unban(who));
        Ok(Reply::Unbanned)
    }

    fn kept(&mut self, id: AccountId) -> Result<&mut Kept, Failure> {
        self.accounts.get_mut(&id).ok_or(Failure::WrongSecret)
    }
}
