//! File and line of every row, and the names that turn them back into text.

/// One row of one input file: where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Position of the file among the inputs.
    pub file: u16,
    /// Line of the row's first character, counted from 1.
    pub line: u32,
}

/// The names of the input files, as the user typed them (`-` is standard input).
#[derive(Clone, Debug, Default)]
pub struct Sources {
    names: Vec<String>,
}

impl Sources {
    /// Adds a file and gives its position.
    pub fn add(&mut self, name: &str) -> u16 {
        self.names.push(name.to_owned());
        u16::try_from(self.names.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// The name of a file.
    pub fn name(&self, file: u16) -> &str {
        self.names
            .get(usize::from(file))
            .map_or("?", String::as_str)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// `file:line`, as results and messages show it.
    pub fn text(&self, source: Source) -> String {
        format!("{}:{}", self.name(source.file), source.line)
    }
}
