//! The fuzz targets (`fuzz/`) on stable, bounded: each runs over its corpus and over so many
//! mutations of it that the whole takes seconds. `HUBBUB_FUZZ_RUNS` says how many more, and
//! `HUBBUB_FUZZ_SEED` which. What a target fails on is left in the folder for temporary files of
//! tests, to become a file of its corpus.

#[path = "../fuzz/src/lib.rs"]
mod bodies;
mod mutate;

use std::fs;
use std::path::{Path, PathBuf};

use crate::fronts::vectors::{Vector, vectors};
use bodies::TARGETS;
use mutate::Mutator;

/// Mutations of each target in `cargo test`.
const RUNS: u64 = 3_000;

/// Bytes. What is longer is slow and finds nothing that the limits' own tests do not.
const MAX_INPUT: usize = 20_000;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// What a target begins with, always in the same order: its corpus, and the vectors of
/// docs/protocol.md that it reads, of which the corpus may not have the newest.
/// `HUBBUB_FUZZ_WRITE=1` puts those into it, for cargo-fuzz.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut seeds: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    for Vector { bytes, .. } in vectors().into_iter().filter(|vector| is_for(target, vector)) {
        if !bytes.is_empty() && !seeds.contains(&bytes) {
            if std::env::var_os("HUBBUB_FUZZ_WRITE").is_some() {
                let name = format!("vector-{:08x}", mutate::checksum(&bytes));
                fs::write(corpus(target).join(name), &bytes).unwrap();
            }
            seeds.push(bytes);
        }
    }
    seeds
}

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}

fn run(target: &str) {
    let body = TARGETS.iter().find(|row| row.0 == target).expect(target).1;
    let seeds = seeds(target);
    seeds.iter().for_each(|seed| attempt(target, body, seed));
    let mut mutator = Mutator::new(from_environment("HUBBUB_FUZZ_SEED", 1), seeds);
    for _ in 0..from_environment("HUBBUB_FUZZ_RUNS", RUNS) {
        attempt(target, body, &mutator.next(MAX_INPUT));
    }
}

/// One run. Who panics leaves its bytes behind.
fn attempt(target: &str, body: fn(&[u8]), bytes: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| body(bytes)) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
        fs::write(&path, bytes).unwrap();
        eprintln!("{target} fails on {}: {}", path.display(), bytes.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn frames_bear_any_bytes() {
    run("frames");
}

#[test]
fn lines_bear_any_bytes() {
    run("lines");
}

#[test]
fn telnet_changes_no_line() {
    run("telnet");
}

#[test]
fn the_choice_of_a_language_bears_any_bytes() {
    run("sniff");
}

#[test]
fn the_client_bears_any_server() {
    run("hear");
}

#[test]
fn an_import_bears_any_file() {
    run("export");
}

#[test]
fn every_target_is_run_and_is_one_of_cargo_fuzz() {
    let here = include_str!("fuzz.rs");
    let manifest = include_str!("../fuzz/Cargo.toml");
    for (name, _) in TARGETS {
        assert!(here.contains(&format!("run(\"{name}\");")), "{name} is not run here");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/");
        assert!(!seeds(name).is_empty(), "{name} has no corpus");
    }
}

/// The vectors of docs/protocol.md that a target begins with: those it reads.
fn is_for(target: &str, vector: &Vector) -> bool {
    match target {
        "frames" => vector.from_client && vector.language == "frame",
        "lines" | "telnet" => vector.from_client && vector.language == "line",
        "hear" => !vector.from_client && vector.language == "frame",
        "sniff" => vector.from_client,
        _ => false,
    }
}
