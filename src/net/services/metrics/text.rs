//! The figures as OpenMetrics text, the format of Prometheus.

use super::process::{Process, Reading};
use crate::chat::counters::{Counter, WorkerCounters};
use crate::chat::{Code, Counters};
use crate::limits::TICK_BOUNDS;
use crate::net::admission::Admission;
use crate::net::loop_stats::{LoopStats, WorkerLoopStats};
use crate::net::mailbox::Mailboxes;
use crate::net::tls::Expiry;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt::{self, Error};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the figures come from.
pub struct Sources {
    pub counters: Arc<Counters>,
    pub loop_stats: Arc<LoopStats>,
    pub mailboxes: Arc<Mailboxes>,
    pub admission: Admission,
    pub expiry: Arc<Expiry>,
    pub version: String,
}

/// What makes the page, whenever it is asked for.
pub(super) fn page(sources: Sources, process: Process) -> impl Fn() -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page { sources, process, started: SystemTime::now() }));
    move || {
        let mut text = String::new();
        // Writing into a string doesn't fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

#[derive(Debug)]
struct Page {
    sources: Sources,
    process: Process,
    started: SystemTime,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut writer = MetricWriter { encoder };
        self.sources.chat(&mut writer)?;
        self.sources.loops(&mut writer)?;
        self.process(&mut writer, self.process.read())
    }
}

impl Sources {
    fn chat(&self, writer: &mut MetricWriter<'_>) -> Result<(), Error> {
        let of = |counter: fn(&WorkerCounters) -> &Counter| {
            self.counters.all().iter().map(move |counters| counter(counters).get())
        };
        writer.gauges("lanline_users", "Users who are here", of(|t| &t.users))?;
        let peak = self.counters.peak_users() as f64;
        writer.gauge("lanline_users_peak", "The most users at once so far", peak)?;
        let (clients, clients_max) = (self.admission.clients(), self.admission.clients_max());
        writer.gauge("lanline_connections", "Connections, ungreeted too", clients as f64)?;
        writer.gauge("lanline_connections_max", "Connections allowed", clients_max as f64)?;
        let store = &self.counters.store;
        writer.gauge("lanline_accounts", "Accounts", store.accounts.get() as f64)?;
        writer.gauge("lanline_stored_packets", "Packets kept", store.packets.get() as f64)?;
        writer.gauge("lanline_stored_bytes", "Their bytes", store.bytes.get() as f64)?;
        let help = "1 while the disk refuses what is to be kept";
        writer.gauge("lanline_store_failing", help, store.failing.get() as f64)?;
        writer.counters("lanline_packets_in", "Packets read", of(|t| &t.packets_in))?;
        writer.counters("lanline_packets_out", "Packets sent", of(|t| &t.packets_out))?;
        writer.counters("lanline_bytes_in", "Bytes read", of(|t| &t.bytes_in))?;
        writer.counters("lanline_bytes_out", "Bytes sent", of(|t| &t.bytes_out))?;
        let refusals = Code::ALL.iter().enumerate().map(|(number, code)| {
            (code.word(), self.counters.sum(|counters| &counters.refused_by_code[number]))
        });
        let name = "lanline_refusals";
        let mut metric = writer.start(name, "Packets from /error, by code", MetricType::Counter)?;
        for (code, count) in refusals {
            counter(&mut metric.encode_family(&[("code", code)])?, count)?;
        }
        writer.counter(
            "lanline_connections_dropped",
            "Closed without a word",
            self.admission.dropped(),
        )?;
        // Where there is none, nobody is to be warned of it.
        self.expiry.left().map_or(Ok(()), |left| {
            let help = "How long the certificate that is served holds";
            writer.gauge("lanline_certificate_left_seconds", help, left.as_secs_f64())
        })
    }

