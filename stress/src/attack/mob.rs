//! The connections of an attack, in a process of their own: bystanders who come
//! before it, attackers who come with it. Told what to do over standard input, a
//! line each; what became of it goes to standard output as JSON. Never: a
//! measurement.

use super::act::ROOM;
use super::act::{
    Act, End as HitEnd, alike, client_hello, greeting, push, push_calls, push_long, push_opening,
};
use super::rows::{Group, Row};
use crate::driver::{Bot, Crowd, Driver, End, Hands, Order, Security, Target};
use anyhow::{Context, Result};
use clap::Args;
use lanline::wire::Packet;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// Bystanders who are on their way at once.
const ARRIVALS: usize = 64;
/// A flooder's outbox is filled to this, in bytes.
const FLOOD_BYTES: usize = 64 * 1024;
/// Between two looks at who sips, and two resets of a herd.
const SIP: Duration = Duration::from_millis(50);
const HERD_PERIOD: Duration = Duration::from_secs(3);
/// Between what a hit says and its reset: so long the server reads and answers.
const BEFORE_RESET: Duration = Duration::from_millis(5);
/// Before another try, where a connection can't be made.
const RETRY: Duration = Duration::from_millis(100);
const TURN: Duration = Duration::from_millis(1);

/// Which attack, on whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct MobArgs {
    #[arg(long)]
    pub row: String,
    #[arg(long)]
    pub server: SocketAddr,
    /// A part of the connections.
    #[arg(long, default_value_t = 1.0)]
    pub share: f64,
}

/// What became of bystanders.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bystanders {
    /// Packets of theirs that were refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Connections of theirs that were closed or never made.
    pub lost: u64,
}

/// What the leader says.
pub(super) const ATTACK: &str = "attack";
/// What the mob says when all bystanders are there.
pub(super) const READY: &str = "ready";

/// Attackers have machines of their own: here they don't keep the server, and those who
/// measure, from a core. Of the scale of nice(2).
const NICENESS: i32 = 15;

/// Plays the mob until standard input ends.
///
/// # Errors
/// Where there is no such row, or polling fails.
pub(crate) fn serve(args: &MobArgs) -> Result<()> {
    let row = super::rows::find(std::slice::from_ref(&args.row));
    let row = row.ok().and_then(|rows| rows.into_iter().next()).context("no such row")?;
    rustix::process::nice(NICENESS).context("a lower priority")?;
    let mut mob = Mob::new(&row, args.share);
    let mut driver = Driver::new(mob.seats.len(), Target::new(args.server, Security::Plain))?;
    let orders = orders();
    driver.prompt(&mut mob, Mob::arrive);
    let mut is_ready = false;
    loop {
        driver.turn(&mut mob, TURN)?;
        if !is_ready && mob.all_are_there() {
            is_ready = true;
            writeln!(std::io::stdout(), "{READY}")?;
        }
        match orders.try_recv() {
            Ok(()) => driver.prompt(&mut mob, Mob::attack),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => break,
        }
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&mob.bystanders)?)?;
    Ok(())
}

/// An item for each order; disconnected once standard input ends.
fn orders() -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines();
        for line in lines.map_while(Result::ok) {
            if line == ATTACK && sender.send(()).is_err() {
                break;
            }
        }
    });
    receiver
}

struct Seat {
    group: Group,
    /// Its number in its group.
    number: usize,
    name: String,
    is_welcome: bool,
    /// It has said all, and is to reset.
    resets: bool,
}

/// All connections of a row.
struct Mob {
    seats: Vec<Seat>,
    bystanders: Bystanders,
    /// The next bystander to come, and how many are welcome.
    next: Bot,
    welcome: usize,
    /// The attack has begun; names count on.
    is_on: bool,
    names: usize,
    /// When who does the next thing.
    due: BinaryHeap<Reverse<(Instant, Bot)>>,
    floods: Vec<Bot>,
    herd_at: Option<Instant>,
    /// What those say who only shake hands.
    hello: Vec<u8>,
}

impl Mob {
    fn new(row: &Row, share: f64) -> Self {
        let seats = row.groups.iter().flat_map(|group| {
            let connections = ((group.connections as f64 * share).ceil() as usize).max(1);
            let seat = |number| Seat {
                group: *group,
                number,
                name: format!("{}{number}", group.name),
                is_welcome: false,
                resets: false,
            };
            (0..connections).map(seat)
        });
        let mut seats: Vec<Seat> = seats.collect();
        // First who comes first.
        seats.sort_by_key(|seat| !seat.group.bystanders);
        Self {
            seats,
            bystanders: Bystanders::default(),
            next: 0,
            welcome: 0,
            is_on: false,
            names: 0,
            due: BinaryHeap::new(),
            floods: Vec::new(),
            herd_at: None,
            hello: client_hello(),
        }
    }

