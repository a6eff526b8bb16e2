//! Turns on `cfg(lanline_loom)`, the models in the files under test.

fn main() {
    println!("cargo::rustc-cfg=lanline_loom");
    println!("cargo::rerun-if-changed=build.rs");
}
