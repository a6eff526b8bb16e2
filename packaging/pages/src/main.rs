//! Makes a page of HTML of each document that goes into the bundle, whole in
//! itself: no script, no picture, nothing from elsewhere.
//!
//! `pages FOLDER FILE.md...` writes `FOLDER/FILE.html` for each file. Links
//! from document to document point to the pages.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const STYLE: &str = "\
body{font:16px/1.5 sans-serif;max-width:48em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
pre,code{font:14px/1.4 monospace;background:#f3f3f3}pre{padding:.7em;overflow-x:auto}\
table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.25em .6em;text-align:left;\
vertical-align:top}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}\
pre,code{background:#262626}th,td{border-color:#444}a{color:#8bf}}";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: pages FOLDER FILE.md...");
        return ExitCode::from(2);
    };
    for file in arguments {
        if let Err(error) = write_page(&folder, &file) {
            eprintln!("pages: {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn write_page(folder: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let stem = file.file_stem().ok_or("no file name")?;
    fs::write(folder.join(stem).with_extension("html"), page(&text))?;
    Ok(())
}

fn page(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, options).map(with_local_links).collect();
    let title = escaped(&title(&events));
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n{body}</html>\n"
    )
}

/// The text of the first heading of the first level.
fn title(events: &[Event<'_>]) -> String {
    let heading = |event: &Event<'_>| {
        matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }))
    };
    let inside = events.iter().skip_while(|event| !heading(event));
    let inside = inside.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

/// `PROTOCOL.md#greeting` and `docs/PROTOCOL.md` become pages beside this one.
fn with_local_links(event: Event<'_>) -> Event<'_> {
    let Event::Start(Tag::Link { link_type, dest_url, title, id }) = event else { return event };
    let dest_url = local(&dest_url).map_or(dest_url, CowStr::from);
    Event::Start(Tag::Link { link_type, dest_url, title, id })
}

fn local(link: &str) -> Option<String> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(p, a)| (p, Some(a)));
    let stem = path.strip_suffix(".md").filter(|_| !path.contains("://"))?;
    let name = stem.rsplit('/').next()?;
    Some(anchor.map_or(format!("{name}.html"), |anchor| format!("{name}.html#{anchor}")))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_title_tables_and_links_to_its_neighbours() {
        let page = page(
            "# A `b` & c\n\n| x |\n|---|\n| 1 |\n\n[see](docs/WIRE.md#one) [w](https://a.b/c.md)",
        );
        for wanted in [
            "<title>A b &amp; c</title>",
            "<td>1</td>",
            "<a href=\"WIRE.html#one\">",
            "<a href=\"https://a.b/c.md\">",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
    }
}
