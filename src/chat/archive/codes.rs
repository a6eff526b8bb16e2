//! Why the store has no answer, as the wire says it. Never: saying it.

use crate::archive::Failure;
use crate::wire::Code;

pub(in crate::chat) fn code_of(failure: Failure) -> Code {
    match failure {
        Failure::NoSuchUser => Code::NoSuchUser,
        Failure::NoSuchRoom => Code::NoSuchRoom,
        Failure::NotMember => Code::NotMember,
        Failure::NoSuchPacket => Code::NoSuchPacket,
        Failure::NotOwner => Code::NotOwner,
        Failure::TooMany => Code::TooMany,
        Failure::Unavailable => Code::Busy,
    }
}
