//! A page for a reader: headings, grids of finished text, remarks. Lines of a grid are made when they are laid out, so
//! that a long one need not be held.

/// What a person reads.
#[derive(Default)]
pub struct Page<'a> {
    /// From top to bottom.
    pub blocks: Vec<Block<'a>>,
}

/// A part of a page.
pub enum Block<'a> {
    /// The title of what follows.
    Heading(String),
    /// A table.
    Grid(Grid<'a>),
    /// Sentences, one a line.
    Remarks(Vec<String>),
    /// An account: lines with amounts, each with notes on where it stands, and their total.
    Entries(Vec<Entry>),
}

/// A line of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// What the account is of.
    Head(String),
    /// A line, and what is noted under it.
    Line {
        /// What it says.
        text: String,
        /// Its amount, if it has one.
        amount: Option<String>,
        /// Where it stands.
        notes: Vec<String>,
    },
    /// What the lines come to.
    Total {
        /// What it is called.
        text: String,
        /// The amount.
        amount: String,
    },
}

/// A table of finished text.
pub struct Grid<'a> {
    /// Its columns.
    pub columns: Vec<GridColumn>,
    /// Hands every line to the function given, in order; called once to measure and once to write.
    pub lines: Lines<'a>,
}

/// What hands every line of a grid to the function given.
pub type Lines<'a> = Box<dyn Fn(&mut dyn FnMut(Line)) + 'a>;

/// A column of a grid.
#[derive(Clone, Debug)]
pub struct GridColumn {
    /// Its heading.
    pub head: String,
    /// What it holds.
    pub kind: Kind,
    /// 0: stays. Where the terminal is too narrow, columns of the highest rank are left out first.
    pub rank: u8,
    /// The width it has at least, so that tables under each other line up.
    pub least: usize,
}

/// What a column of a grid holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Names and sentences: on the left, cut where there is no room.
    Text,
    /// Dates and words: on the left, never cut.
    Word,
    /// Numbers: on the right, never cut.
    Number,
}

impl GridColumn {
    /// A column of text.
    pub fn text(head: &str) -> Self {
        Self::new(head, Kind::Text)
    }

    /// A column of dates or words.
    pub fn word(head: &str) -> Self {
        Self::new(head, Kind::Word)
    }

    /// A column of numbers.
    pub fn number(head: &str) -> Self {
        Self::new(head, Kind::Number)
    }

    fn new(head: &str, kind: Kind) -> Self {
        Self {
            head: head.to_owned(),
            kind,
            rank: 0,
            least: 0,
        }
    }

    /// One that may be left out where there is no room: the highest rank first.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// One that is at least this wide.
    #[must_use]
    pub fn least(mut self, least: usize) -> Self {
        self.least = least;
        self
    }
}

/// A line of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A row.
    Row(Vec<String>),
    /// A row of totals.
    Total(Vec<String>),
    /// A rule over the numbers.
    Rule,
    /// An empty line.
    Gap,
}

impl<'a> Grid<'a> {
    /// A grid whose lines are already there.
    pub fn of(columns: Vec<GridColumn>, lines: Vec<Line>) -> Self {
        Self {
            columns,
            lines: Box::new(move |each| lines.iter().cloned().for_each(each)),
        }
    }
}

impl<'a> Page<'a> {
    /// With a heading at the end.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// With a table at the end.
    pub fn grid(&mut self, grid: Grid<'a>) {
        self.blocks.push(Block::Grid(grid));
    }

    /// With an account at the end.
    pub fn entries(&mut self, entries: Vec<Entry>) {
        self.blocks.push(Block::Entries(entries));
    }

    /// With a sentence at the end.
    pub fn remark(&mut self, text: impl Into<String>) {
        if let Some(Block::Remarks(lines)) = self.blocks.last_mut() {
            lines.push(text.into());
        } else {
            self.blocks.push(Block::Remarks(vec![text.into()]));
        }
    }
}
