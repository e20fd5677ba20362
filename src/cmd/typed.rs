//! Names and rules as words of a shell: what is printed as a command does that and nothing else,
//! whatever a container has called its devices, chains and comments.

use crate::cmd::iptables::spell;

/// A name as one word, in quotes where a shell would make something else of it.
pub fn word(name: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._:@+=,/%-".contains(b);
    let text = String::from_utf8_lossy(name).into_owned();
    if !name.is_empty() && name.iter().all(plain) || text == "!" {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A rule in the words of iptables, each of them one word.
pub fn rule(text: &[u8]) -> String {
    let words: Vec<String> = spell::split(text).iter().map(|w| word(w)).collect();
    words.join(" ")
}

/// A name as `nft` takes it, which has words of its own to end one; `None` where it cannot be said.
pub fn nft(name: &[u8]) -> Option<String> {
    let (first, rest) = name.split_first()?;
    let good = |b: &u8| b.is_ascii_alphanumeric() || b"_-./".contains(b);
    (first.is_ascii_alphabetic() && rest.iter().all(good)).then(|| word(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_whatever_is_in_it() {
        assert_eq!(word(b"veth-red.100"), "veth-red.100");
        assert_eq!(word(b"x;reboot"), "'x;reboot'");
        assert_eq!(word(b"$(id)`id`"), "'$(id)`id`'");
        assert_eq!(word(b"it's"), r"'it'\''s'");
        assert_eq!(word(b""), "''");
    }

    #[test]
    fn a_rule_keeps_its_words() {
        let text = br#"-A FORWARD ! -i x;id -m comment --comment "two $(id) \"q\"" -j ACCEPT"#;
        let shown = r#"-A FORWARD ! -i 'x;id' -m comment --comment 'two $(id) "q"' -j ACCEPT"#;
        assert_eq!(rule(text), shown);
    }

    #[test]
    fn nft_gets_no_name_that_ends_before_its_end() {
        assert_eq!(nft(b"filter").as_deref(), Some("filter"));
        assert_eq!(nft(b"x; flush ruleset"), None);
        assert_eq!(nft(b"1"), None);
        assert_eq!(nft(b""), None);
    }
}
