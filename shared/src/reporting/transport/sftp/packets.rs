//! The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) that putting, looking at and reading a file take, one question after the other.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a conversation goes over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const LSTAT: u8 = 7;
const REMOVE: u8 = 13;
const RENAME: u8 = 18;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const ATTRS: u8 = 105;
const EXTENDED: u8 = 200;

/// Read.
const OLD_FILE: u32 = 0x01;
/// Write, create, and only where nothing has that name: no link under it is followed.
const NEW_FILE: u32 = 0x02 | 0x08 | 0x20;
/// Bytes of one write or read: every server takes as many.
const PIECE_BYTES: usize = 32 << 10;
/// The longest answer that is read.
const ANSWER_MAX: u32 = 256 << 10;
/// The code of a status that tells the end of a file.
const END_OF_FILE: u32 = 1;
/// The code of a status that tells that there is no such file.
const NO_SUCH_FILE: u32 = 2;
/// Kind of a file, and that of a regular one, among its permissions.
const KIND_MASK: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const SYNC: &str = "fsync@openssh.com";

/// What a server said to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It is done.
    Ok,
    /// It is not, by the server's code.
    No(u32),
}

/// What lies under a name, as a server tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A regular file, of this length where the server says so.
    File(Option<u64>),
    /// A link, a directory, or what the server does not show.
    Other,
}

/// A conversation with a server.
pub(super) struct Conversation<S> {
    stream: S,
    last_id: u32,
    has_sync: bool,
}

fn odd() -> std::io::Error {
    std::io::ErrorKind::InvalidData.into()
}

impl<S: Stream> Conversation<S> {
    /// Begins a conversation.
    pub(super) async fn begin(stream: S) -> std::io::Result<Self> {
        let mut begun = Self { stream, last_id: 0, has_sync: false };
        begun.send(INIT, &3u32.to_be_bytes()).await?;
        let (kind, body) = begun.receive().await?;
        let mut rest = Reader(&body);
        let version = rest.number().ok_or_else(odd)?;
        if kind != VERSION || version < 3 {
            return Err(odd());
        }
        while let (Some(name), Some(data)) = (rest.text(), rest.text()) {
            begun.has_sync |= name == SYNC.as_bytes() && data == b"1";
        }
        Ok(begun)
    }

    /// Makes a file where nothing has its name; none where the server does not.
    pub(super) async fn create(&mut self, path: &str) -> std::io::Result<Option<Vec<u8>>> {
        self.open(path, NEW_FILE).await
    }

    async fn open(&mut self, path: &str, how: u32) -> std::io::Result<Option<Vec<u8>>> {
        let body = [&text(path.as_bytes())[..], &how.to_be_bytes(), &0u32.to_be_bytes()].concat();
        let (kind, answer) = self.ask(OPEN, &body).await?;
        let mut rest = Reader(&answer);
        match kind {
            HANDLE => Ok(Some(rest.text().ok_or_else(odd)?.to_vec())),
            STATUS => Ok(None),
            _ => Err(odd()),
        }
    }

    /// Tells what lies under a name, without following a link.
    pub(super) async fn look(&mut self, path: &str) -> std::io::Result<Found> {
        let (kind, answer) = self.ask(LSTAT, &text(path.as_bytes())).await?;
        let mut rest = Reader(&answer);
        let first = rest.number().ok_or_else(odd)?;
        match (kind, first) {
            (ATTRS, flags) => rest.attributes(flags).ok_or_else(odd),
            (STATUS, NO_SUCH_FILE) => Ok(Found::Nothing),
            (STATUS, _) => Ok(Found::Other),
            _ => Err(odd()),
        }
    }

    /// Reads a file of at most so many bytes; none where the server does not give it, or it is longer.
    pub(super) async fn read(&mut self, path: &str, most: u64) -> std::io::Result<Option<Vec<u8>>> {
        let Some(handle) = self.open(path, OLD_FILE).await? else { return Ok(None) };
        let mut bytes = Vec::new();
        let is_whole = loop {
            let body = [&text(&handle)[..], &(bytes.len() as u64).to_be_bytes(), &(PIECE_BYTES as u32).to_be_bytes()].concat();
            let (kind, answer) = self.ask(READ, &body).await?;
            let mut rest = Reader(&answer);
            match kind {
                DATA => bytes.extend_from_slice(rest.text().filter(|piece| !piece.is_empty()).ok_or_else(odd)?),
                STATUS => break rest.number() == Some(END_OF_FILE),
                _ => return Err(odd()),
            }
            if bytes.len() as u64 > most {
                break false;
            }
        };
        self.close(&handle).await?;
        Ok(is_whole.then_some(bytes))
    }

