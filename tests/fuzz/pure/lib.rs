//! The pure modules of Lanline, for the fuzz targets. Never: code of its own.

#[path = "../../../src/accounts/mod.rs"]
pub mod accounts;
#[path = "../../../src/archive/mod.rs"]
pub mod archive;
#[path = "../../../src/chat/mod.rs"]
pub mod chat;
#[path = "../../../src/limits.rs"]
pub mod limits;
#[path = "../../../src/wire/mod.rs"]
pub mod wire;
