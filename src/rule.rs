//! A named rule: its identifier, title and citation.

pub mod us;

/// A rule of law that a figure follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Short stable name, such as `us-wash-sale`; results show it.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Section, regulation or publication.
    pub citation: &'static str,
}
