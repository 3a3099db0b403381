//! Writes a made-up history of a given shape: `gen_trades ROWS [--shape SHAPE] [--seed N] [--dates day|time] [-o FILE]`.

#[allow(dead_code)]
#[path = "../benches/shapes.rs"]
mod shapes;

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            eprintln!(
                "usage: gen_trades ROWS [--shape SHAPE] [--seed N] [--dates day|time] [-o FILE]\n\nshapes:"
            );
            for (name, about) in shapes::SHAPES {
                eprintln!("  {name:<11} {about}");
            }
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    let wrong = |what: String| io::Error::new(ErrorKind::InvalidInput, what);
    let (mut rows, mut shape, mut seed, mut times, mut file) =
        (None, "mixed".to_owned(), 1, true, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| wrong(format!("{word} needs a value")))
        };
        match word.as_str() {
            "--shape" => shape = value()?,
            "--seed" => {
                seed = value()?
                    .parse()
                    .map_err(|_| wrong("--seed needs a number".into()))?
            }
            "--dates" => times = value()? != "day",
            "-o" => file = Some(value()?),
            number => {
                rows = Some(
                    number
                        .parse()
                        .map_err(|_| wrong(format!("`{number}` is no number of rows")))?,
                )
            }
        }
    }
    let rows = rows.ok_or_else(|| wrong("how many rows?".into()))?;
    let mut out: Box<dyn Write> = match file {
        Some(name) => Box::new(BufWriter::with_capacity(1 << 20, File::create(name)?)),
        None => Box::new(BufWriter::with_capacity(1 << 20, io::stdout().lock())),
    };
    shapes::write(&shape, rows, seed, times, &mut out)?;
    out.flush()
}
