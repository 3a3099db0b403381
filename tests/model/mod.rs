//! Slow, literal readings of the rules on small histories, written apart from the engine and compared with it.
//!
//! [`history`] makes random histories, [`lots`] applies a lot method by plain search, [`wash`] follows the wash-sale
//! regulation share by share, [`engine`] is the program's answer in the same shape, and [`rows`] compares the two.

#![allow(dead_code)] // each test program uses a part

pub mod dense;
pub mod engine;
pub mod history;
pub mod lots;
pub mod number;
pub mod rows;
pub mod wash;
