//! **The terminal**: taken over and given back, keys read, pictures shown.
//! Knows nothing of chat: the client and `top` draw on it.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`console`] | the terminal while we have it: modes, signals, size |
//! | [`keyboard`] | bytes to keys, typed text, pastes, the mouse |
//! | [`paint`], [`canvas`] | from one picture to the next, in bytes |
//! | [`output`] | bytes to the terminal, without waiting for it |
//! | [`ability`] | what this terminal can do |
//! | [`wait`] | waiting for keys, signals, other threads |

pub mod ability;
pub mod canvas;
#[cfg(unix)]
pub mod console;
pub mod keyboard;
#[cfg(unix)]
pub mod output;
pub mod paint;
#[cfg(unix)]
pub mod wait;
