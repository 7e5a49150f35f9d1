//! What came of it: a row as a JSON line, all rows as a table, and progress meanwhile.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use crate::clock::{self, SECOND};
use crate::histogram::Histogram;

/// Progress is told this often, nanoseconds.
const TELL_EVERY: u64 = 2 * SECOND;

/// A line on standard error now and then, for runs that take long.
#[derive(Debug)]
pub struct Progress {
    what: String,
    last: u64,
}

impl Progress {
    /// The first line comes after two seconds.
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), last: clock::now() }
    }

    /// `now` in nanoseconds since 1970.
    pub fn tell(&mut self, now: u64, how_far: impl FnOnce() -> String) {
        if now.saturating_sub(self.last) > TELL_EVERY {
            self.last = now;
            eprintln!("{}: {}", self.what, how_far());
        }
    }
}

/// One result: names and numbers, in the order in which they were put in.
#[derive(Clone, Debug, Default)]
pub struct Row(Vec<(String, Value)>);

impl Row {
    /// Puts in what there is.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        self
    }

    /// A number, to four digits behind the point.
    pub fn number(&mut self, name: &str, value: f64) -> &mut Self {
        let value = if value.is_finite() { value } else { 0.0 };
        let text = format!("{value:.4}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        let number = serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
        self.set(name, number)
    }

    /// The quantiles of a histogram, in whole microseconds.
    pub fn latency(&mut self, name: &str, histogram: &Histogram) -> &mut Self {
        for (share, at) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            self.set(&format!("{name}_{share}_us"), histogram.quantile(at) / 1_000);
        }
        self.set(&format!("{name}_max_us"), histogram.max() / 1_000)
    }

    /// Puts another row behind this one.
    pub fn extend(&mut self, other: Self) -> &mut Self {
        other.0.into_iter().for_each(|(name, value)| {
            self.set(&name, value);
        });
        self
    }

    /// How many texts were lost, repeated or missing.
    pub fn faults(&self) -> u64 {
        let count = |name| self.value(name).and_then(Value::as_u64).unwrap_or(0);
        count("lost") + count("repeated") + count("missing")
    }

    /// A number that was put in.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.value(name)?.as_f64()
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The row as a line of JSON.
    pub fn to_line(&self) -> String {
        let name = |name: &String| Value::from(name.as_str());
        let fields = self.0.iter().map(|(known, value)| format!("{}:{value}", name(known)));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    /// Adds the line to a file.
    ///
    /// # Errors
    /// The file's.
    pub fn append(&self, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{}", self.to_line())
    }
}

/// Ends of names that are in the lines, and would make the table too wide.
const ONLY_IN_LINES: &[&str] = &["_p999_us", "_max_us", "load_cpu_us", "cpu_s"];

/// Rows under one another, a column for each name that any of them has.
pub fn table(rows: &[Row]) -> String {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.0) {
        let is_shown = !ONLY_IN_LINES.iter().any(|end| name.ends_with(end));
        if is_shown && !names.contains(&name) {
            names.push(name);
        }
    }
    let cell = |row: &Row, name: &String| match row.value(name) {
        None => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let mut lines = vec![String::new(); rows.len() + 1];
    for name in names {
        let cells: Vec<String> = rows.iter().map(|row| cell(row, name)).collect();
        let width = cells.iter().map(String::len).chain([name.len()]).max().unwrap_or(0);
        for (line, cell) in lines.iter_mut().zip([name].into_iter().chain(&cells)) {
            line.push_str(&format!("{cell:>width$}  "));
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_column_for_each_name() {
        let (mut one, mut two) = (Row::default(), Row::default());
        one.set("what", "a").number("n", 1.25);
        two.set("what", "long").set("m", 3);
        assert_eq!(table(&[one, two]), "what     n  m\n   a  1.25  -\nlong     -  3\n");
    }
}
