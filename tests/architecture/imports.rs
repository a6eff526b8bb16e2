//! Which file imports from which, read from the syntax of a crate's files, and
//! the groups of files that import from each other. Never: which may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree, VisRestricted, Visibility};

/// A module's path from the root of the crate, which is empty.
type Module = Vec<String>;

/// The imports of one module's file.
#[derive(Default)]
struct Imports {
    /// From the root of the project.
    file: String,
    /// What it names, from the root of the crate.
    named: BTreeSet<Module>,
    /// What it only re-exports (`pub use`): the name, and what it stands for.
    handed_on: Vec<(String, Module)>,
}

/// The imports of one crate between its own files. Unit tests and re-exports don't
/// count.
pub(crate) struct Graph {
    modules: BTreeMap<Module, Imports>,
}

impl Graph {
    /// Reads the crate whose root is `root_file`, of `files`; all are paths
    /// from the root of the project.
    pub(crate) fn of_crate<'a>(root_file: &str, files: impl Iterator<Item = &'a str>) -> Self {
        let (folder, _) = root_file.rsplit_once('/').unwrap();
        let mut modules = BTreeMap::new();
        for file in files {
            let Some(inside) = file.strip_prefix(&format!("{folder}/")) else { continue };
            // A program's root beside a library's is another crate.
            if inside == "main.rs" && file != root_file {
                continue;
            }
            let module = if file == root_file { Module::new() } else { module_of(inside) };
            let text = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = fs::read_to_string(text).unwrap();
            modules.insert(module.clone(), Reader::read(module, file, &text));
        }
        assert!(modules.contains_key(&Module::new()), "there is no {root_file}");
        Self { modules }
    }

    /// The module whose file defines what `path` names: `pub use` is followed.
    fn defines(&self, path: &[String]) -> Module {
        let known =
            (0..=path.len()).rev().find(|&length| self.modules.contains_key(&path[..length]));
        let length = known.unwrap_or(0);
        if let Some(name) = path.get(length)
            && let Some((_, target)) =
                self.modules[&path[..length]].handed_on.iter().find(|(known, _)| known == name)
        {
            return self.defines(&[target, &path[length + 1..]].concat());
        }
        path[..length].to_vec()
    }

    /// From each file, those that it imports from. The root is left out: it
    /// declares all others.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges = BTreeMap::new();
        for (module, imports) in &self.modules {
            let others = imports.named.iter().map(|path| self.defines(path));
            let others = others.filter(|other| !other.is_empty() && other != module);
            let files = others.map(|other| self.modules[&other].file.as_str());
            edges.insert(imports.file.as_str(), files.collect());
        }
        edges
    }

    /// The groups of files that reach each other, however many steps it takes:
    /// what each file imports from the others, for people.
    pub(crate) fn cycles(&self) -> Vec<Vec<String>> {
        let edges = self.edges();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            edges.keys().map(|&file| (file, reached_from(file, &edges))).collect();
        let with = |file: &str| -> BTreeSet<&str> {
            reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect()
        };
        let groups: BTreeSet<BTreeSet<&str>> = reached.keys().map(|file| with(file)).collect();
        let groups = groups.into_iter().filter(|group| !group.is_empty());
        let arrows = |group: &BTreeSet<&str>| {
            let arrow = |file: &str| {
                let inside: Vec<_> = edges[file].intersection(group).copied().collect();
                format!("{file} imports from {}", inside.join(", "))
            };
            group.iter().map(|file| arrow(file)).collect()
        };
        groups.map(|files| arrows(&files)).collect()
    }
}

fn reached_from<'a>(file: &str, edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = edges[file].iter().copied().collect();
    while let Some(file) = left.pop() {
        if reached.insert(file) {
            left.extend(&edges[file]);
        }
    }
    reached
}

/// `a/b.rs` and `a/b/mod.rs` are the module `a::b`.
fn module_of(file: &str) -> Module {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// Collects the paths in a file.
struct Reader {
    /// The module that is read, an inline one too.
    here: Module,
    /// Names of one segment, some of which the file re-exports as well.
    words: BTreeSet<String>,
    imports: Imports,
}

impl Reader {
    fn read(here: Module, file: &str, text: &str) -> Imports {
        let imports = Imports { file: file.to_owned(), ..Imports::default() };
        let mut reader = Self { here, words: BTreeSet::new(), imports };
        reader.visit_file(&syn::parse_file(text).unwrap());
        let Self { words, mut imports, .. } = reader;
        let both = imports.handed_on.iter().filter(|(name, _)| words.contains(name));
        imports.named.extend(both.map(|(_, path)| path.clone()));
        imports
    }

    /// A path as it is written, from the root of the crate. A first segment
    /// that is no module of ours makes a path of which nothing is known.
    fn absolute(&self, path: &[String]) -> Module {
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let rest = &path[ups..];
        match rest.first().map(String::as_str) {
            Some("crate") => rest[1..].to_vec(),
            Some("self") => [&self.here, &rest[1..]].concat(),
            _ => [&self.here[..self.here.len() - ups], rest].concat(),
        }
    }

    fn leaves(&mut self, tree: &UseTree, before: &[String], is_handed_on: bool) {
        let (path, name) = match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                return self.leaves(&path.tree, &before, is_handed_on);
            }
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.leaves(tree, before, is_handed_on));
            }
            UseTree::Glob(_) => (before.to_vec(), None),
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned())
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                ([before, std::slice::from_ref(&name)].concat(), Some(name))
            }
            UseTree::Rename(name) => {
                ([before, &[name.ident.to_string()]].concat(), Some(name.rename.to_string()))
            }
        };
        let path = self.absolute(&path);
        match name {
            Some(name) if is_handed_on => self.imports.handed_on.push((name, path)),
            _ => _ = self.imports.named.insert(path),
        }
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.leaves(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Module = path.segments.iter().map(|part| part.ident.to_string()).collect();
        let path_from_root = self.absolute(&segments);
        match segments.as_slice() {
            // A variable may be called as a module is.
            [word] => _ = self.words.insert(word.clone()),
            _ => _ = self.imports.named.insert(path_from_root),
        }
        visit::visit_path(self, path);
    }

    /// `pub(super)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}
}

/// `#[cfg(test)]`, `#[cfg(all(test, ...))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let text = list.tokens.to_string();
    list.path.is_ident("cfg") && (text == "test" || text.starts_with("all (test"))
}