    fn loops(&self, writer: &mut MetricWriter<'_>) -> Result<(), Error> {
        let of = |counter: fn(&WorkerLoopStats) -> &Counter| {
            self.loop_stats.all().iter().map(move |gauge| counter(gauge).get())
        };
        writer.gauges("lanline_queue_bytes", "Waiting for sockets", of(|g| &g.queue_bytes))?;
        writer.counters(
            "lanline_shard_messages",
            "Messages to other workers",
            of(|g| &g.messages),
        )?;
        let message = self.mailboxes.in_flight().bytes_in_flight().map(|bytes| bytes as u64);
        writer.gauges("lanline_mailbox_bytes", "Messages not dealt with yet", message)?;
        let lag = self.loop_stats.all().iter().map(|gauge| nanos(&gauge.lag_nanos));
        let help = "How long the last heartbeat waited for the loop";
        writer.gauges("lanline_loop_lag_seconds", help, lag)?;

        let help = "Most work in one tick so far, in units of about half a microsecond";
        writer.gauges("lanline_tick_work_peak", help, of(|g| &g.tick_work_peak))?;
        let help = "Most work in a row for one client so far, in the same units";
        writer.gauges("lanline_client_work_peak", help, of(|g| &g.quantum_work_peak))?;

        let help = "How long ticks of the loop took";
        let mut metric = writer.start("lanline_tick_seconds", help, MetricType::Histogram)?;
        let bounds = TICK_BOUNDS.iter().map(|bound| bound.as_secs_f64()).chain([f64::INFINITY]);
        for (worker, gauge) in self.loop_stats.all().iter().enumerate() {
            let counts = gauge.ticks.iter().map(Counter::get);
            let buckets: Vec<(f64, u64)> = bounds.clone().zip(counts).collect();
            let count = buckets.iter().map(|(_, count)| count).sum();
            metric.encode_family(&[("worker", worker as u64)])?.encode_histogram::<NoLabelSet>(
                nanos(&gauge.tick_nanos),
                count,
                &buckets,
                None,
            )?;
        }
        Ok(())
    }
}

impl Page {
    fn process(&self, writer: &mut MetricWriter<'_>, reading: Reading) -> Result<(), Error> {
        // No Info: readers of the older text format don't know it.
        let mut metric = writer.start("lanline_build_info", "This program", MetricType::Gauge)?;
        let version = [("version", self.sources.version.as_str())];
        metric.encode_family(&version)?.encode_gauge(&1)?;
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        writer.gauge("process_start_time_seconds", "Since the epoch", started)?;
        if let Some(seconds) = reading.cpu_seconds {
            writer.counter("process_cpu_seconds", "User and system time", seconds)?;
        }
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Resident memory", reading.resident_bytes),
            ("process_virtual_memory_bytes", "Virtual memory", reading.virtual_bytes),
            ("process_open_fds", "Open descriptors", reading.descriptors),
            ("process_max_fds", "Descriptors allowed", reading.descriptors_max),
            ("process_threads", "Threads", reading.threads),
        ] {
            if let Some(value) = value {
                writer.gauge(name, help, value as f64)?;
            }
        }
        Ok(())
    }
}

fn nanos(counter: &Counter) -> f64 {
    counter.get() as f64 / 1e9
}

/// Writes one metric after the other.
struct MetricWriter<'a> {
    encoder: DescriptorEncoder<'a>,
}

impl MetricWriter<'_> {
    fn start<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, Error> {
        self.encoder.encode_descriptor(name, help, None, kind)
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) -> Result<(), Error> {
        self.start(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn counter(
        &mut self,
        name: &str,
        help: &str,
        value: impl prometheus_client::encoding::EncodeCounterValue,
    ) -> Result<(), Error> {
        counter(&mut self.start(name, help, MetricType::Counter)?, value)
    }

    /// A gauge of each worker.
    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = impl prometheus_client::encoding::EncodeGaugeValue>,
    ) -> Result<(), Error> {
        let mut metric = self.start(name, help, MetricType::Gauge)?;
        for (worker, value) in values.enumerate() {
            metric.encode_family(&[("worker", worker as u64)])?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// A counter of each worker.
    fn counters(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = u64>,
    ) -> Result<(), Error> {
        let mut metric = self.start(name, help, MetricType::Counter)?;
        for (worker, value) in values.enumerate() {
            counter(&mut metric.encode_family(&[("worker", worker as u64)])?, value)?;
        }
        Ok(())
    }
}

fn counter(
    metric: &mut MetricEncoder<'_>,
    value: impl prometheus_client::encoding::EncodeCounterValue,
) -> Result<(), Error> {
    metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}
