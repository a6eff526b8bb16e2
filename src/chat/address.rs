//! What one address may do, however many connections it opens: packets, bytes
//! and logins a second, rooms, wrong tokens. Every connection of an address holds
//! the same budget, on whatever worker it is. Never: which addresses there are.

use super::id::Moment;
use super::settings::Settings;
use super::work::Units;
use crate::limits;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// The budget of one address, or of one network of IPv6. Several workers charge
/// it, each once for all that it has read in one go.
#[derive(Debug, Default)]
pub struct AddressBudget {
    packets: Meter,
    bytes: Meter,
    logins: Meter,
    work: Meter,
    /// Rooms made by it that still exist.
    rooms: AtomicU32,
    /// The minute that wrong tokens are counted in, and how many there were.
    guess_minute: AtomicU64,
    guesses: AtomicU32,
}

/// When all that was used will have been allowed, in nanoseconds: a leaky bucket
/// (GCRA) that several workers may fill.
#[derive(Debug, Default)]
struct Meter(AtomicU64);

/// The cost of each action on its meter, in nanoseconds; 0 is no bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressPace {
    packet_ns: u64,
    byte_ns: u64,
    login_ns: u64,
    work_ns: u64,
}

impl AddressPace {
    /// As the settings have it.
    pub fn of(settings: &Settings) -> Self {
        if settings.rate == 0 || settings.rate_per_address == 0 {
            return Self::default();
        }
        let second = 1_000_000_000;
        Self {
            packet_ns: second / u64::from(settings.rate_per_address),
            byte_ns: second / limits::ADDRESS_BYTES_PER_SECOND,
            login_ns: second / limits::ADDRESS_LOGINS_PER_SECOND,
            work_ns: second / u64::from(limits::ADDRESS_WORK_PER_SECOND),
        }
    }
}

impl AddressPace {
    /// Whether anything is counted at all.
    pub fn is_on(&self) -> bool {
        self.packet_ns > 0
    }
}

impl Meter {
    fn charge(&self, now: Moment, cost_ns: u64) {
        if cost_ns > 0 {
            let later = |paid_until: u64| Some(paid_until.max(now.0).saturating_add(cost_ns));
            // Never fails: the closure always returns a value.
            let _ = self.0.fetch_update(Relaxed, Relaxed, later);
        }
    }

    /// When more may be used.
    fn ready_at(&self) -> Moment {
        Moment(self.0.load(Relaxed).saturating_sub(limits::ADDRESS_BURST.as_nanos() as u64))
    }
}

impl AddressBudget {
    pub fn new() -> Self {
        Self::default()
    }

    /// Something was read.
    pub fn charge_bytes(&self, now: Moment, pace: &AddressPace, bytes: usize) {
        self.bytes.charge(now, pace.byte_ns.saturating_mul(bytes as u64));
    }

    /// So many packets were handled.
    pub fn charge_packets(&self, now: Moment, pace: &AddressPace, packets: u64) {
        self.packets.charge(now, pace.packet_ns.saturating_mul(packets));
    }

    /// A connection said who it is.
    pub fn charge_login(&self, now: Moment, pace: &AddressPace) {
        self.logins.charge(now, pace.login_ns);
    }

    /// So much work was done for it.
    pub fn charge_work(&self, now: Moment, pace: &AddressPace, units: Units) {
        self.work.charge(now, pace.work_ns.saturating_mul(u64::from(units)));
    }

    /// Whether it has used so little work that it is served before addresses that have
    /// used much.
    pub fn goes_first(&self, now: Moment) -> bool {
        self.work.0.load(Relaxed) <= now.after(limits::ADDRESS_WORK_BURST).0
    }

    /// When its connections' packets may be handled again.
    pub fn heard_at(&self) -> Moment {
        self.packets.ready_at().max(self.bytes.ready_at())
    }

    /// When its next connection may log in.
    pub fn login_at(&self) -> Moment {
        self.logins.ready_at().max(self.bytes.ready_at())
    }

