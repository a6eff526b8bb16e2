//! Bytes among which there may be a secret are overwritten once nobody needs them. Never:
//! which these are.

use std::hint::black_box;

/// Overwrites bytes that are about to be freed, or used for others. At the speed of memory,
/// since it is done to input by the kilobyte; `zeroize` writes byte by byte.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // The compiler can't know that nobody reads them.
    black_box(bytes);
}

/// Empties a buffer and overwrites all of it, its spare room too.
pub fn wipe_whole(bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    wipe(bytes);
    bytes.clear();
}

/// Removes bytes from the front, and leaves no copy of anything behind.
pub fn wipe_front(bytes: &mut Vec<u8>, count: usize) {
    bytes.copy_within(count.., 0);
    let left = bytes.len() - count;
    wipe(&mut bytes[left..]);
    bytes.truncate(left);
}

/// Adds bytes, and leaves no copy behind where the buffer has to grow.
pub fn push_wiping(bytes: &mut Vec<u8>, more: &[u8]) {
    let length = bytes.len() + more.len();
    if length > bytes.capacity() {
        move_wiping(bytes, length.max(2 * bytes.len()));
    }
    bytes.extend_from_slice(more);
}

/// Gives a buffer this capacity, which is enough, and leaves no copy behind.
pub fn move_wiping(bytes: &mut Vec<u8>, capacity: usize) {
    let mut moved = Vec::with_capacity(capacity);
    moved.extend_from_slice(bytes);
    wipe_whole(bytes);
    *bytes = moved;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_was_there_behind_the_front() {
        let mut bytes = b"secret, and more".to_vec();
        wipe_front(&mut bytes, 8);
        assert_eq!(bytes, b"and more");
        let mut bytes = b"secret".to_vec();
        wipe_front(&mut bytes, 0);
        assert_eq!(bytes, b"secret");
        wipe_front(&mut bytes, 6);
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_added_follows_and_what_grows_stays_the_same() {
        let mut bytes = Vec::new();
        for part in [&b"one"[..], b"", b" and another one, which is longer"] {
            push_wiping(&mut bytes, part);
        }
        assert_eq!(bytes, b"one and another one, which is longer");
        move_wiping(&mut bytes, 100);
        assert_eq!((bytes.capacity(), &bytes[..3]), (100, &b"one"[..]));
        wipe_whole(&mut bytes);
        assert_eq!((bytes.capacity(), bytes.len()), (100, 0));
    }

    #[test]
    fn what_is_wiped_is_zeros() {
        let mut bytes = *b"secret";
        wipe(&mut bytes[2..]);
        assert_eq!(&bytes, b"se\0\0\0\0");
    }
}
