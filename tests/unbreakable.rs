//! Nothing outside the program breaks it: not the text of a file, a full disk, a kill at any moment, the machine's
//! settings, or a dependency with a clock or a network.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn program(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossoffset"));
    command
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME");
    command
}

fn folder(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

/// Both streams as text.
fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

const HEADER: &str = "date,action,symbol,quantity,price,account,lot,note\n";

/// Names with a title change, a right-to-left override, a line break and a colour in them.
fn hostile() -> String {
    let (symbol, account, lot) = (
        "X\u{1b}]0;owned\u{7}Y\u{202e}Z\u{2066}",
        "\"ma\u{9b}31min\nerror: spoofed\"",
        "L\u{1b}[2J\u{61c}1",
    );
    format!(
        "{HEADER}2024-01-02,buy,{symbol},10,150.00,{account},{lot},\n\
         2024-06-03,sell,{symbol},4,100.00,{account},,\n\
         2024-06-10,buy,{symbol},4,100.00,{account},\"L\u{1b}[0m\n2\",\n"
    )
}

/// No control but tab and line feed, no mark that turns text round, and no line that a file began.
#[track_caller]
fn tame(text: &str) {
    let wild = |c: &char| {
        let bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        bidi || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    assert_eq!(text.chars().find(wild), None, "{text:?}");
    assert!(!text.contains("\nerror: spoofed"), "{text}");
}

#[test]
fn what_a_file_says_never_steers_the_terminal() {
    let folder = folder("trades.csv", &hostile());
    for arguments in [
        "compute trades.csv",
        "compute trades.csv -f markdown",
        "compute trades.csv -r disposals",
        "compute trades.csv -r adjustments",
        "lots trades.csv",
        "compare trades.csv",
        "check trades.csv",
        "explain trades.csv 2024",
    ] {
        let output = program(folder.path(), arguments).output().unwrap();
        let (out, error) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{arguments}: {error}");
        assert!(!out.is_empty(), "{arguments}");
        tame(&out);
        tame(&error);
    }
    let lots = program(folder.path(), "lots trades.csv -f json").output();
    let found: serde_json::Value = serde_json::from_slice(&lots.unwrap().stdout).unwrap();
    for lot in found["lots"].as_array().unwrap() {
        let mut command = program(folder.path(), "explain trades.csv");
        let output = command.arg(lot["id"].as_str().unwrap()).output().unwrap();
        let (out, error) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{error}");
        tame(&out);
        tame(&error);
    }
}

#[test]
fn errors_about_hostile_text_do_not_steer_the_terminal() {
    let cells = [
        "\u{1b}[2J",
        "a\u{202e}b",
        "\"x\nerror: spoofed\"",
        "\u{9b}31m\u{7}",
    ];
    for cell in cells {
        for row in [
            format!("{cell},buy,X,1,1,,,"),
            format!("2024-01-02,{cell},X,1,1,,,"),
            format!("2024-01-02,sell,{cell},1,1,,,"),
            format!("2024-01-02,buy,X,{cell},1,,,"),
            format!("2024-01-02,sell,X,1,1,{cell},{cell},"),
        ] {
            for country in ["us", "uk"] {
                let folder = folder("trades.csv", &format!("{HEADER}{row}\n"));
                let arguments = format!("compute trades.csv -j {country}");
                let output = program(folder.path(), &arguments).output().unwrap();
                let (out, error) = texts(&output);
                assert_eq!(
                    (output.status.code(), out.as_str()),
                    (Some(1), ""),
                    "{row:?}"
                );
                tame(&error);
            }
        }
        let header = format!("{},{cell}\n", HEADER.trim_end());
        let folder = folder("trades.csv", &format!("{header}2024-01-02,buy,X,1,1,,,,\n"));
        for arguments in [
            "compute trades.csv",
            "check trades.csv",
            "formats guess trades.csv",
        ] {
            let (out, error) = texts(&program(folder.path(), arguments).output().unwrap());
            tame(&out);
            tame(&error);
        }
    }
}

#[cfg(unix)]
#[test]
fn the_name_of_a_file_does_not_steer_the_terminal() {
    let name = "a\u{1b}[31m\nerror: spoofed\u{202e}.csv";
    let (good, wrong) = (
        "2024-01-02,buy,X,1,1,,,\n",
        "2024-01-02,buy,X,\u{1b}ten,1,,,\n",
    );
    for rows in [good, wrong, "2024-01-02,buy,X\u{ff},1,1,,,\n"] {
        let folder = folder(name, &format!("{HEADER}{rows}"));
        for command in ["compute", "check", "lots", "formats guess"] {
            let output = program(folder.path(), command).arg(name).output();
            let (out, error) = texts(&output.unwrap());
            tame(&out);
            tame(&error);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for arguments in ["compute", "formats guess", "compute x.csv -o"] {
        let output = program(folder.path(), arguments)
            .arg(format!("no/{name}"))
            .output()
            .unwrap();
        tame(&texts(&output).1);
    }
}

#[test]
fn a_spreadsheet_never_gets_a_live_formula() {
    let live = [
        "=1+2",
        "+1",
        "-1+2",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "\"=HYPERLINK(\"\"http://x\"\")\"",
    ];
    let mut text = HEADER.to_owned();
    for (at, name) in live.iter().enumerate() {
        let day = at + 2;
        let _ = writeln!(
            text,
            "2024-01-{day:02},buy,{name},10,1.00,{name},{name},\n2024-06-{day:02},sell,{name},4,0.50,{name},,"
        );
    }
    let folder = folder("=trades.csv", &text);
    for report in ["disposals", "lots", "adjustments", "years"] {
        for format in ["csv", "tsv"] {
            let arguments = format!("compute =trades.csv -r {report} -f {format} --excel");
            let (out, error) = texts(&program(folder.path(), &arguments).output().unwrap());
            assert!(out.starts_with('\u{feff}'), "{error}");
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(if format == "csv" { b',' } else { b'\t' })
                .from_reader(out.trim_start_matches('\u{feff}').as_bytes());
            for row in reader.records() {
                for cell in &row.unwrap() {
                    let number = cell.parse::<f64>().is_ok();
                    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
                    assert!(number || !runs, "{cell:?} in {out}");
                }
            }
        }
    }
    // Without the option the text is what it was.
    let plain = program(folder.path(), "compute =trades.csv -r lots -f csv").output();
    assert!(texts(&plain.unwrap()).0.contains(",=1+2,"));
}

/// Enough rows of many symbols to be matched on several threads; losses and replacements among them.
fn many_trades(rows: u64) -> String {
    let mut text = String::from("date,action,symbol,quantity,price,account\n");
    let mut dice = 1_u64;
    let mut roll = |sides: u64| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let mut held = vec![0_u64; 60];
    for row in 0..rows {
        let day = row * 1000 / rows;
        let (year, month, day) = (2021 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        let symbol = roll(held.len() as u64);
        let units = &mut held[symbol as usize];
        let (action, quantity) = if *units > 10 && roll(2) == 0 {
            ("sell", 1 + roll(9))
        } else {
            ("buy", 1 + roll(20))
        };
        *units = if action == "buy" {
            *units + quantity
        } else {
            *units - quantity
        };
        let (whole, cents, account) = (5 + roll(90), roll(100), symbol % 3);
        let _ = writeln!(
            text,
            "{year}-{month:02}-{day:02},{action},S{symbol},{quantity},{whole}.{cents:02},a{account}"
        );
    }
    text
}

#[test]
fn the_machine_does_not_change_a_byte() {
    let folder = folder("trades.csv", &many_trades(45_000));
    let with = |command: &mut Command, zone: &str, locale: &str| {
        let command = command
            .env("TZ", zone)
            .env("LANG", locale)
            .env("LC_ALL", locale);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", texts(&output).1);
        (output.stdout, output.stderr)
    };
    let arguments = "compute trades.csv -f json";
    let first = with(&mut program(folder.path(), arguments), "UTC", "C");
    for (zone, locale) in [
        ("Asia/Tokyo", "de_DE.UTF-8"),
        ("America/New_York", "tr_TR.UTF-8"),
    ] {
        assert!(
            first == with(&mut program(folder.path(), arguments), zone, locale),
            "{zone} {locale}"
        );
    }
    // On one core there is one thread.
    let mut one = Command::new("taskset");
    one.args(["-c", "0", env!("CARGO_BIN_EXE_lossoffset")])
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env("HOME", folder.path());
    if Command::new("taskset").arg("--version").output().is_ok() {
        assert!(first == with(&mut one, "UTC", "C"), "one core");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_leaves_what_was_there() {
    let full = "No space left on device (os error 28)\n";
    let folder = folder("trades.csv", &many_trades(400));
    let output = program(folder.path(), "compute trades.csv -f csv -o /dev/full")
        .output()
        .unwrap();
    assert_eq!(
        texts(&output),
        (
            String::new(),
            format!("error: cannot write /dev/full: {full}")
        )
    );
    assert_eq!(output.status.code(), Some(1));
    for arguments in [
        "compute trades.csv",
        "compute trades.csv -f json",
        "check trades.csv",
        "lots trades.csv",
        "man",
        "completions bash",
        "formats",
        "formats show schwab",
        "jurisdictions",
    ] {
        let device = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = program(folder.path(), arguments)
            .stdout(device)
            .output()
            .unwrap();
        let error = texts(&output).1;
        assert!(
            error.ends_with(&format!("error: cannot write standard output: {full}")),
            "{arguments}: {error}"
        );
        assert_eq!(output.status.code(), Some(1), "{arguments}");
    }
    // A limit on the size of files stands for a disk that fills up on the way.
    let target = folder.path().join("out.csv");
    fs::write(&target, "old").unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 4; exec \"$0\" compute trades.csv -f csv -o out.csv",
        ])
        .arg(env!("CARGO_BIN_EXE_lossoffset"))
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    assert_eq!(
        texts(&output).1,
        "error: cannot write out.csv: File too large (os error 27)\n"
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("secret.csv", HEADER);
    let secret = folder.path().join("secret.csv");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o0)).unwrap();
    let refused = |arguments: &str| {
        let output = program(folder.path(), arguments).output().unwrap();
        assert_eq!(
            (output.status.code(), texts(&output).0),
            (Some(1), String::new())
        );
        texts(&output).1
    };
    // Root may read everything.
    if fs::read(&secret).is_err() {
        assert_eq!(
            refused("compute secret.csv"),
            "error: no permission to read `secret.csv`\n |\n = help: allow yourself to read it, or name a copy that you may read\n"
        );
    }
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert_eq!(
        refused("compute folder"),
        "error: `folder` is a folder, not a file\n |\n = help: name the files in it: `folder/*.csv`\n"
    );
}

#[test]
fn a_line_longer_than_any_table_has_is_refused() {
    let mut text = String::from("date,action,symbol,quantity,price\n2024-01-02,buy,");
    text.push_str(&"X".repeat((64 << 20) + 1));
    text.push_str(",1,1\n");
    let folder = folder("long.csv", &text);
    let output = program(folder.path(), "compute long.csv").output().unwrap();
    let error = texts(&output).1;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.starts_with("error: a line of 64 MiB: at most 64 are read\n"),
        "{error:.300}"
    );
    assert!(error.len() < 2000, "{} bytes", error.len());
}

#[test]
fn a_long_cell_is_not_repeated_whole() {
    let rows = format!("2024-01-02,{},X,1,1,,,\n", "y".repeat(1 << 20));
    let folder = folder("long.csv", &format!("{HEADER}{rows}"));
    let output = program(folder.path(), "compute long.csv").output().unwrap();
    let error = texts(&output).1;
    assert_eq!(output.status.code(), Some(1));
    assert!(error.len() < 20_000, "{} bytes", error.len());
}

/// A workbook of one sheet, from the XML of its cells: an archive without compression.
fn workbook(cells: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    let files = [
        (
            "_rels/.rels",
            "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", &sheet),
    ];
    let (mut archive, mut index) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let (offset, length) = (archive.len() as u32, text.len() as u32);
        let mut head = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        for number in [crc32(text.as_bytes()), length, length] {
            head.extend(number.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&head);
        archive.extend(name.bytes().chain(text.bytes()));
        index.extend(b"PK\x01\x02\x14\x00");
        index.extend(&head);
        index.extend([0; 10]);
        index.extend(offset.to_le_bytes());
        index.extend(name.bytes());
    }
    let (start, length, count) = (archive.len() as u32, index.len() as u32, files.len() as u8);
    archive.extend(index);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, 0, count, 0]);
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
        })
    })
}

