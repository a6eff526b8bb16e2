//! Where a setting comes from: flags over environment over the file over
//! defaults. The keys of the file are the long flags of `serve`, and their
//! values go through the same checks. Never: what a setting means.

use super::files::{self, Reading};
use super::serve::ServeArgs;
use super::usage::UsageError;
use crate::one_line::toml_error;
use clap::builder::{OsStr, Resettable};
use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Keys that are no settings of a server.
const NOT_IN_FILE: [&str; 3] = ["config", "help", "version"];

/// The flags of `serve` as they were given, before the file is looked at; so
/// the file can be read again while the server runs.
#[derive(Clone, Debug)]
pub struct ServeFlags {
    given: Vec<Given>,
}

/// One setting that has a value.
#[derive(Clone, Debug)]
struct Given {
    /// The long flag, which is the key in the file too.
    key: String,
    values: Vec<OsString>,
    source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag,
    /// The name of the variable.
    Environment(String),
    File(PathBuf),
    Default,
}

/// All settings, the file's too.
#[derive(Debug)]
pub struct Settings {
    pub args: ServeArgs,
    given: Vec<Given>,
}

/// A setting for people: its key, its values as text, and their source.
#[derive(Debug)]
pub struct Shown {
    pub key: String,
    /// None where nothing is set and the program decides.
    pub values: Option<Vec<String>>,
    pub source: Source,
    /// It may be given several times.
    pub many: bool,
}

impl ServeFlags {
    /// Reads the file, if there is one, and puts everything together.
    ///
    /// # Errors
    /// [`UsageError`] where the file can't be used; it names the file.
    pub fn resolve(&self, reading: Reading) -> Result<Settings, UsageError> {
        let mut given = self.given.clone();
        if let Some(path) = self.file() {
            let from_file = read_file(&path, reading)?;
            let is_given = |key: &str| self.given.iter().any(|given| given.key == key);
            given.extend(from_file.into_iter().filter(|file| !is_given(&file.key)));
        }
        let words = given.iter().flat_map(|given| words(&given.key, &given.values));
        let args = parse(words).map_err(|error| UsageError::new(reason(&error)))?;
        Ok(Settings { args, given })
    }

    /// What the environment alone says.
    ///
    /// # Errors
    /// [`UsageError`] where a variable makes no sense.
    pub fn from_environment() -> Result<Self, UsageError> {
        let matches = command().try_get_matches_from([""; 0]);
        let flags = matches.and_then(|matches| Self::from_arg_matches(&matches));
        flags.map_err(|error| UsageError::new(reason(&error)))
    }

    fn file(&self) -> Option<PathBuf> {
        let config = self.given.iter().find(|given| given.key == "config")?;
        config.values.first().map(PathBuf::from)
    }
}

impl Settings {
    /// Every setting in the order of `--help`.
    pub fn shown(&self) -> Vec<Shown> {
        let command = command();
        let settings = command.get_arguments().filter_map(|arg| {
            let key = arg.get_long().filter(|key| !NOT_IN_FILE.contains(key))?;
            let given = self.given.iter().find(|given| given.key == key);
            let values = given.map(|given| given.values.as_slice());
            let values = values.map(|values| values.iter().map(text).collect());
            let default = || {
                let values: Vec<String> = arg.get_default_values().iter().map(text).collect();
                (!values.is_empty() && arg.get_action().takes_values()).then_some(values)
            };
            Some(Shown {
                key: key.to_owned(),
                values: values.or_else(default),
                source: given.map_or(Source::Default, |given| given.source.clone()),
                many: is_repeatable(arg),
            })
        });
        settings.collect()
    }
}

fn text(value: impl AsRef<std::ffi::OsStr>) -> String {
    value.as_ref().to_string_lossy().into_owned()
}

/// The flags of `serve` by themselves.
fn command() -> Command {
    ServeArgs::augment_args(Command::new("lanline").no_binary_name(true))
}

