//! Verbs of our own: an option that would say nothing is refused, not passed over.

use crate::lab::Lab;

#[test]
fn an_option_that_says_nothing_is_refused() {
    let lab = Lab::new();
    lab.run_sh("printf '# Page\\n\\n    $ true\\n' >/tmp/page.md; printf 'host red\\n' >/tmp/net");
    for line in [
        "doctor --yes",
        "doctor --probe",
        "doctor -p",
        "draw -p",
        "draw --ascii --dot",
        "draw --width 80 --json",
        "netns del --timeout 5 red",
        "lab build --here --keep kept /tmp/net",
        "lab build --here --no-lan /tmp/net",
    ] {
        let out = lab.run("ipbox", line);
        assert_eq!((out.status, out.out().as_str()), (2, ""), "{line}: {out}");
        assert!(out.err().starts_with("error: "), "{line}: {out}");
    }
    let out = lab.run("ipbox", "lab run /tmp/page.md word");
    assert!(out.status != 0 && out.err().contains("a page takes no words: word"), "{out}");
}

#[test]
fn what_is_missing_is_told_in_words_of_ours() {
    let lab = Lab::new();
    for (line, status, says) in [
        ("lab run /nonexistent", 125, "ipbox lab: /nonexistent: No such file or directory\n"),
        ("draw --svg /no/such/dir", 1, "ipbox draw: /no/such/dir: No such file or directory\n"),
    ] {
        let out = lab.run("ipbox", line);
        assert_eq!((out.status, out.err().as_str()), (status, says), "{line}: {out}");
    }
    let out = lab.run("ipbox", "lab build");
    assert!(out.err().contains("\nUsage: ipbox lab build <FILE>"), "{out}");
}