    fn count_of_bystanders(&self) -> usize {
        self.seats.partition_point(|seat| seat.group.bystanders)
    }

    fn all_are_there(&self) -> bool {
        self.welcome == self.count_of_bystanders()
    }

    /// The first bystanders come; each who is welcome makes room for another.
    fn arrive(&mut self, hands: &mut Hands) {
        for (bot, seat) in self.seats.iter().enumerate() {
            let last = 1 + seat.number % usize::from(seat.group.addresses);
            let source = Ipv4Addr::new(127, 0, seat.group.network, last as u8);
            hands.order(Order::From(bot, source));
            if matches!(seat.group.act, Act::Sip(_) | Act::DeafHerd) {
                hands.order(Order::SmallBuffer(bot));
            }
        }
        (0..ARRIVALS).for_each(|_| self.next_arrives(hands));
    }

    fn next_arrives(&mut self, hands: &mut Hands) {
        if self.next < self.count_of_bystanders() {
            hands.order(Order::Connect(self.next));
            self.next += 1;
        }
    }

    fn attack(&mut self, hands: &mut Hands) {
        self.is_on = true;
        self.herd_at = Some(hands.now() + HERD_PERIOD);
        for bot in 0..self.seats.len() {
            if self.seats[bot].group.bystanders {
                self.begin(bot, hands);
            } else {
                hands.order(Order::Connect(bot));
            }
        }
    }

    /// It is welcome and the attack is on: what it does from now on.
    fn begin(&mut self, bot: Bot, hands: &mut Hands) {
        match self.seats[bot].group.act {
            Act::Say { per_second, .. } | Act::Post { per_second } => {
                // Not all at the same moment.
                let first = (bot % 97) as f64 / 97.0 / per_second;
                self.due.push(Reverse((hands.now() + Duration::from_secs_f64(first), bot)));
            }
            Act::Flood { .. } | Act::Blank | Act::Long | Act::FeedTheDeaf => self.floods.push(bot),
            _ => {}
        }
    }

    /// What is due of it.
    fn act(&mut self, bot: Bot, hands: &mut Hands) {
        if std::mem::take(&mut self.seats[bot].resets) {
            hands.order(Order::Reset(bot));
            return self.hit_again(bot, hands);
        }
        let Seat { group, name, is_welcome, .. } = &self.seats[bot];
        let mut again = |after| self.due.push(Reverse((hands.now() + after, bot)));
        match group.act {
            _ if !is_welcome => hands.order(Order::Connect(bot)),
            Act::Say { to, bytes, per_second } => {
                again(Duration::from_secs_f64(1.0 / per_second));
                push(hands.outbox(bot), name, to, &"x".repeat(bytes));
            }
            Act::Post { per_second } => {
                again(Duration::from_secs_f64(1.0 / per_second));
                push(hands.outbox(bot), name, ROOM, "a post");
            }
            Act::Sip(per_second) => {
                again(SIP);
                let bytes = (per_second as f64 * SIP.as_secs_f64()) as usize;
                hands.order(Order::Sip(bot, bytes.max(1)));
            }
            _ => {}
        }
    }

    /// Keeps its outbox full.
    fn flood(&self, bot: Bot, hands: &mut Hands) {
        let Seat { group, name, number, is_welcome, .. } = &self.seats[bot];
        if !is_welcome || hands.waiting_bytes(bot) >= FLOOD_BYTES / 2 {
            return;
        }
        let out = hands.outbox(bot);
        match group.act {
            Act::Flood { to, bytes } => {
                let text = "x".repeat(bytes);
                while out.len() < FLOOD_BYTES {
                    push(out, name, to, &text);
                }
            }
            Act::FeedTheDeaf => {
                let to = format!("deaf{number}");
                while out.len() < FLOOD_BYTES {
                    push(out, name, &to, "");
                }
            }
            Act::Blank => out.resize(FLOOD_BYTES, b' '),
            Act::Long => push_long(out, name),
            _ => {}
        }
    }

    fn is_herd(&self, bot: Bot) -> bool {
        matches!(self.seats[bot].group.act, Act::Herd | Act::DeafHerd)
    }

    /// All of the herd reset at once, and come back.
    fn scatter(&mut self, hands: &mut Hands) {
        let herd: Vec<Bot> = (0..self.seats.len()).filter(|&bot| self.is_herd(bot)).collect();
        for bot in herd {
            hands.order(Order::Reset(bot));
            self.seats[bot].is_welcome = false;
            hands.order(Order::Connect(bot));
        }
    }

