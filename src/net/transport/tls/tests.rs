//! Both ends of a connection in one thread, without a socket.

use super::handshake::{self, Advanced, Outcome};
use super::pending::{Flushed, Pending};
use super::record::{Alert, HEADER_BYTES, Keys, TEXT_BYTES_MAX, content, record_bytes};
use super::session::{Ended, Session};
use crate::limits;
use crate::net::tls::{Name, Site};
use proptest::prelude::*;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::ConnectionState;
use rustls::{ClientConfig, RootCertStore, ServerConfig, version};
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, LazyLock};

/// The peer of a session: its keys, and what knows the next ones.
struct Client {
    kernel: KernelConnection<ClientConnectionData>,
    inbound: Keys,
    outbound: Keys,
}

/// What a server serves with, and who has signed that.
fn served() -> (Arc<ServerConfig>, CertificateDer<'static>) {
    static SERVED: LazyLock<(Arc<ServerConfig>, CertificateDer<'static>)> = LazyLock::new(|| {
        let place = tempfile::tempdir().unwrap();
        let dir = crate::data::DataDir::hold(place.path()).unwrap();
        let issued = Site::new(Arc::new(dir), vec![Name::Dns("here".to_owned())]).load().unwrap();
        let authority = CertificateDer::from_pem_slice(issued.authority.text.as_bytes()).unwrap();
        let tls = crate::net::tls::ServerTls::new(issued.certificate, issued.key, None).unwrap();
        (tls.config().clone(), authority)
    });
    SERVED.clone()
}

/// A handshake, with what the client says right behind it.
fn connected(words: &[u8]) -> (Session, Client, Vec<u8>) {
    let (config, authority) = served();
    let mut server = UnbufferedServerConnection::new(config).unwrap();
    let mut client = client(authority);

    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    loop {
        let is_done = client_speaks(&mut client, &mut to_client, &mut to_server);
        if is_done {
            break;
        }
        let advanced = advance(&mut server, &mut to_server);
        assert!(matches!(advanced.outcome, Outcome::Unfinished), "{:?}", advanced.outcome);
        to_server.drain(..advanced.used);
        to_client.extend_from_slice(&advanced.reply);
    }
    let (secrets, kernel) = client.dangerous_into_kernel_connection().unwrap();
    let (inbound, outbound) = (Keys::new(secrets.rx).unwrap(), Keys::new(secrets.tx).unwrap());
    let mut client = Client { kernel, inbound, outbound };
    if !words.is_empty() {
        to_server.extend(client.record(content::DATA, words));
    }
    let advanced = advance(&mut server, &mut to_server);
    assert!(matches!(advanced.outcome, Outcome::Done), "{:?}", advanced.outcome);
    assert_eq!(advanced.used, to_server.len());
    // The tickets.
    let mut tickets = advanced.reply;
    while !tickets.is_empty() {
        let length = HEADER_BYTES + usize::from(u16::from_be_bytes([tickets[3], tickets[4]]));
        assert_eq!(client.inbound.open(&mut tickets[..length], 0).unwrap().0, content::HANDSHAKE);
        tickets.drain(..length);
    }
    (Session::new(server).unwrap(), client, advanced.text)
}

fn advance(server: &mut UnbufferedServerConnection, bytes: &mut [u8]) -> Advanced {
    handshake::advance(server, bytes, limits::TLS_HANDSHAKE_BYTES_MAX)
}

fn client(authority: CertificateDer<'static>) -> UnbufferedClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_secret_extraction = true;
    UnbufferedClientConnection::new(Arc::new(config), ServerName::try_from("here").unwrap())
        .unwrap()
}

