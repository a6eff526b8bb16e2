//! `lanline config`: whether a file is right, and what is in force.

use super::files::Reading;
use super::layers::{ServeFlags, Settings, Shown, Source};
use super::ops::Verdict;
use super::serve::workers_default;
use super::serve_tls::SiteTls;
use super::usage::UsageError;
use crate::limits;
use clap::{Args, Subcommand};
use std::fmt::Write;

/// What to do about the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether file, environment and flags make a server
    Check(CheckArgs),
    /// Print what is in force and where each value comes from, as a file that
    /// --config takes
    Show(ServeFlags),
}

/// Flags of `lanline config check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Don't read the operators' token file: one that systemd hands over is
    /// there for the service alone
    #[arg(long)]
    without_token: bool,
    #[command(flatten)]
    serve: ServeFlags,
}

/// What a command about settings answers.
pub enum Answer {
    /// The exit code is the answer.
    Verdict(Verdict),
    /// The text is the answer: without it the command has failed.
    Text(String),
}

impl ConfigCommand {
    /// What to print.
    ///
    /// # Errors
    /// [`UsageError`] where the settings can't be used.
    pub fn run(self) -> Result<Answer, UsageError> {
        match self {
            Self::Check(CheckArgs { without_token, serve }) => {
                let mut args = serve.resolve(Reading::First)?.args;
                if without_token {
                    args.forget_token_file();
                }
                let warnings = args.into_config(Reading::First, SiteTls::Unasked, None)?.warnings;
                let warnings = warnings.iter().map(|warning| format!("warning: {warning}\n"));
                let text = warnings.collect::<String>() + "ok\n";
                Ok(Answer::Verdict(Verdict { text, well: true }))
            }
            Self::Show(flags) => {
                let settings = flags.resolve(Reading::First)?;
                let shown = show(&settings);
                settings.args.into_config(Reading::First, SiteTls::Unasked, None)?;
                Ok(Answer::Text(shown))
            }
        }
    }
}

fn show(settings: &Settings) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    for setting in settings.shown() {
        match &setting.values {
            Some(values) => {
                let value = value(&setting, values);
                lines.push((format!("{} = {value}", setting.key), setting.source.to_string()));
            }
            None => lines.push((format!("# {}", setting.key), unset(&setting.key))),
        }
    }
    if std::env::var_os(limits::TOKEN_VARIABLE).is_some() {
        let token = "# the operators' token".to_owned();
        lines.push((token, Source::Environment(limits::TOKEN_VARIABLE.into()).to_string()));
    }
    let width = lines.iter().map(|(setting, _)| setting.chars().count()).max().unwrap_or(0);
    lines.iter().fold(String::new(), |mut text, (setting, source)| {
        let _ = writeln!(text, "{setting:width$}  # {source}");
        text
    })
}

/// As TOML has it.
fn value(setting: &Shown, values: &[String]) -> String {
    let one = |value: &String| {
        if value.parse::<i64>().is_ok() || value.parse::<f64>().is_ok_and(f64::is_finite) {
            value.clone()
        } else {
            toml::Value::String(value.clone()).to_string()
        }
    };
    match values {
        [] => "true".to_owned(),
        [value] if !setting.many => one(value),
        _ => format!("[{}]", values.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

/// What holds where nothing is set.
fn unset(key: &str) -> String {
    match key {
        "workers" => format!("default: one per core, {}", workers_default()),
        "listen" => format!("default: [::]:{0}, without IPv6 0.0.0.0:{0}", limits::DEFAULT_PORT),
        "max-clients" => format!(
            "default: what the descriptor limit allows, up to {}",
            limits::CLIENTS_DEFAULT_MAX
        ),
        "accounts" => "default: open with a data directory, else off".to_owned(),
        _ => "not set".to_owned(),
    }
}
