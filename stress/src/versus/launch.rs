//! Starts a server, waits until it is ready, and ends it by its own handle.

use super::server::{Readiness, Server};
use crate::machine;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const START_SECONDS_MAX: u64 = 20;

/// A server that runs; it is ended when this is dropped.
pub(crate) struct Running {
    child: Child,
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `server`, on core `core` where one is given; its files go to `folder`.
///
/// # Errors
/// Where it can't be started, ends, or isn't ready in time.
pub(crate) fn launch(
    server: Server,
    tls: bool,
    lanline: &Path,
    core: Option<usize>,
    folder: TempDir,
) -> Result<Running> {
    let name = server.name();
    let program = server.program(lanline).with_context(|| format!("{name} is not installed"))?;
    let port = free_port()?;
    let mut command = server.command(&program, port, folder.path(), tls)?;
    let (child, address) = match server.readiness() {
        Readiness::Says => start_and_listen(command.stderr(Stdio::null()), core)?,
        Readiness::Accepts => {
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let child = spawn(&mut command, core)?;
            (child, SocketAddr::from(([127, 0, 0, 1], port)))
        }
    };
    let mut running = Running { child, address, _folder: folder };
    if server.readiness() == Readiness::Accepts {
        wait_until_it_accepts(&mut running).with_context(|| name)?;
    }
    Ok(running)
}

/// Starts a Lanline server with these flags behind `serve`, its log thrown away;
/// with a certificate of its own making if it shall speak TLS.
///
/// # Errors
/// As [`launch`].
pub(crate) fn launch_lanline(lanline: &Path, flags: &[&str], tls: bool) -> Result<Running> {
    launch_lanline_with_log(lanline, flags, tls, Stdio::null())
}

/// [`launch_lanline`] with its log there.
///
/// # Errors
/// As [`launch`].
pub(crate) fn launch_lanline_with_log(
    lanline: &Path,
    flags: &[&str],
    tls: bool,
    log: impl Into<Stdio>,
) -> Result<Running> {
    let folder = TempDir::with_prefix("stress-")?;
    let mut command = Command::new(lanline);
    // A variable, which older servers pass over.
    command.env("LANLINE_DATA", if tls { folder.path() } else { Path::new("none") });
    command.arg("serve").args(["--listen", "127.0.0.1:0"]).args(flags).stderr(log);
    let (child, address) = start_and_listen(&mut command, None)?;
    Ok(Running { child, address, _folder: folder })
}

/// [`launch_lanline`] at an address, with flags that name its data directory.
///
/// # Errors
/// As [`launch`].
pub(crate) fn launch_lanline_at(lanline: &Path, listen: &str, flags: &[&str]) -> Result<Running> {
    let folder = TempDir::with_prefix("stress-")?;
    let mut command = Command::new(lanline);
    command.arg("serve").args(["--listen", listen]).args(flags).stderr(Stdio::null());
    let (child, address) = start_and_listen(&mut command, None)?;
    Ok(Running { child, address, _folder: folder })
}

/// A child inherits the cores of the thread that starts it.
fn spawn(command: &mut Command, core: Option<usize>) -> Result<Child> {
    let own = machine::cores();
    if let Some(core) = core {
        machine::pin_to(core)?;
    }
    let child = command.stdin(Stdio::null()).spawn();
    if core.is_some() {
        machine::pin_to_all(&own)?;
    }
    child.with_context(|| format!("{} does not start", command.get_program().display()))
}

fn start_and_listen(command: &mut Command, core: Option<usize>) -> Result<(Child, SocketAddr)> {
    let mut child = spawn(command.stdout(Stdio::piped()), core)?;
    let output = child.stdout.take().context("its output was asked for")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    match line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok()) {
        Some(address) => Ok((child, address)),
        None => {
            let _ = child.kill();
            let status = child.wait()?;
            bail!("{} is not listening ({status})", command.get_program().display());
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_until_it_accepts(running: &mut Running) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
    while Instant::now() < deadline {
        if TcpStream::connect(running.address).is_ok() {
            return Ok(());
        }
        if running.has_ended() {
            bail!("it ended at once");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("it takes no connections after {START_SECONDS_MAX} s")
}

/// The Lanline server: what was asked for, or the one beside this program, or
/// the one in `PATH`.
pub(crate) fn server_binary(asked: Option<&Path>) -> PathBuf {
    if let Some(path) = asked {
        return path.to_owned();
    }
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("lanline"));
    beside
        .filter(|path| path.is_file())
        .or_else(|| super::server::find("lanline"))
        .unwrap_or_else(|| PathBuf::from("lanline"))
}
