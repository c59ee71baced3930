//! The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) that putting a file takes, one question after the other.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a conversation goes over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const WRITE: u8 = 6;
const REMOVE: u8 = 13;
const RENAME: u8 = 18;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const EXTENDED: u8 = 200;

/// Write, create, cut to nothing.
const NEW_FILE: u32 = 0x02 | 0x08 | 0x10;
/// Bytes of one write: every server takes as many.
const WRITE_BYTES: usize = 32 << 10;
/// The longest answer that is read.
const ANSWER_MAX: u32 = 256 << 10;
const SYNC: &str = "fsync@openssh.com";

/// What a server said to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It is done.
    Ok,
    /// It is not, by the server's code.
    No(u32),
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

    /// Makes a file, or cuts it to nothing; none where the server does not.
    pub(super) async fn create(&mut self, path: &str) -> std::io::Result<Option<Vec<u8>>> {
        let body = [&text(path.as_bytes())[..], &NEW_FILE.to_be_bytes(), &0u32.to_be_bytes()].concat();
        let (kind, answer) = self.ask(OPEN, &body).await?;
        let mut rest = Reader(&answer);
        match kind {
            HANDLE => Ok(Some(rest.text().ok_or_else(odd)?.to_vec())),
            STATUS => Ok(None),
            _ => Err(odd()),
        }
    }

    /// Writes bytes from the file's beginning.
    pub(super) async fn write(&mut self, handle: &[u8], bytes: &[u8]) -> std::io::Result<Status> {
        for (index, chunk) in bytes.chunks(WRITE_BYTES).enumerate() {
            let offset = (index * WRITE_BYTES) as u64;
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

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
}
