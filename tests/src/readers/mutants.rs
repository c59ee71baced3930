//! Mutants of good bytes: the same ones in each run.

/// Most bytes that a mutant grows to.
const BYTES_MAX: usize = 1 << 20;
/// Pieces that readers stumble over.
const PIECES: [&[u8]; 16] = [
    b"\0",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\u0000",
    b"18446744073709551616",
    b"-1",
    b"9e999",
    b"<![CDATA[",
    b"]]>",
    b"&#x0;",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\u{202e}中".as_bytes(),
];

/// Draws numbers that repeat from run to run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        if most == 0 { 0 } else { (self.next() % most as u64) as usize }
    }
}

/// Gives the mutant of a number: one of the seeds with up to four changes.
///
/// # Panics
/// Panics without a seed.
pub fn mutant(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut draw = Draw(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    draw.next();
    let mut bytes = seeds[draw.below(seeds.len())].clone();
    for _ in 0..=draw.below(4) {
        change(&mut bytes, seeds, &mut draw);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], draw: &mut Draw) {
    let at = draw.below(bytes.len() + 1);
    let end = at + draw.below((bytes.len() - at).min(64) + 1);
    match draw.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << draw.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = draw.next() as u8;
            }
        }
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(end..end, piece);
        }
        5 => {
            let piece = PIECES[draw.below(PIECES.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        6 => {
            // A piece many times: lengths, depths and numbers of things grow.
            let piece = bytes[at..end].repeat(1 + draw.below(2000));
            bytes.splice(end..end, piece);
        }
        7 => {
            let other = &seeds[draw.below(seeds.len())];
            let from = draw.below(other.len() + 1);
            let to = from + draw.below(other.len() - from + 1);
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        _ => digits(bytes, at, draw),
    }
}

/// Makes the number behind a place another one.
fn digits(bytes: &mut Vec<u8>, at: usize, draw: &mut Draw) {
    const NUMBERS: [&[u8]; 6] = [b"0", b"-9223372036854775809", b"4294967296", b"18446744073709551615", b"1e400", b"007"];
    let Some(from) = bytes.iter().skip(at).position(u8::is_ascii_digit).map(|more| at + more) else { return };
    let length = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(from..from + length, NUMBERS[draw.below(NUMBERS.len())].iter().copied());
}