    /// Writes bytes from the file's beginning.
    pub(super) async fn write(&mut self, handle: &[u8], bytes: &[u8]) -> std::io::Result<Status> {
        for (index, chunk) in bytes.chunks(PIECE_BYTES).enumerate() {
            let offset = (index * PIECE_BYTES) as u64;
            let body = [&text(handle)[..], &offset.to_be_bytes(), &text(chunk)].concat();
            let status = self.told(WRITE, &body).await?;
            if status != Status::Ok {
                return Ok(status);
            }
        }
        Ok(Status::Ok)
    }

    /// Makes what was written durable, where the server can.
    pub(super) async fn sync(&mut self, handle: &[u8]) -> std::io::Result<Status> {
        match self.has_sync {
            true => self.told(EXTENDED, &[text(SYNC.as_bytes()), text(handle)].concat()).await,
            false => Ok(Status::Ok),
        }
    }

    pub(super) async fn close(&mut self, handle: &[u8]) -> std::io::Result<Status> {
        self.told(CLOSE, &text(handle)).await
    }

    /// Gives a file another name; a file of that name is never replaced in this version.
    pub(super) async fn rename(&mut self, from: &str, to: &str) -> std::io::Result<Status> {
        self.told(RENAME, &[text(from.as_bytes()), text(to.as_bytes())].concat()).await
    }

    pub(super) async fn remove(&mut self, path: &str) -> std::io::Result<Status> {
        self.told(REMOVE, &text(path.as_bytes())).await
    }

    async fn told(&mut self, kind: u8, body: &[u8]) -> std::io::Result<Status> {
        let (kind, answer) = self.ask(kind, body).await?;
        match (kind, Reader(&answer).number().ok_or_else(odd)?) {
            (STATUS, 0) => Ok(Status::Ok),
            (STATUS, code) => Ok(Status::No(code)),
            _ => Err(odd()),
        }
    }

    /// Asks, and gives the kind and body of the answer, its number taken off.
    async fn ask(&mut self, kind: u8, body: &[u8]) -> std::io::Result<(u8, Vec<u8>)> {
        self.last_id = self.last_id.wrapping_add(1);
        self.send(kind, &[&self.last_id.to_be_bytes(), body].concat()).await?;
        let (kind, answer) = self.receive().await?;
        let mut rest = Reader(&answer);
        match rest.number() {
            Some(id) if id == self.last_id => Ok((kind, rest.0.to_vec())),
            _ => Err(odd()),
        }
    }

    async fn send(&mut self, kind: u8, body: &[u8]) -> std::io::Result<()> {
        let length = (body.len() as u32 + 1).to_be_bytes();
        self.stream.write_all(&[&length[..], &[kind], body].concat()).await?;
        self.stream.flush().await
    }

    async fn receive(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let length = self.stream.read_u32().await?;
        if length == 0 || length > ANSWER_MAX {
            return Err(odd());
        }
        let kind = self.stream.read_u8().await?;
        let mut body = vec![0; length as usize - 1];
        self.stream.read_exact(&mut body).await?;
        Ok((kind, body))
    }
}

/// Writes a text: its length and its bytes.
fn text(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// What is still to be read of a packet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    /// Reads attributes behind their flags: length, owner, permissions, as far as they are there.
    fn attributes(&mut self, flags: u32) -> Option<Found> {
        let mut length = None;
        if flags & 1 != 0 {
            length = Some((u64::from(self.number()?) << 32) | u64::from(self.number()?));
        }
        if flags & 2 != 0 {
            self.number()?;
            self.number()?;
        }
        let is_file = flags & 4 == 0 || self.number()? & KIND_MASK == REGULAR;
        Some(if is_file { Found::File(length) } else { Found::Other })
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}
