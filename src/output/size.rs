//! Counters for people: `1.5k`, `23.4Mi`.

/// How counters are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Human {
    #[default]
    Off,
    /// Powers of 1000.
    Si,
    /// Powers of 1024, with an `i` in the suffix.
    Iec,
}

/// Below the base unchanged; above it two digits after the point below 10, one below 100,
/// none above (observed in iproute2).
#[allow(clippy::cast_precision_loss)] // three digits are shown
pub fn human(v: u64, how: Human) -> String {
    let (base, mark) = match how {
        Human::Off => return v.to_string(),
        Human::Si => (1000u64, ""),
        Human::Iec => (1024, "i"),
    };
    if v < base {
        return v.to_string();
    }
    let mut suffix = "kMGTPE".chars();
    let mut unit = suffix.next().unwrap_or('k');
    let mut power = base;
    for next in suffix {
        if v / power < base {
            break;
        }
        power *= base;
        unit = next;
    }
    let scaled = v as f64 / power as f64;
    let decimals = match v / power {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    format!("{scaled:.decimals$}{unit}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_suffix() {
        assert_eq!(human(999, Human::Si), "999");
        assert_eq!(human(1000, Human::Si), "1.00k");
        assert_eq!(human(23456, Human::Si), "23.5k");
        assert_eq!(human(1_048_576, Human::Iec), "1.00Mi");
        assert_eq!(human(u64::MAX, Human::Si), "18.4E");
    }
}
