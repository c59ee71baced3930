//! What `COPY … TO … (FORMAT binary)` writes.
//!
//! Given: a statement. Gives: its rows, each as the bytes of its fields, which stay where they are. Never: a part of what the server sent, or bytes behind its end.
//!
//! The form (PostgreSQL's manual, `COPY`, "Binary Format"): a signature, flags and an extension; rows of fields with their lengths; a count of -1.

use super::Trouble;
use super::connection::copy_out;
use sqlx::PgConnection;

/// Runs the statement and gives all that the server sends.
pub(super) async fn copied(connection: &mut PgConnection, sql: &str) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    copy_out(connection, sql, |piece| bytes.extend_from_slice(piece)).await?;
    Ok(bytes)
}

/// The fault where what came cannot be read.
pub(super) fn none_of_its_formats() -> Trouble {
    sqlx::Error::Decode("COPY wrote what is none of its formats".into()).into()
}

/// Reads rows of `N` fields, `None` for NULL, and makes something of each; `None` where what came is no such rows, or `each` cannot read one.
pub(super) fn rows<'a, const N: usize, T>(
    bytes: &'a [u8],
    each: impl Fn([Option<&'a [u8]>; N]) -> Option<T>,
) -> Option<Vec<T>> {
    let mut rest = bytes.strip_prefix(b"PGCOPY\n\xff\r\n\0")?.get(4..)?;
    let skipped = usize::try_from(number(&mut rest)?).ok()?;
    rest = rest.get(skipped..)?;
    let mut rows = Vec::new();
    loop {
        match i16::from_be_bytes(take(&mut rest)?) {
            -1 => break,
            count if usize::try_from(count) == Ok(N) => rows.push(each(fields(&mut rest)?)?),
            _ => return None,
        }
    }
    rest.is_empty().then_some(rows)
}

/// Reads a `bigint`.
pub(super) fn whole(field: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(field.try_into().ok()?))
}

fn fields<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<[Option<&'a [u8]>; N]> {
    let mut fields = [None; N];
    for field in &mut fields {
        let length = number(rest)?;
        if length >= 0 {
            let (value, tail) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (*field, *rest) = (Some(value), tail);
        }
    }
    Some(fields)
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    take(rest).map(i32::from_be_bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_copy_is_refused() {
        let of = |rows: &[u8]| [b"PGCOPY\n\xff\r\n\0".as_slice(), &[0; 8], rows].concat();
        let read = |bytes: &[u8]| rows(bytes, |[one, two]| Some((one.map(<[u8]>::to_vec), two.map(<[u8]>::to_vec))));
        assert_eq!(read(&of(&[0xff, 0xff])), Some(vec![]));
        let row = of(&[0, 2, 0, 0, 0, 1, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(read(&row), Some(vec![(Some(vec![7]), None)]));
        for wrong in [
            Vec::new(),
            of(&[]),
            of(&[0, 2]),
            of(&[0, 1, 0, 0, 0, 0]),
            of(&[0xff, 0xff, 0]),
            of(&[0, 2, 0x7f, 0xff, 0xff, 0xff]),
            row.split_last().map(|(_, cut)| cut.to_vec()).unwrap_or_default(),
        ] {
            assert_eq!(read(&wrong), None, "{wrong:?}");
        }
    }
}
