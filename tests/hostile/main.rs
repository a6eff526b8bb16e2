//! Hostile peers and hard times, on real sockets, against the program itself:
//! nothing gets in, nothing gets out, nothing falls over. Sizes are small
//! here; `LANLINE_HOSTILE=full` runs them at the sizes that `docs/SECURITY.md`
//! gives figures for.

mod support;

mod bounds;
mod brakes;
mod clocks;
mod crowds;
mod escape;
mod half_open;
mod memory;
mod misfortunes;
mod names;
mod tls;
mod tls_load;
mod tls_strangers;
