//! What the README shows is what the program prints. `BLESS=1 cargo test --test readme` writes it anew; read the
//! difference before keeping it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

/// What a command of the README prints, run where its files are.
fn printed(command: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = if command.contains("examples/") {
        root.to_path_buf()
    } else {
        root.join("examples")
    };
    let words = command.split_whitespace().skip(1);
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(words.map(|word| word.trim_matches('\'')))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let mut written = String::new();
    let (mut rest, mut shown) = (readme.as_str(), 0);
    while let Some((before, block)) = rest.split_once("\n$ lossoffset ") {
        let (block, behind) = block.split_once("\n```").unwrap();
        let command = format!("lossoffset {}", block.lines().next().unwrap());
        let found = printed(&command);
        let found = found.trim_end();
        written.push_str(&format!("{before}\n$ {command}\n{found}\n```"));
        (rest, shown) = (behind, shown + 1);
    }
    written.push_str(rest);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &written).unwrap();
    }
    assert!(shown >= 6, "{shown} blocks");
    assert_eq!(written, fs::read_to_string(&path).unwrap());
}