/// Whether its handshake is done.
fn client_speaks(
    client: &mut UnbufferedClientConnection,
    incoming: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> bool {
    loop {
        let status = client.process_tls_records(incoming);
        let discard = status.discard;
        let done = match status.state.unwrap() {
            ConnectionState::EncodeTlsData(mut message) => {
                let mut space = [0; 4096];
                let written = message.encode(&mut space).unwrap();
                out.extend_from_slice(&space[..written]);
                None
            }
            ConnectionState::TransmitTlsData(transmit) => {
                transmit.done();
                None
            }
            ConnectionState::BlockedHandshake => Some(false),
            ConnectionState::WriteTraffic(_) => Some(true),
            other => panic!("{other:?}"),
        };
        incoming.drain(..discard);
        if let Some(done) = done {
            return done;
        }
    }
}

impl Client {
    fn record(&mut self, content: u8, text: &[u8]) -> Vec<u8> {
        let mut record = vec![0; record_bytes(text.len())];
        record[HEADER_BYTES..][..text.len()].copy_from_slice(text);
        self.outbound.seal(content, &mut record, text.len()).unwrap();
        record
    }

    fn records(&mut self, content: u8, texts: &[&[u8]]) -> Vec<u8> {
        texts.iter().flat_map(|text| self.record(content, text)).collect()
    }
}

#[test]
fn what_is_said_right_behind_a_handshake_is_heard() {
    let (mut session, mut client, text) = connected(b"ann\n");
    assert_eq!(text, b"ann\n");
    let mut space = client.record(content::DATA, b"more");
    assert_eq!(session.open(&mut space).text, 4);
}

#[test]
fn texts_of_many_records_lie_one_behind_the_other_and_a_torn_record_is_left() {
    let (mut session, mut client, _) = connected(b"");
    let mut space = client.records(content::DATA, &[b"one ", b"", b"two ", b"three"]);
    let whole = space.len();
    let torn = client.record(content::DATA, b"torn");
    for cut in 0..torn.len() {
        space.truncate(whole);
        space.extend_from_slice(&torn[..cut]);
        if cut == 0 {
            let opened = session.open(&mut space);
            assert_eq!((&space[..opened.text], opened.used), (&b"one two three"[..], whole));
            assert_eq!((opened.records, opened.ended), (4, None));
        } else {
            let opened = session.open(&mut space[whole..]);
            assert_eq!((opened.text, opened.used, opened.ended), (0, 0, None));
        }
    }
    let mut space = torn.clone();
    let opened = session.open(&mut space);
    assert_eq!(&space[..opened.text], b"torn");
}

#[test]
fn records_without_data_are_counted_and_data_makes_up_for_some() {
    let (mut session, mut client, _) = connected(b"");
    let most = usize::from(limits::TLS_DATALESS_RECORDS_MAX);
    let per = usize::from(limits::TLS_DATA_RECORDS_PER_DATALESS);
    let mut space = client.records(content::DATA, &vec![&b""[..]; most]);
    assert_eq!(session.open(&mut space).ended, None);
    let mut space = client.records(content::DATA, &vec![&b"x"[..]; per]);
    assert_eq!(session.open(&mut space).text, per);
    let mut space = client.record(content::DATA, b"");
    assert_eq!(session.open(&mut space).ended, None);
    let mut space = client.records(content::DATA, &[b"heard", b"", b"unheard"]);
    let opened = session.open(&mut space);
    assert_eq!(&space[..opened.text], b"heard");
    assert_eq!(opened.ended, Some(Ended::Failed(Alert::UnexpectedMessage)));
}

#[test]
fn new_keys_of_the_peer_are_taken_and_ours_are_announced_once_asked_for() {
    let (mut session, mut client, _) = connected(b"");
    assert!(!session.owes_key_update());
    let mut space = client.record(content::HANDSHAKE, &[24, 0, 0, 1, 1]);
    client.outbound = Keys::new(client.kernel.update_tx_secret().unwrap()).unwrap();
    space.extend(client.record(content::DATA, b"by new keys"));
    let opened = session.open(&mut space);
    assert_eq!((&space[..opened.text], opened.ended), (&b"by new keys"[..], None));

    assert!(session.owes_key_update());
    let mut record = session.update_keys().unwrap();
    assert!(!session.owes_key_update());
    assert_eq!(client.inbound.open(&mut record, 0), Ok((content::HANDSHAKE, 5)));
    assert_eq!(record[..5], [24, 0, 0, 1, 0]);
    client.inbound = Keys::new(client.kernel.update_rx_secret().unwrap()).unwrap();
    let mut record = vec![0; record_bytes(4)];
    record[HEADER_BYTES..][..4].copy_from_slice(b"back");
    session.seal(&mut record, 4).unwrap();
    assert_eq!(client.inbound.open(&mut record, 0), Ok((content::DATA, 4)));
    assert_eq!(&record[..4], b"back");
}

#[test]
fn what_no_peer_may_send_is_told_apart() {
    let long = vec![b'x'; TEXT_BYTES_MAX + 1];
    for (content, text, ended) in [
        (content::ALERT, &[1, 0][..], Ended::Closed),
        (content::ALERT, &[2, 40], Ended::Abandoned),
        (content::ALERT, &[2], Ended::Failed(Alert::UnexpectedMessage)),
        // Two messages where the next has other keys; a torn one; a ticket.
        (
            content::HANDSHAKE,
            &[24, 0, 0, 1, 0, 24, 0, 0, 1, 0],
            Ended::Failed(Alert::UnexpectedMessage),
        ),
        (content::HANDSHAKE, &[24, 0, 0], Ended::Failed(Alert::UnexpectedMessage)),
        (content::HANDSHAKE, &[4, 0, 0, 0], Ended::Failed(Alert::UnexpectedMessage)),
        (99, b"?", Ended::Failed(Alert::UnexpectedMessage)),
        (0, &[0, 0, 0], Ended::Failed(Alert::UnexpectedMessage)),
        (content::DATA, &long, Ended::Failed(Alert::RecordOverflow)),
    ] {
        let (mut session, mut client, _) = connected(b"");
        let mut space = client.record(content::DATA, b"heard");
        space.extend(client.record(content, text));
        space.extend(client.record(content::DATA, b"unheard"));
        let opened = session.open(&mut space);
        assert_eq!(opened.ended, Some(ended), "{content} {:?}", &text[..text.len().min(9)]);
        assert_eq!(&space[..opened.text], b"heard");
    }
}

#[test]
fn a_record_that_was_taken_back_leaves_its_number_to_the_next() {
    let (mut session, mut client, _) = connected(b"");
    let mut unsent = vec![0; record_bytes(6)];
    session.seal(&mut unsent, 6).unwrap();
    session.unseal();
    let mut record = vec![0; record_bytes(4)];
    record[HEADER_BYTES..][..4].copy_from_slice(b"sent");
    session.seal(&mut record, 4).unwrap();
    assert_eq!(client.inbound.open(&mut record, 0), Ok((content::DATA, 4)));
}

proptest! {
    #[test]
    fn whatever_bytes_come_in_a_handshake_end_in_a_failure_or_wait_for_more(
        place in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 1..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let (config, authority) = served();
        let mut server = UnbufferedServerConnection::new(config).unwrap();
        let mut flight = Vec::new();
        client_speaks(&mut client(authority), &mut Vec::new(), &mut flight);
        let at = place.index(flight.len());
        let end = flight.len().min(at + garbage.len());
        flight[at..end].copy_from_slice(&garbage[..end - at]);
        let mut held = Vec::new();
        for part in [&flight[..cut.index(flight.len())], &flight[cut.index(flight.len())..]] {
            held.extend_from_slice(part);
            let advanced = advance(&mut server, &mut held);
            prop_assert!(!matches!(advanced.outcome, Outcome::Done));
            if matches!(advanced.outcome, Outcome::Failed(_)) {
                break;
            }
            held.drain(..advanced.used);
        }
    }

    #[test]
    fn whatever_bytes_come_behind_a_handshake_are_no_text(
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        is_record in any::<bool>(),
    ) {
        let (mut session, _, _) = connected(b"");
        let mut space = if is_record { vec![23, 3, 3, 0, garbage.len() as u8] } else { Vec::new() };
        space.extend_from_slice(&garbage);
        let opened = session.open(&mut space);
        prop_assert_eq!(opened.text, 0);
        prop_assert!(opened.ended.is_some() || opened.used == 0);
    }
}

/// Takes so many bytes at a time, none where it says 0.
struct Narrow(Vec<usize>);

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.remove(0) {
            0 => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count.min(bytes.len())),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn text_counts_as_taken_with_the_last_byte_of_its_record_but_for_a_sign_of_life() {
    let mut pending = Pending::default();
    assert_eq!(pending.keep(&[1; 10], 100), 1);
    assert!(pending.has_text());
    let mut socket = Narrow(vec![0, 3, 0, 3, 1, 0, 9]);
    assert_eq!(pending.flush(&mut socket).unwrap(), Flushed::InPart(0));
    assert_eq!(pending.flush(&mut socket).unwrap(), Flushed::InPart(1));
    assert_eq!(pending.flush(&mut socket).unwrap(), Flushed::InPart(1));
    assert_eq!(pending.flush(&mut socket).unwrap(), Flushed::Whole(97));
    assert!(pending.is_empty() && !pending.has_text());
    // Of one byte none is told before the end.
    assert_eq!(pending.keep(&[1; 10], 1), 0);
    assert_eq!(pending.flush(&mut Narrow(vec![5, 0])).unwrap(), Flushed::InPart(0));
    assert_eq!(pending.flush(&mut Narrow(vec![5])).unwrap(), Flushed::Whole(1));
}