/// What flags alone say; the environment has had its turn.
fn parse(words: impl Iterator<Item = OsString>) -> Result<ServeArgs, clap::Error> {
    let command = command().mut_args(|arg| arg.env(Resettable::<OsStr>::Reset));
    ServeArgs::from_arg_matches(&command.try_get_matches_from(words)?)
}

/// A setting as flags.
fn words(key: &str, values: &[OsString]) -> Vec<OsString> {
    if values.is_empty() {
        return vec![format!("--{key}").into()];
    }
    let word = |value: &OsString| {
        let mut word = OsString::from(format!("--{key}="));
        word.push(value);
        word
    };
    values.iter().map(word).collect()
}

fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// The settings in a file, each of them checked.
fn read_file(path: &Path, reading: Reading) -> Result<Vec<Given>, UsageError> {
    let shown = path.display();
    let wrong = |what: String| UsageError::new(format!("{shown}: {what}"));
    let text = files::read(path, reading).map_err(|error| wrong(error.to_string()))?;
    let table: Table = text.parse().map_err(|error| wrong(toml_error(&text, &error)))?;
    let command = command();
    let mut given = Vec::new();
    for (key, value) in table {
        let arg = find(&command, &key).map_err(wrong)?;
        let Some(values) = values(arg, &value).map_err(|what| wrong(format!("{key}: {what}")))?
        else {
            continue;
        };
        parse(words(&key, &values).into_iter())
            .map_err(|error| wrong(format!("{key}: {}", reason(&error))))?;
        given.push(Given { key, values, source: Source::File(path.to_owned()) });
    }
    Ok(given)
}

fn find<'a>(command: &'a Command, key: &str) -> Result<&'a Arg, String> {
    let keys = || {
        let args = command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg)));
        args.filter(|(long, _)| !NOT_IN_FILE.contains(long))
    };
    if let Some((_, arg)) = keys().find(|(long, _)| *long == key) {
        return Ok(arg);
    }
    let nearness = |long: &str| strsim::jaro_winkler(long, key);
    let nearest = keys().map(|(long, _)| long).max_by(|a, b| nearness(a).total_cmp(&nearness(b)));
    match nearest.filter(|long| nearness(long) > 0.8) {
        Some(long) => Err(format!("there is no setting {key:?}; did you mean {long:?}?")),
        None => Err(format!("there is no setting {key:?}; `lanline config show` lists them")),
    }
}

/// A value of the file as flags take it; none for a switch that is off.
fn values(arg: &Arg, value: &Value) -> Result<Option<Vec<OsString>>, String> {
    if !arg.get_action().takes_values() {
        return match value {
            Value::Boolean(on) => Ok(on.then(Vec::new)),
            _ => Err("true or false".to_owned()),
        };
    }
    match value {
        Value::Array(items) if is_repeatable(arg) => {
            let items: Vec<OsString> = items.iter().map(scalar).collect::<Result<_, _>>()?;
            Ok((!items.is_empty()).then_some(items))
        }
        Value::Array(_) => Err("one value, not a list".to_owned()),
        _ => Ok(Some(vec![scalar(value)?])),
    }
}

fn scalar(value: &Value) -> Result<OsString, String> {
    match value {
        Value::String(text) => Ok(text.into()),
        Value::Integer(number) => Ok(number.to_string().into()),
        Value::Float(number) => Ok(number.to_string().into()),
        _ => Err(format!("a number or a text, not a {}", value.type_str())),
    }
}

/// What is wrong with a value, without clap's frame around it.
fn reason(error: &clap::Error) -> String {
    let value = error.get(ContextKind::InvalidValue).map(|value| format!("\"{value}\": "));
    let first_line = || error.to_string().lines().next().unwrap_or_default().to_owned();
    let why = error.source().map_or_else(first_line, ToString::to_string);
    format!("{}{why}", value.unwrap_or_default())
}

