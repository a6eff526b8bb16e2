//! One line of a conversation: who, when, what, and whether it arrived.
//! Never: how it is laid out.

use jiff::Timestamp;

/// A broadcast that waits to be acknowledged.
#[derive(Clone, Debug)]
pub struct Banner {
    pub at: Timestamp,
    pub from: String,
    pub text: String,
}

/// Reasons shown under one refused line; a post to a big room may be missed by
/// many.
const REASONS_MAX: usize = 5;

/// A line; its strings hold nothing that a terminal obeys, but line feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, by the server's clock.
    pub at: Timestamp,
    pub kind: Kind,
    /// Who says it: a person, an endpoint, or the client itself (empty).
    pub who: String,
    pub text: String,
    /// It is the first that came since this conversation was last open.
    pub is_first_new: bool,
}

/// What kind of line; others can only ever cause the first two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Message {
        mention: bool,
    },
    Broadcast,
    Own(Delivery),
    /// An endpoint of the server.
    Answer,
    /// The client itself.
    Notice,
    Warning,
    /// A new day begins.
    Day,
}

/// What is known of a line of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Not sent yet: there is no connection.
    Waiting,
    /// Never sent: its writer took it back.
    TakenBack,
    /// Sent, and no refusal so far.
    Sent,
    /// The connection was lost before the server showed that it read on.
    Unsure,
    /// Refused, and sent again as another line.
    SentAgain,
    /// Refused, for these reasons; `more` are left out. `for_all`: nobody got it.
    Refused { reasons: Vec<String>, more: usize, for_all: bool },
}

impl Line {
    pub fn new(at: Timestamp, kind: Kind, who: String, text: String) -> Self {
        Self { at, kind, who, text, is_first_new: false }
    }

    /// Bytes that the line holds on to, about.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.who.len() + self.text.len()
    }

    /// Marks a line of ours as refused; another reason is added. `for_all`:
    /// nobody got it.
    pub fn refuse(&mut self, mut reason: String, for_all: bool) {
        reason.truncate(reason.trim_end_matches('.').len());
        let Kind::Own(delivery) = &mut self.kind else { return };
        match delivery {
            Delivery::Refused { reasons, .. } if reasons.len() < REASONS_MAX => {
                reasons.push(reason);
            }
            Delivery::Refused { more, .. } => *more += 1,
            _ => *delivery = Delivery::Refused { reasons: vec![reason], more: 0, for_all },
        }
    }

    /// Marks a line of ours as lost perhaps.
    pub fn doubt(&mut self) {
        self.become_if(Delivery::Unsure, |delivery| *delivery == Delivery::Sent);
    }

    /// A line that was waiting is on its way.
    pub fn sent(&mut self) {
        self.become_if(Delivery::Sent, |delivery| *delivery == Delivery::Waiting);
    }

    /// A line that was waiting is not to be sent.
    pub fn take_back(&mut self) {
        self.become_if(Delivery::TakenBack, |delivery| *delivery == Delivery::Waiting);
    }

    /// A refused line was sent once more, as another line.
    pub fn sent_again(&mut self) {
        self.become_if(Delivery::SentAgain, |delivery| {
            matches!(delivery, Delivery::Refused { .. })
        });
    }

    fn become_if(&mut self, new: Delivery, is_now: impl Fn(&Delivery) -> bool) {
        match &mut self.kind {
            Kind::Own(delivery) if is_now(delivery) => *delivery = new,
            _ => {}
        }
    }

    /// What stands under the line, if anything.
    pub fn verdict(&self) -> Option<String> {
        let Kind::Own(delivery) = &self.kind else { return None };
        Some(match delivery {
            Delivery::Sent => return None,
            Delivery::Waiting => "… waiting for the connection; /cancel takes it back".to_owned(),
            Delivery::TakenBack => "✗ taken back, not sent".to_owned(),
            Delivery::Unsure => "? may not have arrived: the connection was lost".to_owned(),
            Delivery::SentAgain => "✗ not delivered; sent again below".to_owned(),
            Delivery::Refused { reasons, more: 0, .. } => {
                format!("✗ not delivered: {}", reasons.join("; "))
            }
            Delivery::Refused { reasons, more, .. } => {
                format!("✗ not delivered: {}; and {more} more", reasons.join("; "))
            }
        })
    }
}
