//! Every message of the command line: `tests/errors/commands/CASE` provokes it and holds its exact text.
//!
//! `command` holds the arguments and the status, the files beside it are the folder in which the program runs, with no
//! settings but a `lossoffset.toml` among them. `stderr` is the exact text; `stdout` too, where the case has that file.
//! What one file of trades provokes without options stands in `tests/errors/NAME.csv` (see `import_errors.rs`).
//!
//! After a text was changed: `UPDATE=1 cargo test --test messages --test import_errors` writes all anew; then read each
//! text that `git diff tests/errors` shows. A message without a case fails `every_message_has_a_case`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use regex::Regex;

const COMMANDS: &str = "tests/errors/commands";

/// A case, a file of it, and what writes that file.
type Written = (&'static str, &'static str, fn() -> String);

/// Files too large to lie in their case.
const WRITTEN: [Written; 3] = [
    ("accounts-many", "trades.csv", accounts),
    ("line-long", "trades.csv", long_line),
    ("problems-many", "trades.csv", wrong_rows),
];

fn accounts() -> String {
    let rows = (0..65_536).map(|n| format!("2024-01-02,buy,X,1,1,a{n}\n"));
    "date,action,symbol,quantity,price,account\n".to_owned() + &rows.collect::<String>()
}

fn long_line() -> String {
    let symbol = "X".repeat(64 * 1024 * 1024 + 1);
    format!("date,action,symbol,quantity,price\n2024-01-02,buy,{symbol},1,1\n")
}

fn wrong_rows() -> String {
    let rows = (0..1100).map(|n| format!("2024-01-02,buy,X,z{n},1\n"));
    "date,action,symbol,quantity,price\n".to_owned() + &rows.collect::<String>()
}

/// What a run of the program gave, as its case records it: the name of the file and the text.
fn ran(case: &Path) -> [(&'static str, String); 3] {
    let folder = tempfile::tempdir().unwrap();
    for file in entries(case) {
        let name = file.file_name().unwrap();
        if !["command", "stderr", "stdout"]
            .iter()
            .any(|ours| name == *ours)
        {
            fs::copy(&file, folder.path().join(name)).unwrap();
        }
    }
    for (of, file, text) in WRITTEN {
        if case.ends_with(of) {
            fs::write(folder.path().join(file), text()).unwrap();
        }
    }
    let command = fs::read_to_string(case.join("command")).unwrap();
    let arguments = command.lines().next().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let status = output.status.code().unwrap();
    [
        ("command", format!("{arguments}\nstatus {status}\n")),
        ("stderr", String::from_utf8(output.stderr).unwrap()),
        ("stdout", String::from_utf8(output.stdout).unwrap()),
    ]
}

/// The texts of a case that are not as recorded, after `UPDATE=1` none.
fn changed(case: &Path) -> Vec<String> {
    let mut changed = Vec::new();
    for (name, text) in ran(case) {
        let recorded = case.join(name);
        if name == "stdout" && !recorded.exists() {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&recorded, text).unwrap();
        } else if fs::read_to_string(&recorded).unwrap_or_default() != text {
            changed.push(format!("{}:\n{text}", recorded.display()));
        }
    }
    changed
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[test]
fn every_message_is_as_recorded() {
    let cases = entries(Path::new(COMMANDS));
    assert!(!cases.is_empty());
    let threads = thread::available_parallelism().unwrap().get();
    let wrong: Vec<String> = thread::scope(|scope| {
        let shares = (0..threads).map(|first| {
            let share = cases.iter().skip(first).step_by(threads);
            scope.spawn(move || share.flat_map(|case| changed(case)).collect::<Vec<_>>())
        });
        let shares: Vec<_> = shares.collect();
        let ended = shares.into_iter().flat_map(|share| share.join().unwrap());
        ended.collect()
    });
    assert!(wrong.is_empty(), "changed messages:\n{}", wrong.join("\n"));
}

// Which texts of the sources are messages, and which of them stand in no recorded text.

/// Where messages are raised. What reports and `explain` say, and the law's own words, are held by their tests.
const SOURCES: [&str; 7] = [
    "src/cli",
    "src/import",
    "src/matching",
    "src/netting",
    "src/reconcile",
    "src/lib.rs",
    "src/rates.rs",
];

/// The beginnings of texts without a case, by the reason.
const WITHOUT_CASE: [(&str, &[&str]); 8] = [
    (
        "no messages: help, names of values, words of the law and of cells",
        &[
            "a file is recognized by its header",
            "Reads your trades, finds the lots",
            "head of household",
            "married filing",
            "all your accounts and your spouse's",
            "same account and symbol",
            "26 USC 1091",
            "not available",
        ],
    ),
    ("need a terminal", &["\\u{1b}[1;31merror:", "no file given"]),
    (
        "need a disk that is full, or a file that the user may not read",
        &[
            "standard output",
            "no permission to read",
            "allow yourself to read it",
        ],
    ),
    (
        "need tens of thousands of files or wallets",
        &[
            "{} files are too many",
            "too many units are on their way at once",
        ],
    ),
    (
        "said where nobody sees it: behind the twenty errors shown, and of a sheet that is then no sheet",
        &["{} more problems are not listed", "the sheet is too large"],
    ),
    (
        "reading, or the list of values of an option, refuses first",
        &[
            "a split needs a `ratio`",
            "a split ratio needs two positive sides",
            "the fraction of the basis that moves",
            "this `{}` needs `new_quantity`",
            "this `{word}` needs `new_quantity`",
            "`{code}` is not a jurisdiction",
        ],
    ),
    (
        "cannot fail: writing to memory, and 1 by a number that is not 0",
        &["the man page", "the rate is too small"],
    ),
    (
        "would be a mistake of the program",
        &["internal error", "this is a mistake in lossoffset"],
    ),
];

#[test]
fn every_message_has_a_case() {
    let recorded = recorded();
    let mut missing: Vec<(PathBuf, String)> = Vec::new();
    for source in SOURCES.iter().flat_map(|path| files(Path::new(path))) {
        for text in messages(&source) {
            let parts = fixed_parts(&text);
            let held = |one: &String| parts.iter().all(|part| one.contains(part.as_str()));
            if !parts.is_empty() && !recorded.iter().any(held) {
                missing.push((source.clone(), text));
            }
        }
    }
    let known: Vec<&str> = WITHOUT_CASE
        .iter()
        .flat_map(|(_, texts)| texts.iter().copied())
        .collect();
    let spare = known
        .iter()
        .filter(|begin| !missing.iter().any(|(_, text)| text.starts_with(**begin)));
    let spare: Vec<_> = spare.collect();
    let unknown =
        |(_, text): &&(PathBuf, String)| !known.iter().any(|begin| text.starts_with(begin));
    let missing: Vec<_> = missing.iter().filter(unknown).collect();
    assert!(missing.is_empty(), "no case provokes: {missing:#?}");
    assert!(
        spare.is_empty(),
        "a case provokes them, or they are gone: {spare:#?}"
    );
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        entries(path).iter().flat_map(|path| files(path)).collect()
    } else {
        vec![path.to_owned()]
    }
}

