//! Names of users and groups: /etc/passwd and /etc/group, nothing else.

/// The name of a user; `None` for one that has no line.
pub fn user(id: u32) -> Option<Vec<u8>> {
    name_in(&std::fs::read("/etc/passwd").ok()?, id)
}

/// The name of a group; `None` for one that has no line.
pub fn group(id: u32) -> Option<Vec<u8>> {
    name_in(&std::fs::read("/etc/group").ok()?, id)
}

/// The number of a user; `None` for a name that has no line.
pub fn user_id(name: &[u8]) -> Option<u32> {
    id_in(&std::fs::read("/etc/passwd").ok()?, name)
}

/// The number of a group; `None` for a name that has no line.
pub fn group_id(name: &[u8]) -> Option<u32> {
    id_in(&std::fs::read("/etc/group").ok()?, name)
}

fn id_in(file: &[u8], name: &[u8]) -> Option<u32> {
    file.split(|b| *b == b'\n').find_map(|line| {
        let mut fields = line.split(|b| *b == b':');
        let id = (fields.next()? == name).then(|| fields.nth(1))??;
        std::str::from_utf8(id).ok()?.parse().ok()
    })
}

/// `name:password:id:…`, a line each.
fn name_in(file: &[u8], id: u32) -> Option<Vec<u8>> {
    let id = id.to_string();
    file.split(|b| *b == b'\n').find_map(|line| {
        let mut fields = line.split(|b| *b == b':');
        let name = fields.next()?;
        (fields.nth(1)? == id.as_bytes()).then(|| name.to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::{id_in, name_in};

    #[test]
    fn the_third_field_is_the_number() {
        let file = b"root:x:0:0::/root:/bin/sh\nbroken\nuser:x:1000:100::/home:\n";
        assert_eq!(name_in(file, 1000), Some(b"user".to_vec()));
        assert_eq!(name_in(file, 100), None);
        assert_eq!(id_in(file, b"user"), Some(1000));
        assert_eq!(id_in(file, b"broken"), None);
    }
}
