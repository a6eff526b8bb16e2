//! A part played by another process of this program: commands and replies as
//! JSON, one a line, over its standard input and output.

use super::command::{Command, Part, Reply};
use super::member::Member;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// The leader's end.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(super) fn start(part: &Part) -> Result<Self> {
        let mut child = std::process::Command::new(std::env::current_exe()?)
            .arg("member")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output was asked for")?);
        let mut process = Self { child, input, output };
        process.write(&serde_json::to_string(part)?)?;
        Ok(process)
    }

    pub(super) fn tell(&mut self, command: &Command) -> Result<()> {
        self.write(&serde_json::to_string(command)?)
    }

    pub(super) fn hear(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).context("a process of bots has ended")
    }

    fn write(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("a process of bots has ended")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }
}

impl Drop for Process {
    /// The end of its input ends it.
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

/// The other end: obeys the commands on standard input until it ends.
///
/// # Errors
/// Where they are none.
pub(crate) fn serve_commands() -> Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let Some(part) = lines.next() else { return Ok(()) };
    let mut member = Member::new(&serde_json::from_str(&part?)?)?;
    for line in lines {
        let reply = member.obey(serde_json::from_str(&line?)?);
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&reply)?)?;
    }
    Ok(())
}
