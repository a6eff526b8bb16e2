//! One line of a conversation: who, when, what, and whether it arrived.
//! Never: how it is laid out.

use jiff::Timestamp;

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
    /// Sent, and no refusal so far.
    Sent,
    /// The connection was lost before the server showed that it read on.
    Unsure,
    /// Refused, for these reasons; `more` are left out.
    Refused { reasons: Vec<String>, more: usize },
}

impl Line {
    /// Bytes that the line holds on to, about.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.who.len() + self.text.len()
    }

    /// Marks a line of ours as refused; another reason is added.
    pub fn refuse(&mut self, mut reason: String) {
        reason.truncate(reason.trim_end_matches('.').len());
        let Kind::Own(delivery) = &mut self.kind else { return };
        match delivery {
            Delivery::Refused { reasons, .. } if reasons.len() < REASONS_MAX => {
                reasons.push(reason);
            }
            Delivery::Refused { more, .. } => *more += 1,
            _ => *delivery = Delivery::Refused { reasons: vec![reason], more: 0 },
        }
    }

    /// Marks a line of ours as lost perhaps.
    pub fn doubt(&mut self) {
        if let Kind::Own(delivery @ Delivery::Sent) = &mut self.kind {
            *delivery = Delivery::Unsure;
        }
    }

    /// What stands under the line, if anything.
    pub fn verdict(&self) -> Option<String> {
        match &self.kind {
            Kind::Own(Delivery::Unsure) => {
                Some("? may not have arrived: the connection was lost".to_owned())
            }
            Kind::Own(Delivery::Refused { reasons, more: 0 }) => {
                Some(format!("✗ not delivered: {}", reasons.join("; ")))
            }
            Kind::Own(Delivery::Refused { reasons, more }) => {
                Some(format!("✗ not delivered: {}; and {more} more", reasons.join("; ")))
            }
            _ => None,
        }
    }
}
