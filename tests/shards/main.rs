//! What a shard does at its bounds: to the byte, to the nanosecond, to the
//! packet. Real shards in one thread, sockets that take what a test says, and
//! a clock that a test sets. What chance finds is `tests/simulation`'s; what
//! the protocol says of the whole program is `tests/protocol`'s.

mod addresses;
mod bounds;
mod claims;
mod cluster;
mod deadlines;
mod greetings;
mod leaving;
mod memory;
mod operators;
mod rooms;
mod shutdown;
mod slices;
