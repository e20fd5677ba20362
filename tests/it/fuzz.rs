//! What fuzzing has found and begun with, gone through again with the built program: an exit
//! status, not a signal, in a few seconds, and nothing that is not wanted on standard output.

use std::path::Path;

use crate::lab::{Lab, Tool};
use crate::played::Answers;

#[path = "../fuzz/src/doors.rs"]
pub mod doors;

/// What makes that is shown no lines: messages as they are; names to complete with; and addresses
/// that are monitored in brief form, as the reference shows them.
const NO_LINES: &[&[u8]] = &[b"save", b"__complete", b"-br"];

#[test]
fn the_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (name, door) in doors::DOORS {
        let mut count = 0;
        let mut lab = Lab::new();
        for entry in std::fs::read_dir(corpus.join(name)).expect("a corpus for each door") {
            let path = entry.unwrap().path();
            let Some(call) = door(&std::fs::read(&path).unwrap()) else { continue };
            if count % 200 == 0 {
                lab = Lab::new();
            }
            lab.fill_etc(&call.files);
            let words = &call.words;
            let out = match call.answers {
                Some(answers) => lab.played_words(Tool::Ours, words, Answers::InTurn(answers)),
                None => lab.exec(Tool::Ours, words, &call.input, call.powerless),
            };
            assert!((0..=255).contains(&out.status) && !out.killed, "{}: {out}", path.display());
            assert!(!out.err().contains("panicked"), "{}: {out}", path.display());
            if words.iter().any(|w| w == b"-j") {
                json_lines(&out.out(), &path);
            } else if !words.iter().any(|w| NO_LINES.contains(&&**w)) {
                // Half a record would end in a line without its end.
                let whole = out.stdout.is_empty() || out.stdout.ends_with(b"\n");
                assert!(whole, "{}: {out}", path.display());
            }
            count += 1;
        }
        assert!(count > 3, "corpus/{name} holds nothing to speak of");
    }
}

/// Half a record would leave a bracket open.
pub fn json_lines(text: &str, path: &Path) {
    let (mut depth, mut quoted, mut escaped) = (0i32, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        assert!(depth >= 0, "{}: {text}", path.display());
    }
    assert!(depth == 0 && !quoted, "{}: {text}", path.display());
}

/// The doors are built with unstable flags, by nobody who only runs the tests; so at least they are
/// made of the same files as the program.
#[test]
fn the_doors_have_every_module_of_the_program() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |name: &str| std::fs::read_to_string(root.join(name)).expect("a file of text");
    let (program, doors) = (text("src/main.rs"), text("tests/fuzz/src/lib.rs"));
    let modules: Vec<&str> = program.lines().filter_map(|l| l.strip_prefix("mod ")).collect();
    assert!(modules.len() > 10, "{modules:?}");
    for module in modules {
        let name = module.trim_end_matches(';');
        // A file beside the folder of its modules would not find them from there.
        let alone = !root.join("src").join(name).is_dir();
        let file = if alone { format!("{name}.rs") } else { format!("{name}/mod.rs") };
        assert!(root.join("src").join(&file).exists(), "src/{file}");
        let lines = format!("#[path = \"../../../src/{file}\"]\nmod {name};\n");
        assert!(doors.contains(&lines), "tests/fuzz/src/lib.rs lacks\n{lines}");
    }
}
