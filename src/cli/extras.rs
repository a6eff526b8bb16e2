//! What is made of the command line itself: completions and manual pages.

use super::output::print_bytes;
use crate::client::Error;
use crate::client::model::commands::{ALIASES, COMMANDS, KEYS};
use clap::{Args, Command};
use clap_complete::Shell;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Print this command's page
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Option<String>,
}

impl CompletionsArgs {
    /// # Errors
    /// Standard output can't be written to.
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "lanline", &mut script);
        print(&script)
    }
}

impl ManArgs {
    /// # Errors
    /// Standard output, or the folder, can't be written to.
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        // Gives the commands their full names.
        command.build();
        if let Some(folder) = self.out {
            let failed = |error| Error::Failed(format!("{}: {error}", folder.display()));
            clap_mangen::generate_to(command, &folder).map_err(failed)?;
            let page = folder.join("lanline-chat.1");
            let mut page = OpenOptions::new().append(true).open(page).map_err(failed)?;
            return page.write_all(inside_chat().as_bytes()).map_err(failed);
        }
        let mut extra = String::new();
        if let Some(name) = &self.command {
            let found = command.find_subcommand(name).cloned();
            command = found.ok_or_else(|| Error::Usage(format!("there is no command {name:?}")))?;
            command = command.display_name(format!("lanline-{name}"));
            if name == "chat" {
                extra = inside_chat();
            }
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
        page.extend_from_slice(extra.as_bytes());
        print(&page)
    }
}

/// What is typed and pressed in `lanline chat`, for its manual page.
fn inside_chat() -> String {
    let mut page = ".SH \"WHAT IS TYPED\"\n\
        Text goes to the open conversation; a line that begins with a slash is a command,\n\
        and two slashes write one.\n"
        .to_owned();
    for command in COMMANDS {
        let usage = format!("/{} {}", command.name, command.argument);
        page.push_str(&format!(
            ".TP\n\\fB{}\\fR\n{}\n",
            roff(usage.trim_end()),
            roff(command.help)
        ));
    }
    let aliases: Vec<String> =
        ALIASES.iter().map(|(alias, meant)| format!("/{alias} (/{meant})")).collect();
    page.push_str(&format!(".PP\nAlso known: {}.\n.SH KEYS\n", roff(&aliases.join(", "))));
    for (keys, does) in KEYS {
        page.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", roff(keys), roff(does)));
    }
    page
}

/// Text that roff takes as such.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    print_bytes(bytes).map_err(failed)
}

fn failed(error: io::Error) -> Error {
    Error::Failed(format!("standard output: {error}"))
}
