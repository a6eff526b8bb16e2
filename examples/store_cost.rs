//! What a stored packet costs: the time of one core, and bytes on disk. Prints both for
//! batches of different sizes.
//!
//! ```console
//! $ cargo run --release --example store_cost
//! ```

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    linux::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use lanline::accounts::{AccountId, Role};
    use lanline::archive::{Key, Micros, Post, PostBatch, SessionNumber, Stamped, Target};
    use lanline::store::{Answer, Clock, Database, Desk, Order, Told};
    use lanline::wire::Name;
    use std::error::Error;
    use std::num::NonZeroU32;
    use std::time::{Duration, Instant};

    const ACCOUNTS: u32 = 1_000;
    const PACKETS: usize = 200_000;

    pub(super) fn run() -> Result<(), Box<dyn Error>> {
        println!("batch  keys  conversations  us of a core  us in all  bytes on disk");
        for (batch, keys, peers) in [
            (1_000, false, 1),
            (1_000, false, 50),
            (1_000, true, 1),
            (4_000, false, 1),
            (100, false, 1),
        ] {
            let place = tempfile::tempdir_in("target")?;
            let mut desk = Desk::<()>::new(Database::open(place.path())?);
            let mut clock = Clock { running: Duration::ZERO, unix: 1, micros: Micros(1) };
            desk.notices(clock)?;
            for number in 1..=ACCOUNTS {
                let name = Name::parse(&format!("user-{number}"))?;
                desk.order(clock, (), Order::AddAccount { name, role: Role::User, password: None });
            }
            desk.commit();
            let before = size(&mut desk, clock)?;
            let (start, cpu) = (Instant::now(), cpu_nanos()?);
            for first in (0..PACKETS).step_by(batch) {
                let posts =
                    (first..first + batch).map(|number| post(number, keys, peers)).collect();
                clock.micros.0 = 1_795_000_000_000_000 + first as i64;
                desk.post(clock, (), &PostBatch::new(posts));
                let (_, refused) = desk.commit();
                if let Some(why) = refused {
                    return Err(why.into());
                }
            }
            let (took, cpu) = (start.elapsed(), cpu_nanos()? - cpu);
            let bytes = size(&mut desk, clock)? - before;
            let count = PACKETS as f64;
            println!(
                "{batch:5}  {keys:5} {:12}  {:12.2}  {:9.2}  {:13.1}",
                ACCOUNTS * peers,
                cpu as f64 / count / 1e3,
                took.as_nanos() as f64 / count / 1e3,
                bytes as f64 / count,
            );
        }
        Ok(())
    }

    /// Everybody writes to the next ones, 64 characters.
    fn post(number: usize, keys: bool, peers: u32) -> Post<()> {
        let number = number as u32;
        let from = number.wrapping_mul(7) % ACCOUNTS;
        let to = (from + 1 + number / ACCOUNTS % peers) % ACCOUNTS;
        let account = |number: u32| AccountId(NonZeroU32::MIN.saturating_add(number));
        let text = format!("{number:064}");
        let (shown, named) = (format!("user-{}", to + 1), format!("user-{}", from + 1));
        Post {
            sender: Some((account(from), SessionNumber(1 << 40))),
            target: Target::Account(account(to)),
            packet: Stamped::new(&named, "192.168.1.23", &shown, &text),
            key: if keys { Key::parse(&number.to_string()) } else { None },
            what: (),
        }
    }

    /// What the database has of the disk, once everything stands in it.
    fn size(desk: &mut Desk<()>, clock: Clock) -> Result<u64, Box<dyn Error>> {
        desk.order(clock, (), Order::Info);
        match desk.commit().0.pop().map(|done| done.answer) {
            Some(Answer::Told(Told::Info(info))) => Ok(info.file_bytes - info.free_bytes),
            other => Err(format!("no figures: {other:?}").into()),
        }
    }

    /// Of this thread (proc(5), `schedstat`).
    fn cpu_nanos() -> Result<u64, Box<dyn Error>> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
        Ok(text.split(' ').next().ok_or("nothing is told")?.parse()?)
    }
}