impl FromArgMatches for ServeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Vec::new();
        for arg in command().get_arguments() {
            let id = arg.get_id().as_str();
            let source = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => Source::Flag,
                Some(ValueSource::EnvVariable) => {
                    Source::Environment(arg.get_env().map(text).unwrap_or_default())
                }
                _ => continue,
            };
            if !arg.get_action().takes_values() && !matches.get_flag(id) {
                continue;
            }
            let raw = matches.get_raw(id).into_iter().flatten().map(OsString::from);
            let values = if arg.get_action().takes_values() { raw.collect() } else { Vec::new() };
            let key = arg.get_long().unwrap_or(id).to_owned();
            given.push(Given { key, values, source });
        }
        Ok(Self { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ServeFlags {
    fn augment_args(command: Command) -> Command {
        ServeArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        ServeArgs::augment_args_for_update(command)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::serve_tls::SiteTls;
    use clap::Parser;
    use std::io::Write;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        flags: ServeFlags,
    }

    fn flags(words: &[&str]) -> ServeFlags {
        Program::parse_from([&["lanline"], words].concat()).flags
    }

    fn with_file(text: &str, words: &[&str]) -> Result<Settings, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let words = [words, &["--config", &path]].concat();
        flags(&words)
            .resolve(Reading::First)
            .map_err(|error| error.to_string().replace(&path, "FILE"))
    }

    fn setting(settings: &Settings, key: &str) -> (Vec<String>, Source) {
        let shown = settings.shown().into_iter().find(|shown| shown.key == key).unwrap();
        (shown.values.unwrap_or_default(), shown.source)
    }

    #[test]
    fn flags_go_over_the_file_and_the_file_over_defaults() {
        let text = "workers = 3\nrate = 7\nlisten = ['127.0.0.1:1', '[::1]:2']\nqueue = 4096\n";
        let settings = with_file(text, &["--rate", "9"]).unwrap();
        assert_eq!(setting(&settings, "rate"), (vec!["9".to_owned()], Source::Flag));
        let (workers, source) = setting(&settings, "workers");
        assert_eq!(workers, ["3"]);
        assert!(matches!(source, Source::File(_)), "{source}");
        assert_eq!(setting(&settings, "listen").0, ["127.0.0.1:1", "[::1]:2"]);
        let (packet, source) = setting(&settings, "max-packet");
        assert_eq!((packet, source), (vec!["65536".to_owned()], Source::Default));
        let config = settings.args.into_config(Reading::First, SiteTls::Unasked, None).unwrap();
        assert_eq!((config.workers, config.settings.rate), (3, 9));
        assert_eq!((config.listen.len(), config.settings.queue_bytes_max), (2, 4096));
    }

    #[test]
    fn a_wrong_file_is_told_with_its_key() {
        for (text, wanted) in [
            ("worker = 3", "FILE: there is no setting \"worker\"; did you mean \"workers\"?"),
            ("config = 'x'", "FILE: there is no setting \"config\""),
            ("zzz = 1", "FILE: there is no setting \"zzz\"; `lanline config show` lists them"),
            ("workers = 0", "FILE: workers: \"0\": between 1 and 256"),
            ("workers = [1, 2]", "FILE: workers: one value, not a list"),
            ("workers = true", "FILE: workers: a number or a text, not a boolean"),
            ("allow = ['10.0.0.0/99']", "FILE: allow: \"10.0.0.0/99\": not a network"),
            ("rate = ", "FILE: line 1, column 8: "),
        ] {
            let error = with_file(text, &[]).unwrap_err();
            assert!(error.starts_with(wanted), "{text}: {error}");
        }
        // A flag on top of it doesn't make a wrong value right.
        assert!(with_file("workers = 0", &["--workers", "2"]).is_err());
        let missing = flags(&["--config", "/nowhere/lanline.toml"]);
        let missing = missing.resolve(Reading::First).unwrap_err();
        assert!(
            missing.to_string().starts_with("/nowhere/lanline.toml: No such file"),
            "{missing}"
        );
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        let settings = with_file("", &[]).unwrap();
        assert!(settings.shown().iter().all(|shown| shown.source == Source::Default));
    }
}
