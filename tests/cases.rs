//! Every worked case of `tests/cases` that is within `tests/cases/SUPPORTED`, judged on the real program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod judge;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use judge::{Case, Outcome};

const TIMEOUT: Duration = Duration::from_secs(10);

#[test]
fn worked_cases_come_out_as_their_sources_say() {
    let supported = supported();
    let wanted = std::env::var("CASE").unwrap_or_default().to_lowercase();
    let cases: Vec<_> = all_cases()
        .into_iter()
        .filter(|(path, case)| about(path, case).contains(&wanted))
        .collect();
    let (within, beyond): (Vec<_>, Vec<_>) = cases
        .iter()
        .partition(|(path, case)| is_within(&supported, path, case));
    let failures = judge_all(&within);
    let report: String = failures
        .iter()
        .map(|(label, problems)| format!("FAIL {label}\n  {}\n", problems.join("\n  ")))
        .collect();
    let tally = format!(
        "{} judged: {} passed, {} failed; {} beyond what is supported",
        within.len(),
        within.len() - failures.len(),
        failures.len(),
        beyond.len()
    );
    println!("{report}{tally}");
    assert!(!within.is_empty(), "no case was judged: {tally}");
    assert!(failures.is_empty(), "{tally}");
}

#[test]
fn every_supported_need_is_needed_by_a_case() {
    let cases = all_cases();
    for (country, needs) in supported() {
        let own: Vec<&Case> = cases
            .iter()
            .filter(|(path, _)| country_of(path) == country)
            .map(|(_, case)| case)
            .collect();
        assert!(!own.is_empty(), "no case of {country}");
        assert_eq!(judge::unused_needs(&needs, &own), [""; 0], "{country}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// `SUPPORTED`: the needs by country.
fn supported() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(folder().join("SUPPORTED")).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let (country, needs) = line.split_once(':').expect("COUNTRY: NEED ...");
            let needs = needs.split_whitespace().map(str::to_owned).collect();
            (country.trim().to_owned(), needs)
        })
        .collect()
}

fn all_cases() -> Vec<(PathBuf, Case)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|country| fs::read_dir(country).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let case = Case::read(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        (path, case)
    };
    paths.into_iter().map(read).collect()
}

fn country_of(path: &Path) -> &str {
    let folder = path.parent().and_then(Path::file_name);
    folder.and_then(|name| name.to_str()).unwrap_or_default()
}

fn is_within(supported: &BTreeMap<String, Vec<String>>, path: &Path, case: &Case) -> bool {
    let needs = supported.get(country_of(path));
    needs.is_some_and(|needs| case.needs.iter().all(|need| needs.contains(need)))
}

fn about(path: &Path, case: &Case) -> String {
    let name = path.strip_prefix(folder()).unwrap_or(path).display();
    let needs = case.needs.join(" ");
    format!("{name} {} {} {needs}", case.id, case.title).to_lowercase()
}

/// The cases that failed, with what is wrong, in the order given; judged on all processors.
fn judge_all(cases: &[&(PathBuf, Case)]) -> Vec<(String, Vec<String>)> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((index, (path, case))) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(index).map(|entry| (index, *entry))
                } {
                    let problems = match run(case) {
                        Ok(outcome) => case.judge(&outcome),
                        Err(problem) => vec![problem],
                    };
                    if !problems.is_empty() {
                        let name = path.strip_prefix(folder()).unwrap_or(path).display();
                        let label = format!("{}  {}  ({name})", case.id, case.title);
                        failures.lock().unwrap().insert(index, (label, problems));
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap().into_values().collect()
}

/// Runs `compute` on the case in a folder of its own.
fn run(case: &Case) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossoffset"));
    command.arg("compute").args(&case.args);
    let mut names = Vec::new();
    for (name, text) in &case.files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(|error| error.to_string())?;
        fs::write(&path, text).map_err(|error| error.to_string())?;
        // A file that is the value of an option (`--rates`) is no history.
        let is_value = |arg: &String| {
            arg == name || arg.split_once('=').is_some_and(|(_, value)| value == name)
        };
        if !case.args.iter().any(is_value) {
            names.push(name);
        }
    }
    if let Some(config) = &case.config {
        fs::write(folder.path().join("case-config.toml"), config)
            .map_err(|error| error.to_string())?;
        command.args(["--config", "case-config.toml"]);
    }
    command
        .args(["--format", "json"])
        .args(names)
        .current_dir(folder.path())
        .env("XDG_CONFIG_HOME", folder.path().join(".no-config"))
        .env("NO_COLOR", "1");
    output(command).map_err(|error| error.to_string())
}

/// What the command wrote and how it ended; it is stopped after `TIMEOUT`.
fn output(mut command: Command) -> std::io::Result<Outcome> {
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(err.try_clone()?)
        .spawn()?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > TIMEOUT {
            child.kill()?;
            child.wait()?;
            let message = format!("no answer within {} s", TIMEOUT.as_secs());
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, message));
        }
        thread::sleep(Duration::from_millis(1));
    };
    let text = |file: &mut File| -> std::io::Result<String> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Outcome {
        status: status.code(),
        out: text(&mut out)?,
        err: text(&mut err)?,
    })
}
