//! Makes a page of HTML of each document that goes into the bundle, whole in
//! itself but for pictures beside it: no script, nothing from elsewhere.
//!
//! `pages FOLDER FILE...` writes a page into the folder for each `FILE.md`, and
//! copies every other file there. Links from document to document point to the
//! pages, and have to be right; what isn't in the bundle is no link.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

const STYLE: &str = "\
body{font:16px/1.5 sans-serif;max-width:48em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
pre,code{font:14px/1.4 monospace;background:#f3f3f3}pre{padding:.7em;overflow-x:auto}\
img{max-width:100%}\
table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.25em .6em;text-align:left;\
vertical-align:top}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}\
pre,code{background:#262626}th,td{border-color:#444}a{color:#8bf}}";

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: pages FOLDER FILE...");
        return ExitCode::from(2);
    };
    match write_all(&folder, &arguments.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pages: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_all(folder: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    let mut site = Site::default();
    let mut texts = Vec::new();
    for file in files {
        let named = |error: &dyn Error| format!("{}: {error}", file.display());
        if file.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(file).map_err(|error| named(&error))?;
            site.add_page(file, &text);
            texts.push((file, text));
        } else {
            let name = file.file_name().ok_or("no file name")?;
            fs::copy(file, folder.join(name)).map_err(|error| named(&error))?;
            site.pictures.insert(file.clone());
        }
    }
    for (file, text) in texts {
        let page =
            site.page(file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
        fs::write(folder.join(page_name(file)), page)?;
    }
    Ok(())
}

/// Everything that links may point to, by its path from the project's root.
#[derive(Default)]
struct Site {
    /// Each document with the anchors of its headings.
    anchors: BTreeMap<PathBuf, BTreeSet<String>>,
    pictures: BTreeSet<PathBuf>,
}

/// `docs/PROTOCOL.md` becomes `PROTOCOL.html`, `stress/README.md` `STRESS.html`.
fn page_name(file: &Path) -> String {
    let text =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let folder = text(file.parent().and_then(Path::file_name));
    match text(file.file_stem()) {
        stem if stem == "README" && !folder.is_empty() => format!("{}.html", folder.to_uppercase()),
        stem => format!("{stem}.html"),
    }
}

impl Site {
    fn add_page(&mut self, file: &Path, markdown: &str) {
        let anchors = with_anchors(events(markdown)).into_iter().filter_map(|event| match event {
            Event::Start(Tag::Heading { id, .. }) => id.map(CowStr::into_string),
            _ => None,
        });
        self.anchors.insert(file.to_owned(), anchors.collect());
    }

    fn page(&self, file: &Path, markdown: &str) -> Result<String, Failure> {
        let events = self.with_local_links(file, with_anchors(events(markdown)))?;
        let title = escaped(&title(&events));
        let mut body = String::new();
        html::push_html(&mut body, events.into_iter());
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n{body}</html>\n"
        ))
    }

    fn with_local_links<'a>(
        &self,
        file: &Path,
        events: Vec<Event<'a>>,
    ) -> Result<Vec<Event<'a>>, Failure> {
        let mut linked = Vec::with_capacity(events.len());
        // Links don't nest.
        let mut is_dropped = false;
        for event in events {
            match event {
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    match self.target(file, &dest_url)? {
                        Some(target) => {
                            let dest_url = CowStr::from(target);
                            linked.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                        }
                        None => is_dropped = true,
                    }
                }
                Event::End(TagEnd::Link) if is_dropped => is_dropped = false,
                Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                    let target = self.target(file, &dest_url)?;
                    let dest_url = target.ok_or_else(|| format!("no picture {dest_url}"))?.into();
                    linked.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
                }
                event => linked.push(event),
            }
        }
        Ok(linked)
    }

    /// Where a link of this file points to, in the folder of pages; none where it
    /// points to something that isn't there.
    fn target(&self, file: &Path, link: &str) -> Result<Option<String>, Failure> {
        if link.contains("://") || link.starts_with("mailto:") {
            return Ok(Some(link.to_owned()));
        }
        let (path, anchor) = link.split_once('#').map_or((link, None), |(p, a)| (p, Some(a)));
        let here = file.parent().unwrap_or(Path::new(""));
        let wanted = if path.is_empty() { file.to_owned() } else { normal(&here.join(path)) };
        if self.pictures.contains(&wanted) {
            return Ok(wanted.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        let Some(anchors) = self.anchors.get(&wanted) else { return Ok(None) };
        let page = if path.is_empty() { String::new() } else { page_name(&wanted) };
        match anchor {
            None => Ok(Some(page)),
            Some(anchor) if anchors.contains(anchor) => Ok(Some(format!("{page}#{anchor}"))),
            Some(anchor) => Err(format!("{link}: there is no heading {anchor:?}").into()),
        }
    }
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(markdown, options).collect()
}

/// An id for each heading, as GitHub makes them: documents link to these.
fn with_anchors(mut events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for at in 0..events.len() {
        let slug = slug(&text_of(&events[at..]));
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            let count = taken.entry(slug.clone()).or_default();
            let unique = if *count == 0 { slug } else { format!("{slug}-{count}") };
            *count += 1;
            *id = Some(unique.into());
        }
    }
    events
}

fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The text of the heading that these begin with; nothing, where they don't.
fn text_of(events: &[Event<'_>]) -> String {
    if !matches!(events.first(), Some(Event::Start(Tag::Heading { .. }))) {
        return String::new();
    }
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

/// The text of the first heading of the first level.
fn title(events: &[Event<'_>]) -> String {
    let is_first = |event: &Event<'_>| {
        matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }))
    };
    events.iter().position(is_first).map(|at| text_of(&events[at..])).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# A `b` & c\n\n| x |\n|---|\n| 1 |\n\n[see](docs/WIRE.md#one-two) \
        [w](https://a.b/c.md) [load](stress/README.md) [gone](src/main.rs) ![p](docs/p.svg)";

    fn site() -> Site {
        let mut site = Site::default();
        site.add_page(Path::new("README.md"), README);
        site.add_page(Path::new("docs/WIRE.md"), "# W\n\n## One, `two`?\n\n## One two\n");
        site.add_page(Path::new("stress/README.md"), "# Load\n");
        site.pictures.insert("docs/p.svg".into());
        site
    }

    #[test]
    fn a_page_has_a_title_tables_pictures_and_links_to_its_neighbours() {
        let page = site().page(Path::new("README.md"), README).unwrap();
        for wanted in [
            "<title>A b &amp; c</title>",
            "<td>1</td>",
            "<a href=\"WIRE.html#one-two\">see</a>",
            "<a href=\"https://a.b/c.md\">",
            "<a href=\"STRESS.html\">",
            "<img src=\"p.svg\"",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
        assert!(page.contains("gone") && !page.contains("main.rs"), "{page}");
    }

    #[test]
    fn headings_have_the_ids_that_links_know() {
        let page = site().page(Path::new("docs/WIRE.md"), "# W\n\n## One, `two`?\n\n## One two\n");
        let page = page.unwrap();
        assert!(page.contains("<h2 id=\"one-two\">") && page.contains("<h2 id=\"one-two-1\">"));
        let page = site().page(Path::new("docs/WIRE.md"), "[up](../README.md) [here](#w)").unwrap();
        assert!(page.contains("\"README.html\"") && page.contains("\"#w\""), "{page}");
    }

    #[test]
    fn a_wrong_anchor_or_picture_is_a_failure() {
        for wrong in ["[x](docs/WIRE.md#three)", "![x](docs/q.svg)", "[x](#nowhere)"] {
            assert!(site().page(Path::new("README.md"), wrong).is_err(), "{wrong}");
        }
    }
}
