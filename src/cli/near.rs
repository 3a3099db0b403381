//! The name that was perhaps meant.

/// Of the names known, the one most like a name that is not; case does not count.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing takes time by the product of both lengths.
    const LONGEST: usize = 64;
    if name.len() > LONGEST {
        return None;
    }
    let wanted = name.to_lowercase();
    let alike = |known: &'a str| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known);
    known
        .into_iter()
        .filter(|known| known.len() <= LONGEST)
        .map(alike)
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
