//! Sizes and figures of the tests, and clocks that are set. Never: an
//! expectation of one test alone.

mod set_clocks;

pub(crate) use set_clocks::Clocks;

use lanline::limits;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use testkit::{Server, ServerBuilder};

/// A server with these flags.
pub(crate) fn server(flags: &[&str]) -> Server {
    builder(flags).start()
}

/// [`server`], to be started in another way.
pub(crate) fn builder(flags: &[&str]) -> ServerBuilder {
    Server::builder().arguments(flags)
}

/// `small` in the usual run, `full` at full size.
pub(crate) fn size(small: usize, full: usize) -> usize {
    if is_full() { full } else { small }
}

pub(crate) fn is_full() -> bool {
    std::env::var("LANLINE_HOSTILE").is_ok_and(|size| size == "full")
}

/// A figure for the reports; `--nocapture` shows it.
pub(crate) fn figure(what: &str, value: impl std::fmt::Display) {
    println!("figure: {what}: {value}");
}

/// The value below which 99 of 100 are.
pub(crate) fn percentile_99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

/// The page of its metrics.
pub(crate) fn scrape(server: &Server) -> String {
    let mut stream = TcpStream::connect(server.metrics()).unwrap();
    stream.set_read_timeout(Some(testkit::PATIENCE)).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    page
}

/// No client had more work done for it in a row, and no tick had more in it, than their
/// budgets, and what a single packet costs on top of each: that is the least that is
/// ever done.
pub(crate) fn assert_within_budget(server: &Server) {
    let page = scrape(server);
    let most = |metric: &str| {
        let lines = page.lines().filter_map(|line| line.strip_prefix(metric)?.rsplit_once(' '));
        lines.map(|(_, value)| value.parse::<u32>().unwrap()).max().unwrap()
    };
    let packet = limits::PACKET_BYTES_DEFAULT as u32 / 64 + 4 * limits::FAN_OUT_SLICE as u32;
    let client = limits::QUANTUM_WORK_MAX + packet;
    let tick = limits::TICK_WORK_MAX + limits::TICK_WORK_MAX / 2 + 2 * client;
    let (client_peak, tick_peak) =
        (most("lanline_client_work_peak{"), most("lanline_tick_work_peak{"));
    figure("work for one client, in one tick", format!("{client_peak}, {tick_peak}"));
    assert!(client_peak <= client, "{client_peak} units for one client of {client}");
    assert!(tick_peak <= tick, "{tick_peak} units in one tick of {tick}");
    let memory = server.process.memory_bytes("VmHWM");
    // `...; 1777 MiB if strangers filled every other limit as well: ...`
    let line = server.logged(" MiB if strangers filled", 0);
    let (before, _) = line.split_once(" MiB if strangers filled").unwrap();
    let bound = before.rsplit(' ').next().unwrap().parse::<usize>().unwrap() << 20;
    assert!(memory < bound, "{memory} bytes of {bound}");
}
