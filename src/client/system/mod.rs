//! What the client asks of its system, where systems differ: folders, signals,
//! the terminal's echo. Never: what is done with the answers.
//!
//! | module | what lives there |
//! | --- | --- |
//! | `unix` | Linux, macOS and the like |
//! | `windows` | the same for Windows |

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(in crate::client) use unix::{
    echoes, end_asking, hand_signals_over, host_name, on_signal, start_asking, stop,
};
#[cfg(windows)]
pub(in crate::client) use windows::{echoes, end_asking, host_name, on_signal, start_asking, stop};

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use std::path::PathBuf;

/// Where a user's configuration lives: `XDG_CONFIG_HOME`, or what the system
/// has in its place.
pub(in crate::client) fn config_folder() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.config_dir().join("lanline"))
}