#[test]
fn a_cell_at_the_far_end_of_a_sheet_does_not_ask_for_all_memory() {
    let row = |number: u32, cells: &[(&str, &str)]| {
        let cell = |(place, text): &(&str, &str)| {
            format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        };
        let cells: String = cells.iter().map(cell).collect();
        format!("<row r=\"{number}\">{cells}</row>")
    };
    let header = [
        ("B3", "date"),
        ("C3", "action"),
        ("D3", "symbol"),
        ("E3", "quantity"),
        ("F3", "price"),
    ];
    let first = [
        ("B5", "2024-01-02"),
        ("C5", "buy"),
        ("D5", "X"),
        ("E5", "10"),
        ("F5", "1.5"),
    ];
    let plain = row(3, &header) + &row(5, &first);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trades.xlsx");
    fs::write(&path, workbook(&plain)).unwrap();
    let lots = || {
        program(folder.path(), "lots trades.xlsx -f csv")
            .output()
            .unwrap()
    };
    let (out, error) = texts(&lots());
    assert!(
        out.contains(",10,15.00,") && out.contains("trades.xlsx:5"),
        "{out}{error}"
    );
    for far in [
        "A1048576",
        "XFD1048576",
        "ZZZZZZ1048576",
        "A4294967296",
        "A99999999999999999999",
        "A0",
        "1",
        "A",
    ] {
        let number = far.trim_start_matches(char::is_alphabetic);
        let cells = format!("{plain}<row r=\"{number}\"><c r=\"{far}\"><v>1</v></c></row>");
        fs::write(&path, workbook(&cells)).unwrap();
        let output = lots();
        let (_, error) = texts(&output);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{far}: {error}"
        );
        assert!(!error.contains("panicked"), "{far}: {error}");
    }
}