/// The expected texts: the files of `tests/errors`, and the literals of the tests that compare whole outputs.
fn recorded() -> Vec<String> {
    let mut texts = Vec::new();
    for file in files(Path::new("tests/errors")) {
        let ending = file.extension().or(file.file_name()).unwrap();
        if ending == "stderr" || ending == "stdout" {
            texts.push(fs::read_to_string(&file).unwrap());
        }
    }
    let tests = fs::read_to_string("tests/cli.rs").unwrap();
    texts.extend(literals(&tests));
    texts
}

/// The texts in quotation marks that are more than one word: in sources without their tests, in formats the refusals.
fn messages(file: &Path) -> Vec<String> {
    let source = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    if name.ends_with(".toml") {
        let refusals = source.split("is = \"?\"\nreason = ").skip(1);
        let reasons = refusals.filter_map(|refusal| refusal.lines().next());
        return reasons.flat_map(literals).collect();
    }
    if name == "tests.rs" {
        return Vec::new();
    }
    let tests = Regex::new(r"\n#\[cfg\(test\)\]\n(?:#\[.*\n)?mod ").unwrap();
    let code = tests.split(&source).next().unwrap();
    let mut texts = literals(code);
    texts.retain(|text| text.trim().contains(' ') && !text.starts_with("Example"));
    texts
}

/// Every literal text of a Rust source outside comments and attributes.
fn literals(source: &str) -> Vec<String> {
    let token = concat!(
        r#"(?s)//[^\n]*|'(?:[^'\\\n]|\\.[^'\n]*)'"#,
        r#"|#!?\[(?:[^\["\]]|\[[^\]]*\]|"(?:[^"\\]|\\.)*")*\]"#,
        r##"|r#"(.*?)"#|"((?:[^"\\]|\\.)*)""##,
    );
    let continued = Regex::new(r"\\\n\s*").unwrap();
    let tokens = Regex::new(token).unwrap();
    let texts = tokens.captures_iter(source).filter_map(|found| {
        let text = found.get(1).or(found.get(2))?.as_str();
        let text = continued.replace_all(text, "").replace("\\\"", "\"");
        Some(text.replace("\\n", "\n").replace("\\\\", "\\"))
    });
    texts.collect()
}

/// What stands between the placeholders of a format, line by line; of short pieces nothing can be told.
fn fixed_parts(text: &str) -> Vec<String> {
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let placeholder = Regex::new(r"\{[^{}]*\}|\n").unwrap();
    let parts = placeholder.split(&text).map(str::trim);
    let parts = parts.filter(|part| part.chars().count() >= 4);
    parts
        .map(|part| part.replace('\u{1}', "{").replace('\u{2}', "}"))
        .collect()
}
