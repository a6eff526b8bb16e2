//! Bytes before and during a handshake of TLS, as a connection hands them to the
//! library: what is torn is passed again, in front of what comes next.

#[path = "../../../src/net/transport/tls/handshake.rs"]
mod handshake;

use handshake::Outcome;
use lanline::limits::TLS_HANDSHAKE_BYTES_MAX;
use rustls::client::UnbufferedClientConnection as Client;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection as Server};
use rustls::unbuffered::ConnectionState;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::{Arc, LazyLock};

const CERTIFICATE: &[u8] = include_bytes!("../../testkit/tls/cert.pem");
const KEY: &[u8] = include_bytes!("../../testkit/tls/key.pem");

/// As the server has it.
static SERVED: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"lanline/1".to_vec(), b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = ring::Ticketer::new().unwrap();
    Arc::new(config)
});

/// Of clients that know the server; those who come again have a ticket.
static KNOWING: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"lanline/1".to_vec()];
    Arc::new(config)
});

/// How a handshake stands.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    Unfinished,
    Done,
    Failed(String),
}

/// The server's end.
struct End {
    connection: Server,
    torn: Vec<u8>,
    stand: Stand,
    replies: Vec<u8>,
    /// Keys were agreed upon.
    hellos: usize,
}

impl End {
    fn new() -> Self {
        let connection = Server::new(Arc::clone(&SERVED)).unwrap();
        let (torn, replies) = (Vec::new(), Vec::new());
        Self { connection, torn, stand: Stand::Unfinished, replies, hellos: 0 }
    }

    /// What came; nothing is heard once it is over.
    fn receive(&mut self, piece: &[u8]) {
        if self.stand != Stand::Unfinished || piece.is_empty() {
            return;
        }
        self.torn.extend_from_slice(piece);
        let advanced =
            handshake::advance(&mut self.connection, &mut self.torn, TLS_HANDSHAKE_BYTES_MAX);
        assert!(advanced.used <= self.torn.len());
        self.hellos += usize::from(advanced.answered_hello);
        self.replies.extend_from_slice(&advanced.reply);
        self.torn.drain(..advanced.used);
        match advanced.outcome {
            Outcome::Unfinished => {
                assert!(
                    self.torn.len() <= TLS_HANDSHAKE_BYTES_MAX,
                    "{} bytes kept",
                    self.torn.len()
                );
                assert!(advanced.text.is_empty() && !advanced.closed);
            }
            Outcome::Done => self.stand = Stand::Done,
            Outcome::Failed(error) => {
                assert!(advanced.text.is_empty(), "text of a handshake that failed");
                self.stand = Stand::Failed(error.to_string());
            }
        }
    }
}

/// Any bytes, in pieces of `size`: how they are cut makes no difference, and nobody who
/// doesn't know the answer comes through.
pub(super) fn assert_no_way_in(stream: &[u8], size: usize) {
    let stands = [size, 1, stream.len()].map(|size| {
        let mut end = End::new();
        stream.chunks(size.max(1)).for_each(|piece| end.receive(piece));
        assert!(end.stand != Stand::Done && end.hellos <= 2, "{:?}", end.stand);
        (end.stand, end.hellos)
    });
    assert!(stands.iter().all(|stand| *stand == stands[0]), "{stands:?}");
}

/// A client whose flights are overwritten here and there, each place told by four bytes
/// (which flight, where, how much) and the bytes behind them. Unless something was
/// changed, it comes through.
pub(super) fn assert_spliced_fails(mut splices: &[u8]) {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = Client::new(Arc::clone(&KNOWING), name).unwrap();
    let mut end = End::new();
    let mut was_changed = false;
    let mut incoming = Vec::new();
    for flight in 0..4 {
        let Some(mut outgoing) = client_speaks(&mut client, &mut incoming) else { break };
        let before = outgoing.clone();
        while let Some((&[of, high, low, length], rest)) = splices.split_first_chunk::<4>()
            && of % 4 == flight
        {
            let (bytes, rest) = rest.split_at(usize::from(length).min(rest.len()));
            splices = rest;
            let at = usize::from(u16::from_be_bytes([high, low])) % (outgoing.len() + 1);
            let until = outgoing.len().min(at + bytes.len());
            outgoing.splice(at..until, bytes.iter().copied());
        }
        was_changed |= outgoing != before;
        end.receive(&outgoing);
        if end.stand != Stand::Unfinished {
            break;
        }
        incoming = std::mem::take(&mut end.replies);
    }
    assert!(was_changed || end.stand == Stand::Done, "{:?}", end.stand);
    // What is behind a whole last flight is no part of the handshake.
    assert!(end.hellos <= 2);
}

/// What a client says next; none where it gives up.
fn client_speaks(client: &mut Client, incoming: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let status = client.process_tls_records(incoming);
        let discard = status.discard;
        let is_over = match status.state {
            Ok(ConnectionState::EncodeTlsData(mut message)) => {
                let mut space = [0; 4096];
                let written = message.encode(&mut space).unwrap();
                out.extend_from_slice(&space[..written]);
                false
            }
            Ok(ConnectionState::TransmitTlsData(transmit)) => {
                transmit.done();
                false
            }
            Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => true,
            Ok(_) | Err(_) => return None,
        };
        incoming.drain(..discard);
        if is_over {
            return Some(out);
        }
    }
}
