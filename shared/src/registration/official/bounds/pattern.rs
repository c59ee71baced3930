//! How much a pattern comes to, by the letters it repeats.

/// What a class of letters beyond ASCII costs, in single letters: its automaton has a branch for each range of bytes.
const CLASS: u64 = 16;
/// What digits cost: the class holds those of every script.
const DIGITS: u64 = 4;

/// Gives the number of letters of a pattern, each as often as it may repeat and classes by their cost; saturates.
///
/// It reads more leniently than the pattern's compiler, and never counts less than stands there.
pub(super) fn letters(pattern: &str) -> u64 {
    // The sums of the open parentheses, outermost first, and what the next quantifier repeats.
    let mut sums: Vec<u64> = vec![0];
    let mut last = 0;
    let mut rest = pattern.chars();
    while let Some(letter) = rest.next() {
        let cost = match letter {
            '(' => {
                add(&mut sums, last);
                sums.push(0);
                last = 0;
                continue;
            }
            ')' if sums.len() > 1 => {
                add(&mut sums, last);
                last = sums.pop().unwrap_or_default();
                continue;
            }
            '{' => {
                let inside: String = rest.by_ref().take_while(|letter| *letter != '}').collect();
                last = last.saturating_mul(most(&inside));
                continue;
            }
            '\\' => escaped(&mut rest),
            '[' => class(&mut rest),
            '.' => DIGITS,
            _ => 1,
        };
        add(&mut sums, last);
        last = cost;
    }
    sums.into_iter().fold(last, u64::saturating_add)
}

fn add(sums: &mut [u64], cost: u64) {
    if let Some(sum) = sums.last_mut() {
        *sum = sum.saturating_add(cost);
    }
}

/// Gives the greatest number of a quantifier.
fn most(inside: &str) -> u64 {
    let numbers = inside.split(',').map(|number| match number.trim() {
        "" => 1,
        number => number.parse().unwrap_or(u64::MAX),
    });
    numbers.max().unwrap_or(1).max(1)
}

/// Takes what follows a backslash.
fn escaped(rest: &mut std::str::Chars<'_>) -> u64 {
    match rest.next() {
        Some('d' | 'D' | 's' | 'S') => DIGITS,
        Some('w' | 'W' | 'i' | 'I' | 'c' | 'C') => CLASS,
        Some('p' | 'P') => {
            // What stands in braces here is a name, and no number of times.
            if rest.as_str().starts_with('{') {
                rest.by_ref().find(|letter| *letter == '}');
            }
            CLASS
        }
        _ => 1,
    }
}

/// Takes a class up to its last bracket; one in it may be taken away.
fn class(rest: &mut std::str::Chars<'_>) -> u64 {
    let (mut open, mut cost, mut first) = (1_u32, 1_u64, true);
    while let Some(letter) = rest.next() {
        match letter {
            '^' if first => cost = cost.saturating_add(CLASS),
            '[' => open += 1,
            ']' => open -= 1,
            '\\' => cost = cost.saturating_add(escaped(rest)),
            '\u{80}'.. => cost = cost.saturating_add(1),
            _ => {}
        }
        if open == 0 {
            break;
        }
        first = letter == '[';
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn a_pattern_counts_each_letter_as_often_as_it_repeats() {
        for (pattern, expected) in [
            ("", 0),
            ("abc", 3),
            ("15\\d{4}", 2 + 4 * 4),
            ("(ab){10}c", 21),
            ("((a{1000}){1000}){1000}", 1_000_000_000),
            ("[A-Z0-9]{2,8}", 8),
            ("\\p{L}{50}", 16 * 50),
            ("a{", 1),
            (")a(", 2),
            ("[", 1),
            ("a{99999999999999999999}{2}", u64::MAX),
        ] {
            assert_eq!(letters(pattern), expected, "{pattern}");
        }
    }
}