    /// Takes one of its rooms, if it may make another.
    pub fn take_room(&self) -> bool {
        let more = |rooms| (rooms < limits::ROOMS_PER_ADDRESS_MAX).then_some(rooms + 1);
        self.rooms.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// One of its rooms is gone.
    pub fn give_room_back(&self) {
        self.rooms.fetch_sub(1, Relaxed);
    }

    /// A token was wrong.
    pub fn guessed(&self, now: Moment) {
        let minute = minute_of(now);
        if self.guess_minute.swap(minute, Relaxed) == minute {
            self.guesses.fetch_add(1, Relaxed);
        } else {
            self.guesses.store(1, Relaxed);
        }
    }

    /// Whether a token is checked: not after too many wrong ones.
    pub fn may_guess(&self, now: Moment) -> bool {
        let same = minute_of(now).saturating_sub(self.guess_minute.load(Relaxed)) <= 1;
        !same || self.guesses.load(Relaxed) < limits::ADDRESS_GUESSES_MAX
    }

    /// Whether it can be forgotten: its meters are empty, it has no rooms and no
    /// recent wrong tokens.
    pub fn is_idle(&self, now: Moment) -> bool {
        let paid = [&self.packets, &self.bytes, &self.logins, &self.work];
        paid.into_iter().all(|meter| meter.0.load(Relaxed) <= now.0)
            && self.rooms.load(Relaxed) == 0
            && (self.guesses.load(Relaxed) == 0
                || minute_of(now) > self.guess_minute.load(Relaxed) + 1)
    }
}

/// Minutes since the server started, from 1.
fn minute_of(now: Moment) -> u64 {
    now.0 / 60_000_000_000 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> AddressPace {
        AddressPace::of(&Settings { rate_per_address: 100, ..Settings::default() })
    }

    #[test]
    fn an_address_over_its_rate_is_heard_later_by_as_much_as_it_is_over() {
        let budget = AddressBudget::new();
        let start = Moment::default().after(10 * SECOND);
        let burst = 100 * limits::ADDRESS_BURST.as_secs();
        budget.charge_packets(start, &pace(), burst);
        assert!(budget.heard_at() <= start, "the burst is free");
        budget.charge_packets(start, &pace(), 50);
        assert_eq!(budget.heard_at(), start.after(SECOND / 2));
        assert!(!budget.is_idle(start));
        assert!(budget.is_idle(start.after(limits::ADDRESS_BURST + SECOND)));
    }

    #[test]
    fn bytes_and_logins_count_by_themselves() {
        let budget = AddressBudget::new();
        let start = Moment::default().after(10 * SECOND);
        let burst = limits::ADDRESS_BURST.as_secs();
        budget.charge_bytes(
            start,
            &pace(),
            (limits::ADDRESS_BYTES_PER_SECOND * (burst + 1)) as usize,
        );
        assert_eq!(budget.heard_at(), start.after(SECOND));
        let budget = AddressBudget::new();
        for _ in 0..limits::ADDRESS_LOGINS_PER_SECOND * (burst + 1) {
            budget.charge_login(start, &pace());
        }
        assert_eq!((budget.login_at(), budget.heard_at() <= start), (start.after(SECOND), true));
    }

    #[test]
    fn an_address_for_which_much_is_done_goes_last_until_it_has_paid() {
        let budget = AddressBudget::new();
        let start = Moment::default().after(10 * SECOND);
        let burst = limits::ADDRESS_WORK_PER_SECOND / 20;
        budget.charge_work(start, &pace(), burst);
        assert!(budget.goes_first(start) && budget.heard_at() <= start);
        budget.charge_work(start, &pace(), burst);
        assert!(!budget.goes_first(start) && !budget.is_idle(start));
        assert!(budget.goes_first(start.after(limits::ADDRESS_WORK_BURST)));
    }

    #[test]
    fn without_a_rate_nothing_is_ever_late() {
        for settings in [
            Settings { rate: 0, ..Settings::default() },
            Settings { rate_per_address: 0, ..Settings::default() },
        ] {
            let budget = AddressBudget::new();
            budget.charge_packets(Moment(1), &AddressPace::of(&settings), 1_000_000);
            assert!(budget.heard_at() <= Moment(1) && budget.is_idle(Moment(1)));
        }
    }

    #[test]
    fn rooms_are_taken_up_to_the_bound_and_given_back() {
        let budget = AddressBudget::new();
        assert!((0..limits::ROOMS_PER_ADDRESS_MAX).all(|_| budget.take_room()));
        assert!(!budget.take_room());
        budget.give_room_back();
        assert!(budget.take_room() && !budget.is_idle(Moment::default().after(100 * SECOND)));
    }

    #[test]
    fn after_many_wrong_tokens_none_is_looked_at_for_a_minute() {
        let budget = AddressBudget::new();
        let now = Moment::default().after(30 * SECOND);
        for _ in 0..limits::ADDRESS_GUESSES_MAX {
            assert!(budget.may_guess(now));
            budget.guessed(now);
        }
        assert!(!budget.may_guess(now) && !budget.may_guess(now.after(60 * SECOND)));
        assert!(budget.may_guess(now.after(120 * SECOND)));
    }
}
