//! What is made of the command line itself: completions and manual pages.

use crate::client::Error;
use clap::{Args, Command};
use clap_complete::Shell;
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
    pub fn run(self, command: Command) -> Result<(), Error> {
        if let Some(folder) = self.out {
            return clap_mangen::generate_to(command, &folder)
                .map_err(|error| Error::Failed(format!("{}: {error}", folder.display())));
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(failed)?;
        print(&page)
    }
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    io::stdout().write_all(bytes).map_err(failed)
}

fn failed(error: io::Error) -> Error {
    Error::Failed(format!("standard output: {error}"))
}
