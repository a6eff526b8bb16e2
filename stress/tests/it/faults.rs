//! The harness catches faults: behind a proxy that drops, swaps, repeats or
//! misnames a packet, it fails and names just that packet.

use super::support::{Run, Server, run};
use lanline::wire::{Framer, JsonText, Packet, Step, packet};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Which message is hit, counted over all connections.
const VICTIM: u64 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Drop,
    /// Behind the next one of the same sender.
    Swap,
    Twice,
    WrongName,
}

/// What the proxy has done so far.
struct Mischief {
    fault: Fault,
    messages: u64,
    /// The text of the packet that was hit, once it was.
    victim: Option<String>,
}

/// A proxy before `server`. Its threads end with their connections, or with
/// the test.
fn proxy(server: SocketAddr, fault: Fault) -> (SocketAddr, Arc<Mutex<Mischief>>) {
    let mischief = Arc::new(Mutex::new(Mischief { fault, messages: 0, victim: None }));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let shared = Arc::clone(&mischief);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(server).expect("the server accepts");
            let (client_in, server_out) = (copy(&client), copy(&server));
            thread::spawn(move || pass_on(client_in, server_out));
            let shared = Arc::clone(&shared);
            thread::spawn(move || pass_packets_on(server, client, &shared));
        }
    });
    (address, mischief)
}

fn copy(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("another handle")
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// From the server to the client, packet by packet.
fn pass_packets_on(mut server: TcpStream, mut client: TcpStream, mischief: &Mutex<Mischief>) {
    let mut framer = Framer::default();
    let mut bytes = Vec::new();
    let mut held = None;
    let mut scratch = [0; 16 * 1024];
    while let Ok(count) = server.read(&mut scratch) {
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&scratch[..count]);
        let mut done = 0;
        let mut out = Vec::new();
        loop {
            match framer.next(&bytes[done..], 1 << 20) {
                Step::Packet { start, end } => {
                    let packet = &bytes[done + start..done + end];
                    meddle(packet, &mut held, &mut out, &mut mischief.lock().expect("a lock"));
                    done += end;
                }
                Step::More { keep } => {
                    bytes.drain(..done + keep);
                    break;
                }
                other => panic!("the server writes packets, not {other:?}"),
            }
        }
        if client.write_all(&out).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Write);
}

/// Passes a packet on to `out`, or does to it what the fault asks for.
fn meddle(
    bytes: &[u8],
    held: &mut Option<(String, Vec<u8>)>,
    out: &mut Vec<u8>,
    mischief: &mut Mischief,
) {
    let parsed = Packet::parse(bytes).expect("the server writes packets");
    let line = [bytes, b"\n"].concat();
    let is_message = !parsed.name.starts_with('/');
    mischief.messages += u64::from(is_message);
    if is_message && mischief.messages == VICTIM && mischief.fault != Fault::None {
        mischief.victim = Some(parsed.msg.plain().into_owned());
        match mischief.fault {
            Fault::Twice => out.extend([&line[..], &line[..]].concat()),
            Fault::Swap => *held = Some((parsed.name.into_owned(), line)),
            Fault::WrongName => {
                let text = JsonText::escape(&parsed.msg.plain());
                packet::push_packet(out, "mallory", "127.0.0.1", &parsed.to, &text);
            }
            Fault::Drop | Fault::None => {}
        }
        return;
    }
    out.extend_from_slice(&line);
    if let Some((_, earlier)) = held.take_if(|(name, _)| *name == parsed.name) {
        out.extend_from_slice(&earlier);
    }
}

/// Runs pairs of bots behind a proxy with this fault; returns the run and the
/// text of the packet that was hit.
fn run_behind(fault: Fault) -> (Run, Option<String>) {
    let server = Server::start(&["--workers", "1"]);
    let (address, mischief) = proxy(server.address, fault);
    let address = address.to_string();
    let run = run(&[
        "pipeline",
        "--users",
        "4",
        "--window",
        "8",
        "--duration",
        "1",
        "--server",
        &address,
    ]);
    let victim = mischief.lock().expect("a lock").victim.clone();
    (run, victim)
}

/// Checks that the run failed with this kind of fault, and named the packet.
fn fails_and_names_it(fault: Fault, kind: &str) {
    let (run, victim) = run_behind(fault);
    let victim = victim.expect("the proxy has hit a packet");
    assert_eq!(run.code, Some(1), "{}", run.text);
    let faults = run.json[0]["outcome"]["faults"].as_array().expect("faults");
    let hit = faults.iter().find(|fault| fault["kind"] == kind);
    let hit = hit.unwrap_or_else(|| panic!("no {kind} in {faults:?}"));
    let (from, to, ordinal) = (&hit["from"], &hit["to"], &hit["ordinal"]);
    let named = format!("{}>{} {ordinal} ", from.as_str().unwrap(), to.as_str().unwrap());
    assert!(victim.starts_with(&named), "{victim:?} was hit, {named:?} was named");
    assert!(run.text.contains("FAILED"), "{}", run.text);
}

#[test]
fn a_proxy_without_a_fault_is_fine() {
    let (run, _) = run_behind(Fault::None);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.json[0]["delivered"].as_u64() > Some(VICTIM), "{}", run.text);
}

#[test]
fn a_dropped_packet_is_named() {
    fails_and_names_it(Fault::Drop, "lost");
}

#[test]
fn a_swapped_packet_is_named() {
    fails_and_names_it(Fault::Swap, "out-of-order");
}

#[test]
fn a_repeated_packet_is_named() {
    fails_and_names_it(Fault::Twice, "twice");
}

#[test]
fn a_packet_under_a_wrong_name_is_named() {
    fails_and_names_it(Fault::WrongName, "wrong-sender");
}
