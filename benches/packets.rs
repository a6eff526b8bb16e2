//! What a packet costs without sockets: framing, parsing, stamping, routing.

mod support;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lanline::wire::name::{KeyBuffer, key_of};
use lanline::wire::{Framer, Packet, canonical};
use std::hint::black_box;
use support::{Pair, packet};

const LIMIT: usize = 64 * 1024;

fn framing(c: &mut Criterion) {
    let mut group = c.benchmark_group("framing");
    for text in [64, 1024, 60_000] {
        let bytes = packet(text);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("text of {text}"), |b| {
            b.iter(|| Framer::default().next(black_box(&bytes), LIMIT));
        });
    }
    group.finish();
}

fn parsing(c: &mut Criterion) {
    let bytes = packet(64);
    let body = &bytes[..bytes.len() - 1];
    let mut group = c.benchmark_group("parsing a text of 64");
    group.bench_function("usual layout", |b| b.iter(|| canonical::read(black_box(body))));
    group.bench_function("any layout", |b| {
        b.iter(|| Packet::parse(black_box(body)));
    });
    group.finish();
}

fn names(c: &mut Criterion) {
    let mut group = c.benchmark_group("key of a name");
    for name in ["alice", "Алиса"] {
        let mut buffer = KeyBuffer::default();
        group.bench_function(name, |b| {
            b.iter(|| key_of(black_box(name), &mut buffer).map(str::len));
        });
    }
    group.finish();
}

fn routing(c: &mut Criterion) {
    let mut group = c.benchmark_group("routing");
    for (what, count) in [("one packet", 1), ("256 packets in one read", 256)] {
        let bytes = packet(64).repeat(count);
        let mut pair = Pair::new();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(what, |b| b.iter(|| pair.route(black_box(&bytes))));
    }
    group.finish();
}

criterion_group!(benches, framing, parsing, names, routing);
criterion_main!(benches);
