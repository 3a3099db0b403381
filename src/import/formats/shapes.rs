//! What may stand for one thing in a mapping: a word, a list or a table. Read by hand, so that a mistake inside a table is
//! named as what it is and not as a value that fits nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::mapping::{CellTable, Cells, HeaderPlace, HeaderWord, Meaning, Names};

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellsVisitor)
    }
}

struct CellsVisitor;

impl<'de> Visitor<'de> for CellsVisitor {
    type Value = Cells;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column, a list of names, or a table such as { name = \"Column\", optional = true }")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cells, E> {
        Ok(Cells::Name(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Cells, A::Error> {
        strings(list).map(Cells::AnyOf)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Cells, A::Error> {
        let table = CellTable::deserialize(MapAccessDeserializer::new(table))?;
        Ok(Cells::Table(Box::new(table)))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a list of texts")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Names, A::Error> {
        strings(list).map(Names::Many)
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MeaningVisitor)
    }
}

struct MeaningVisitor;

impl<'de> Visitor<'de> for MeaningVisitor {
    type Value = Meaning;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action such as \"buy\" or \"ignore\", or a table from the text of the first group to an action")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Meaning, E> {
        Ok(Meaning::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Meaning, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(table)).map(Meaning::ByGroup)
    }
}

impl<'de> Deserialize<'de> for HeaderPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderVisitor)
    }
}

struct HeaderVisitor;

/// `{ line = 13 }`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct AtLine {
    line: u32,
}

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = HeaderPlace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"find\", \"none\", or { line = 13 }")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<HeaderPlace, E> {
        match word {
            "find" => Ok(HeaderPlace::Word(HeaderWord::Find)),
            "none" => Ok(HeaderPlace::Word(HeaderWord::None)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<HeaderPlace, A::Error> {
        let at = AtLine::deserialize(MapAccessDeserializer::new(table))?;
        Ok(HeaderPlace::At { line: at.line })
    }
}

fn strings<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Vec<String>, A::Error> {
    let mut strings = Vec::new();
    while let Some(text) = list.next_element()? {
        strings.push(text);
    }
    Ok(strings)
}
