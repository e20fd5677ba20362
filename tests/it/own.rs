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
