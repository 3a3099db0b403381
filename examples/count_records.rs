//! Counts the records of a CSV file and does nothing else: the yardstick that times are measured against.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: count_records FILE")?;
    let mut reader = csv::Reader::from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut count = 0_u64;
    while reader.read_byte_record(&mut record)? {
        count += 1;
    }
    println!("{count}");
    Ok(())
}
