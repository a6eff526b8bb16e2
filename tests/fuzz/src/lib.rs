//! What must hold for any bytes, as functions that panic where it doesn't.
//! The fuzz targets call them, and so do the property tests and the replay of
//! what fuzzing has found.

pub mod framing;
mod handshakes;
pub mod names;
pub mod packets;

/// Framing: the first three bytes choose a limit and two ways of cutting what
/// follows; none of the cuts changes what is found.
pub fn framer(data: &[u8]) {
    let Some((&[limit, size, place], stream)) = data.split_first_chunk::<3>() else { return };
    let limit = if limit < 200 { usize::from(limit) + 1 } else { 65536 };
    let whole = framing::frame([stream], limit);
    assert_eq!(framing::plain_frame(stream, limit), whole, "limit {limit}");
    assert_eq!(framing::frame(stream.chunks(1), limit), whole, "limit {limit}");
    let size = usize::from(size) + 1;
    assert_eq!(framing::frame(stream.chunks(size), limit), whole, "limit {limit}, size {size}");
    let (front, back) = stream.split_at(usize::from(place) * stream.len() / 256);
    assert_eq!(framing::frame([front, back], limit), whole, "limit {limit}, place {place}");
}

/// A packet: both readers agree with each other and with `serde_json`, and
/// what was read can be written and read again.
pub fn packet(data: &[u8]) {
    packets::assert_readers_agree(data);
    packets::assert_written_and_read_again(data);
}

/// A handshake of TLS: the first byte says whether any bytes are given to the server, in
/// pieces as long as the second says, or those of a client with changes.
pub fn handshake(data: &[u8]) {
    match data.split_first() {
        Some((0..128, [size, stream @ ..])) => {
            handshakes::assert_no_way_in(stream, usize::from(*size) + 1);
        }
        Some((128.., splices)) => handshakes::assert_spliced_fails(splices),
        _ => {}
    }
}

/// A name: what is valid has the properties of a name, and both ways to its key
/// agree.
pub fn name(data: &[u8]) {
    names::assert_promises(data);
}