/// Killed at random moments while it writes: `KILLS` times, 200 where that is not set.
#[cfg(unix)]
#[test]
#[ignore = "takes minutes; run it after changes to output/file.rs"]
fn a_kill_leaves_the_old_file_or_the_new_one() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};
    let kills: u64 = std::env::var("KILLS").map_or(200, |text| text.parse().unwrap());
    let folder = folder("trades.csv", &many_trades(4_000));
    let target = folder.path().join("out.csv");
    let arguments = "compute trades.csv -f json -o out.csv";
    let run = || {
        let begin = Instant::now();
        let output = program(folder.path(), arguments).output().unwrap();
        assert!(output.status.success());
        begin.elapsed()
    };
    // The least, since the first run reads the program from the disk.
    let whole = run().min(run()).min(run());
    let new = fs::read(&target).unwrap();
    let (mut kept, mut replaced, mut ended, mut parts) = (0, 0, 0, 0);
    for kill in 0..kills {
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        let mut child = program(folder.path(), arguments)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Half of the kills fall into the last third, where the file is written.
        let part = if kill % 2 == 0 {
            kill * 97 % 1100
        } else {
            650 + kill * 61 % 450
        };
        std::thread::sleep(Duration::from_nanos(
            u64::try_from(whole.as_nanos()).unwrap() / 1000 * part,
        ));
        let _ = child.kill();
        ended += u64::from(child.wait().unwrap().success());
        match fs::read(&target).unwrap() {
            found if found == b"old" => kept += 1,
            found if found == new => replaced += 1,
            found => panic!("kill {kill}: {} bytes, neither old nor new", found.len()),
        }
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "kill {kill}");
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "part") {
                parts += 1;
                fs::remove_file(path).unwrap();
            }
        }
    }
    println!(
        "{kills} kills within {whole:?}: {kept} old, {replaced} new, {ended} had ended, {parts} parts left"
    );
    assert!(kept > 0 && replaced > 0);
    // Only a kill between the name and the replacement leaves a part.
    assert!(!cfg!(target_os = "linux") || parts <= kills / 50, "{parts}");
}