    fn welcomed(&mut self, bot: Bot, hands: &mut Hands) {
        let seat = &mut self.seats[bot];
        if std::mem::replace(&mut seat.is_welcome, true) {
            return;
        }
        let (act, name) = (seat.group.act, seat.name.clone());
        push_opening(hands.outbox(bot), act, &name);
        match act {
            Act::Sip(_) => {
                hands.order(Order::Hold(bot));
                self.due.push(Reverse((hands.now() + SIP, bot)));
            }
            Act::DeafHerd => hands.order(Order::Hold(bot)),
            _ => {}
        }
        if self.seats[bot].group.bystanders {
            self.welcome += 1;
            self.next_arrives(hands);
        } else if self.is_on {
            self.begin(bot, hands);
        }
    }

    /// One that comes again and again has said all at once.
    fn hit(&mut self, bot: Bot, hands: &mut Hands) {
        self.names += 1;
        let number = self.names;
        let (group, seat) = (self.seats[bot].group, self.seats[bot].number);
        let out = hands.outbox(bot);
        let (name, calls, bytes, end) = match group.act {
            Act::Hit { calls, bytes, end, .. } => {
                (format!("{}{seat}x{number}", group.name), calls, bytes, end)
            }
            _ => (alike(number), &[][..], 0, HitEnd::Leave),
        };
        greeting(&name, out);
        push_calls(out, &name, calls, bytes);
        match end {
            HitEnd::Leave => hands.order(Order::Finish(bot)),
            HitEnd::Reset | HitEnd::Stuck => hands.order(Order::Hold(bot)),
        }
        if end == HitEnd::Reset {
            self.seats[bot].resets = true;
            self.due.push(Reverse((hands.now() + BEFORE_RESET, bot)));
        }
    }

    fn hit_again(&mut self, bot: Bot, hands: &mut Hands) {
        let pause = match self.seats[bot].group.act {
            Act::Hit { per_second: Some(per_second), .. } => 1.0 / per_second,
            _ => 0.0,
        };
        self.due.push(Reverse((hands.now() + Duration::from_secs_f64(pause), bot)));
    }
}

impl Crowd for Mob {
    fn connected(&mut self, bot: Bot, hands: &mut Hands) {
        match self.seats[bot].group.act {
            Act::Hit { .. } | Act::Alike => self.hit(bot, hands),
            Act::Shake => hands.outbox(bot).extend_from_slice(&self.hello),
            _ => greeting(&self.seats[bot].name.clone(), hands.outbox(bot)),
        }
    }

    fn received(&mut self, bot: Bot, bytes: &[u8], hands: &mut Hands) -> usize {
        if matches!(self.seats[bot].group.act, Act::Shake) {
            hands.order(Order::Reset(bot));
            self.hit_again(bot, hands);
            return bytes.len();
        }
        let mut done = 0;
        let is_bystander = self.seats[bot].group.bystanders;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            done += line.len();
            if !self.seats[bot].is_welcome && line.starts_with(br#"{"from":{"name":"/welcome""#) {
                self.welcomed(bot, hands);
            } else if is_bystander && line.starts_with(br#"{"from":{"name":"/error""#) {
                *self.bystanders.refused.entry(code_of(line)).or_default() += 1;
            }
        }
        done
    }

    fn ended(&mut self, bot: Bot, _: End, hands: &mut Hands) {
        let seat = &mut self.seats[bot];
        seat.is_welcome = false;
        seat.resets = false;
        if seat.group.bystanders {
            self.bystanders.lost += 1;
        } else if matches!(seat.group.act, Act::Hit { .. } | Act::Alike | Act::Shake) {
            self.hit_again(bot, hands);
        } else {
            self.floods.retain(|flood| *flood != bot);
            self.due.push(Reverse((hands.now() + RETRY, bot)));
        }
    }

    fn tick(&mut self, hands: &mut Hands) {
        while let Some(&Reverse((due, bot))) = self.due.peek()
            && due <= hands.now()
        {
            self.due.pop();
            self.act(bot, hands);
        }
        for at in 0..self.floods.len() {
            self.flood(self.floods[at], hands);
        }
        if self.herd_at.is_some_and(|at| at <= hands.now()) {
            self.herd_at = Some(hands.now() + HERD_PERIOD);
            self.scatter(hands);
        }
    }
}

/// Of a line from `/error`.
fn code_of(line: &[u8]) -> String {
    let packet = Packet::parse(line.trim_ascii_end());
    let text = packet.map(|packet| packet.msg.plain().into_owned()).unwrap_or_default();
    text.split([' ', '\n']).nth(1).unwrap_or("?").to_owned()
}
