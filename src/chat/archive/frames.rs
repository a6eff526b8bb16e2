//! The forms in which one packet is handed on. Never: to whom.

use super::posted::Posted;
use crate::archive::{Micros, Outcome, PacketId, Post};
use crate::chat::id::{Frame, Tag};
use std::sync::Arc;

/// The forms of one packet, made when they are needed: for accounts, whose packets never
/// bounce, or guests; ordinary or extended.
#[derive(Debug, Default)]
pub(in crate::chat) struct Frames {
    stored: Option<(PacketId, Micros)>,
    made: [Option<Arc<Frame>>; 4],
}

impl Frames {
    pub(super) fn begin(&mut self, outcome: Outcome) {
        self.stored = match outcome {
            Outcome::Stored { id, time } => Some((id, time)),
            _ => None,
        };
    }

    /// The id and time of what is stored.
    pub(super) fn stored(&self) -> Option<(PacketId, Micros)> {
        self.stored
    }

    pub(super) fn of(&mut self, post: &Post<Posted>, extended: bool, is_guest: bool) -> Arc<Frame> {
        let form = usize::from(extended) + 2 * usize::from(is_guest);
        let stored = self.stored.filter(|_| extended);
        let made = self.made[form].get_or_insert_with(|| {
            let tag: Tag = is_guest.then_some(post.what.origin);
            let bytes = match stored {
                Some((id, time)) => {
                    let mut bytes = Vec::new();
                    post.packet.push_extended(&mut bytes, id, time);
                    bytes.push(b'\n');
                    bytes.into()
                }
                None => post.packet.bytes().into(),
            };
            Arc::new(Frame { tag, bytes })
        });
        made.clone()
    }
}