/// Crates that open connections, ask for the time of day, or read the machine's zone.
const BANNED: [&str; 22] = [
    "reqwest",
    "hyper",
    "ureq",
    "curl",
    "isahc",
    "attohttpc",
    "minreq",
    "socket2",
    "mio",
    "tokio",
    "async-std",
    "smol",
    "quinn",
    "rustls",
    "native-tls",
    "openssl",
    "hickory-resolver",
    "trust-dns-resolver",
    "time",
    "iana-time-zone",
    "localtime",
    "jiff",
];

#[test]
fn no_dependency_has_a_clock_or_a_network() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--edges",
            "normal,build",
            "--target",
            "all",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let (tree, error) = texts(&tree);
    assert!(tree.starts_with("lossoffset "), "{error}");
    let mut chrono = false;
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        assert!(!BANNED.contains(&name), "{line}");
        if name == "chrono" {
            chrono = true;
            let features = line.split(' ').nth(2).unwrap_or_default();
            let clock = |feature: &str| ["clock", "now", "default"].contains(&feature);
            assert!(!features.split(',').any(clock), "{line}");
        }
    }
    assert!(
        chrono,
        "the date library has another name: look at its features too"
    );
}

#[test]
fn no_source_asks_for_the_time_or_opens_a_connection() {
    let mut ahead = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("tests.rs")
        {
            let text = fs::read_to_string(&path).unwrap();
            for word in [
                "SystemTime",
                "Instant::",
                "std::net",
                "Local::now",
                "Utc::now",
            ] {
                assert!(!text.contains(word), "{word} in {}", path.display());
            }
        }
    }
}

