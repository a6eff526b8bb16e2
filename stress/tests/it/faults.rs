//! The harness catches faults: behind a proxy that does to one packet what no
//! server may do, it fails and names just that packet.

use super::support::{Run, run, server};
use lanline::wire::{Framer, JsonText, Packet, Step, packet};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Which message is hit, counted over all connections.
const VICTIM: u64 = 50;
/// Where the proxy's own packets come from.
const IP: &str = "127.0.0.1";
/// Whom a stranger's messages come from.
const STRANGER: &str = "mallory";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Drop,
    /// Behind the next one of the same sender.
    Swap,
    Twice,
    /// The same, to a message to many.
    TwicePost,
    WrongName,
    WrongAddress,
    /// Its last character is missing.
    CutShort,
    /// A message of nobody's follows, to the same recipient.
    Stranger,
    /// It is refused as well, before it comes.
    Refused,
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
    let is_post = parsed.to.starts_with(['/', '#']);
    let is_message =
        !parsed.name.starts_with('/') && (is_post || mischief.fault != Fault::TwicePost);
    mischief.messages += u64::from(is_message);
    if is_message && mischief.messages == VICTIM && mischief.fault != Fault::None {
        mischief.victim = Some(parsed.msg.plain().into_owned());
        match mischief.fault {
            Fault::Twice | Fault::TwicePost => out.extend([&line[..], &line[..]].concat()),
            Fault::Swap => *held = Some((parsed.name.into_owned(), line)),
            Fault::WrongName => push(out, STRANGER, IP, &parsed.to, &parsed.msg.plain()),
            Fault::WrongAddress => {
                push(out, &parsed.name, "127.255.0.1", &parsed.to, &parsed.msg.plain());
            }
            Fault::CutShort => {
                let text = parsed.msg.plain();
                push(out, &parsed.name, &address_of(bytes), &parsed.to, &text[..text.len() - 1]);
            }
            Fault::Stranger => {
                let text = parsed.msg.plain().replace(&*parsed.name, STRANGER);
                push(out, STRANGER, IP, &parsed.to, &text);
                out.extend_from_slice(&line);
            }
            Fault::Refused => {
                push(out, "/error", IP, "", "1 busy nobody\nNot yours.");
                out.extend_from_slice(&line);
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

fn push(out: &mut Vec<u8>, name: &str, ip: &str, to: &str, text: &str) {
    packet::push_packet(out, name, ip, to, &JsonText::escape(text));
}

/// The address that a packet is stamped with.
fn address_of(bytes: &[u8]) -> String {
    let packet: Value = serde_json::from_slice(bytes).expect("JSON");
    packet["from"]["ip"].as_str().expect("an address").to_owned()
}

/// What the bots do: pairs that write to each other, or one to all.
const PAIRS: &[&str] = &["pipeline", "--users", "4", "--window", "8"];
const TO_ALL: &[&str] = &["broadcast", "--users", "4"];
/// With users who come and go, so that not everybody who gets a broadcast was
/// expected to.
const MIXED: &[&str] = &["soak", "--users", "20", "--rate", "200"];
const IN_TWO_PROCESSES: &[&str] = &["broadcast", "--users", "4", "--processes", "2"];

/// Runs bots behind a proxy with this fault; returns the run and the text of
/// the packet that was hit.
fn run_behind(fault: Fault, scenario: &[&str]) -> (Run, Option<String>) {
    let server = server(&["--workers", "1"]);
    let (address, mischief) = proxy(server.address(), fault);
    let address = address.to_string();
    let run = run(&[scenario, &["--duration", "1", "--server", &address]].concat());
    let victim = mischief.lock().expect("a lock").victim.clone();
    (run, victim)
}

/// The first fault of this kind in a run that has failed.
fn fault_of<'a>(run: &'a Run, kind: &str) -> &'a Value {
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.text.contains("FAILED"), "{}", run.text);
    let faults = run.json[0]["outcome"]["faults"].as_array().expect("faults");
    let hit = faults.iter().find(|fault| fault["kind"] == kind);
    hit.unwrap_or_else(|| panic!("no {kind} in {faults:?}"))
}

/// Checks that the run failed with this kind of fault, and named the packet.
fn fails_and_names_it(fault: Fault, scenario: &[&str], kind: &str) {
    let (run, victim) = run_behind(fault, scenario);
    let victim = victim.expect("the proxy has hit a packet");
    let hit = fault_of(&run, kind);
    let (from, to, ordinal) = (&hit["from"], &hit["to"], &hit["ordinal"]);
    let from = from.as_str().expect("a sender");
    // What goes to all names its recipient in the fault alone.
    let to = if victim.contains(">/broadcast ") { "/broadcast" } else { to.as_str().unwrap() };
    let named = format!("{from}>{to} {ordinal} ");
    assert!(victim.starts_with(&named), "{victim:?} was hit, {named:?} was named");
}

#[test]
fn a_proxy_without_a_fault_is_fine() {
    let (run, _) = run_behind(Fault::None, PAIRS);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.json[0]["delivered"].as_u64() > Some(VICTIM), "{}", run.text);
}

#[test]
fn a_dropped_packet_is_named() {
    fails_and_names_it(Fault::Drop, PAIRS, "lost");
}

#[test]
fn a_dropped_broadcast_is_named() {
    fails_and_names_it(Fault::Drop, TO_ALL, "lost");
}

#[test]
fn a_swapped_packet_is_named() {
    fails_and_names_it(Fault::Swap, PAIRS, "out-of-order");
}

#[test]
fn a_repeated_packet_is_named() {
    fails_and_names_it(Fault::Twice, PAIRS, "twice");
}

#[test]
fn a_repeated_broadcast_is_named() {
    fails_and_names_it(Fault::Twice, TO_ALL, "twice");
}

#[test]
fn a_repeated_broadcast_between_processes_is_named() {
    fails_and_names_it(Fault::Twice, IN_TWO_PROCESSES, "twice");
}

#[test]
fn a_packet_under_a_wrong_name_is_named() {
    fails_and_names_it(Fault::WrongName, PAIRS, "wrong-sender");
}

#[test]
fn a_packet_with_a_wrong_address_is_named() {
    fails_and_names_it(Fault::WrongAddress, PAIRS, "wrong-sender");
}

#[test]
fn a_packet_that_is_cut_short_was_never_sent_and_the_whole_one_is_lost() {
    let (run, victim) = run_behind(Fault::CutShort, PAIRS);
    let victim = victim.expect("the proxy has hit a packet");
    let detail = fault_of(&run, "never-sent")["detail"].as_str().expect("words");
    let start: String = victim.chars().take(victim.len() - 1).collect();
    assert!(detail.contains(&start), "{detail} is not about {victim}");
    fault_of(&run, "lost");
}

#[test]
fn a_packet_of_a_stranger_is_named() {
    for scenario in [PAIRS, TO_ALL] {
        let (run, _) = run_behind(Fault::Stranger, scenario);
        assert_eq!(fault_of(&run, "never-sent")["from"], STRANGER);
    }
}

#[test]
fn a_refusal_that_nobody_has_earned_is_named() {
    let (run, _) = run_behind(Fault::Refused, PAIRS);
    let detail = fault_of(&run, "stray-answer")["detail"].as_str().expect("words");
    assert!(detail.contains("1 busy nobody"), "{detail}");
}

#[test]
fn a_repeated_post_is_named_where_users_come_and_go() {
    let (run, victim) = run_behind(Fault::TwicePost, MIXED);
    victim.expect("the proxy has hit a packet");
    fault_of(&run, "twice");
}
