//! Turns on what those files have for loom.

fn main() {
    println!("cargo::rustc-cfg=lanline_loom");
    println!("cargo::rerun-if-changed=build.rs");
}