/// Settings and arguments with line ends, colours and marks that turn text round.
#[test]
fn neither_settings_nor_arguments_begin_a_line_or_steer_a_terminal() {
    const VALUE: &str = "x\\nerror: spoofed\\u001b[31m\\u202e";
    for text in [
        format!("method = \"{VALUE}\"\n"),
        format!("\"{VALUE}\" = 1\n"),
        format!("timezone = \"{VALUE}\"\n"),
        format!("date-format = \"{VALUE}\"\n"),
        format!("year = \"{VALUE}\"\n"),
        format!("carry-in = {{ \"{VALUE}\" = 1 }}\n"),
        format!("[accounts.a]\nkind = \"{VALUE}\"\n"),
        format!("[accounts.a]\nmethod = \"{VALUE}\"\n"),
        format!("[us]\n\"{VALUE}\" = \"yes\"\n"),
        format!("[us]\nrounding = \"{VALUE}\"\n"),
        format!("[us.taxable_income]\n\"{VALUE}\" = 1\n"),
        format!("[actions]\na = \"{VALUE}\"\n"),
        format!("[crypto]\nallocation = \"{VALUE}\"\n"),
        format!("[formats.x]\n\"{VALUE}\" = 1\n"),
    ] {
        let folder = folder("lossoffset.toml", &text);
        fs::write(
            folder.path().join("a.csv"),
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,1,1\n",
        )
        .unwrap();
        let output = program(folder.path(), "compute a.csv").output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{text}");
        tame(&texts(&output).1);
    }
    let value = "x\nerror: spoofed\u{1b}[31m\u{202e}";
    for before in [
        "compute a.csv --method",
        "compute a.csv -o no/such/folder/",
        "compute a.csv -y",
        "compute a.csv --timezone",
        "compute a.csv --date-format",
        "compute a.csv --",
        "compute",
        "explain a.csv",
        "formats show",
        "jurisdictions show",
        "man",
        "reconcile a.csv --with a.csv --account",
    ] {
        let folder = folder(
            "a.csv",
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,1,1\n",
        );
        let mut words: Vec<String> = before.split_whitespace().map(str::to_owned).collect();
        // A folder or two dashes stand right before the value.
        match words.last_mut() {
            Some(last) if last.ends_with('/') || last == "--" => last.push_str(value),
            _ => words.push(value.to_owned()),
        }
        let output = program(folder.path(), "").args(words).output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{before}");
        tame(&texts(&output).1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    let folder = folder("a.csv", "");
    for arguments in ["--help", "--version", "compute --help", "formats"] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = program(folder.path(), arguments)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        let said = texts(&output).1;
        assert!(
            said.starts_with("error: cannot write standard output: "),
            "{said}"
        );
    }
}

/// A pipe is read once: that it cannot be shown again must not make the program wait for another writer.
#[cfg(unix)]
#[test]
fn a_pipe_is_not_opened_again_to_show_a_row() {
    let mut rows = String::from("date,action,symbol,quantity,price\n2024-01-02,buy,X,zz,1\n");
    while rows.len() < 33 << 20 {
        rows.push_str("2024-01-03,buy,XYZ,10,150.00\n");
    }
    let folder = folder("-", "a\nfile\nof this name\n");
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for arguments in ["compute pipe", "compute -"] {
        let mut reader = program(folder.path(), arguments);
        let (reader, writer): (_, Box<dyn std::io::Write + Send>) = if arguments.ends_with("pipe") {
            let reader = reader.stderr(std::process::Stdio::piped()).spawn().unwrap();
            (
                reader,
                Box::new(fs::OpenOptions::new().write(true).open(&pipe).unwrap()),
            )
        } else {
            reader.stdin(std::process::Stdio::piped());
            let mut reader = reader.stderr(std::process::Stdio::piped()).spawn().unwrap();
            let stdin = reader.stdin.take().unwrap();
            (reader, Box::new(stdin))
        };
        let mut writer = writer;
        writer.write_all(rows.as_bytes()).unwrap();
        drop(writer);
        let said = texts(&reader.wait_with_output().unwrap()).1;
        assert!(said.starts_with("error: `zz` is not a number"), "{said}");
        assert!(!said.contains("file"), "{said}");
    }
}
