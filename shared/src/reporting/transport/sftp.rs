//! SFTP: SSH is russh's with ring, the few packets of SFTP version 3 are ours.
//!
//! - **Given** a log or a message. **Gives** it to a server's folder: written under a dot name, synced where the server can, renamed to its name.
//! - **After a cut** before the rename was asked for nothing has left; the next try replaces what lies under the dot name.
//! - **Never** talks to a server whose key is not the one that is configured, lists a folder, follows a link, or replaces a file.

mod packets;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::ChannelStream;
use russh::client::{self, Handle, Msg};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use tokio::runtime::Runtime;

use self::packets::{Conversation, Found, Status};
use super::tcp::connect;
use super::{Front, Given, Hindrance, Transport, dot_name};
use crate::given::read_text;
use crate::reporting::lane::SftpServer;

/// How long reaching the server and signing in may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
/// Longest key file that is read.
const KEY_MAX: u64 = 64 << 10;

/// A folder of an SFTP server, and the one connection to it.
pub struct SftpTransport {
    server: SftpServer,
    folder: String,
    key_file: PathBuf,
    runtime: Option<Runtime>,
    open: Option<Open>,
}

type Sftp = Conversation<ChannelStream<Msg>>;

/// A connection that stands.
struct Open {
    sftp: Sftp,
    _session: Handle<Pinned>,
}

impl SftpTransport {
    /// Makes the way of a station in this directory. Nothing is reached before something is asked.
    pub fn new(server: SftpServer, folder: String, dir: &Path) -> Self {
        let key_file = dir.join(&server.key_file);
        Self { server, folder: folder.trim_end_matches('/').to_owned(), key_file, runtime: None, open: None }
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Talks with the server, connecting first where no connection stands. One on which an answer stayed out is never used again.
    fn converse<T>(&mut self, talk: impl AsyncFnOnce(&mut Sftp) -> Result<T, Hindrance>) -> Result<T, Hindrance> {
        if self.runtime.is_none() {
            self.runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok();
        }
        let Some(runtime) = &self.runtime else { return Err(Hindrance::Starved) };
        let (server, key_file, open) = (&self.server, &self.key_file, &mut self.open);
        let talked = async {
            if open.is_none() {
                *open = Some(begin(server, key_file).await?);
            }
            let Some(open) = open.as_mut() else { return Err(Hindrance::Cut) };
            talk(&mut open.sftp).await
        };
        let patience = Duration::from_secs(server.timeout_seconds);
        let outcome = runtime.block_on(async { tokio::time::timeout(patience, talked).await });
        let outcome = outcome.unwrap_or(Err(Hindrance::Timeout));
        if matches!(outcome, Err(Hindrance::Timeout | Hindrance::Cut)) {
            let _inside = runtime.enter();
            self.open = None;
        }
        outcome
    }
}

impl Drop for SftpTransport {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        {
            let _inside = runtime.enter();
            self.open = None;
        }
        // A name server that does not answer holds up nobody.
        runtime.shutdown_background();
    }
}

impl Front for SftpTransport {
    fn prepare(&mut self, name: &str, bytes: &[u8]) -> Result<(), Hindrance> {
        let part = self.place(&dot_name(name));
        self.converse(async |sftp| {
            // What a try before left there, or a link that somebody put there: it goes, and nothing is written through it.
            sftp.remove(&part).await.map_err(|_| Hindrance::Cut)?;
            write(sftp, &part, bytes).await?;
            match sftp.look(&part).await.map_err(|_| Hindrance::Cut)? {
                Found::File(length) if length.is_none_or(|length| length == bytes.len() as u64) => Ok(()),
                _ => Err(Hindrance::Folder),
            }
        })
    }

    fn is_prepared(&mut self, name: &str) -> Result<bool, Hindrance> {
        let part = self.place(&dot_name(name));
        let found = self.converse(async |sftp| sftp.look(&part).await.map_err(|_| Hindrance::Cut))?;
        match found {
            Found::File(_) => Ok(true),
            Found::Nothing => Ok(false),
            Found::Other => Err(Hindrance::Folder),
        }
    }

    fn publish(&mut self, name: &str) -> Given {
        let (part, whole) = (self.place(&dot_name(name)), self.place(name));
        let mut is_asked = false;
        let is_asked = &mut is_asked;
        let published = self.converse(async |sftp| {
            *is_asked = true;
            if sftp.rename(&part, &whole).await.map_err(|_| Hindrance::Cut)? == Status::Ok {
                return Ok(());
            }
            // The server said no: the name was not given.
            *is_asked = false;
            match sftp.look(&whole).await.map_err(|_| Hindrance::Cut)? {
                Found::Nothing => Err(Hindrance::Rename),
                Found::File(_) | Found::Other => Err(Hindrance::Exists),
            }
        });
        match published {
            Ok(()) => Given::Placed,
            Err(hindrance) if *is_asked => Given::Unsure(hindrance),
            Err(hindrance) => Given::NothingLeft(hindrance),
        }
    }

    fn discard(&mut self, name: &str) -> Result<(), Hindrance> {
        let part = self.place(&dot_name(name));
        self.converse(async |sftp| sftp.remove(&part).await.map(drop).map_err(|_| Hindrance::Cut))
    }

    /// Each file was synced when it was written, where the server can; its names are the server's to keep.
    fn settle(&mut self) -> Result<(), Hindrance> {
        Ok(())
    }

    fn fetch(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Hindrance> {
        let place = self.place(name);
        self.converse(async |sftp| match sftp.look(&place).await.map_err(|_| Hindrance::Cut)? {
            Found::File(length) if length.is_none_or(|length| length <= most) => {
                sftp.read(&place, most).await.map_err(|_| Hindrance::Cut)
            }
            Found::File(_) | Found::Nothing | Found::Other => Ok(None),
        })
    }
}

impl Transport for SftpTransport {
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given {
        if let Err(hindrance) = self.prepare(name, bytes) {
            return Given::NothingLeft(hindrance);
        }
        let given = self.publish(name);
        if let Given::NothingLeft(hindrance) = &given {
            // Nobody takes the dot name; one that stays is replaced by the next try.
            let _ = self.discard(name);
            let is_equal = *hindrance == Hindrance::Exists
                && matches!(self.fetch(name, bytes.len() as u64), Ok(Some(there)) if there == bytes);
            if is_equal {
                return Given::Placed;
            }
        }
        given
    }
}

async fn begin(server: &SftpServer, key_file: &Path) -> Result<Open, Hindrance> {
    let signed_in = tokio::time::timeout(CONNECT_PATIENCE, sign_in(server, key_file)).await;
    let session = signed_in.unwrap_or(Err(Hindrance::Connect))?;
    let channel = session.channel_open_session().await.map_err(|_| Hindrance::Cut)?;
    channel.request_subsystem(true, "sftp").await.map_err(|_| Hindrance::Cut)?;
    let sftp = Conversation::begin(channel.into_stream()).await.map_err(|_| Hindrance::Cut)?;
    Ok(Open { sftp, _session: session })
}

async fn sign_in(server: &SftpServer, key_file: &Path) -> Result<Handle<Pinned>, Hindrance> {
    let text = read_text(key_file, KEY_MAX).map_err(|_| Hindrance::KeyFile)?;
    let key = decode_secret_key(&text, None).map_err(|_| Hindrance::KeyFile)?;
    let stream = connect(&server.host, server.port, server.source_address).await?;
    let is_other = Arc::new(AtomicBool::new(false));
    let pinned = Pinned { fingerprint: server.host_key.clone(), is_other: is_other.clone() };
    let session = client::connect_stream(Arc::default(), stream, pinned).await;
    let mut session = session.map_err(|_| match is_other.load(Ordering::SeqCst) {
        true => Hindrance::HostKey,
        false => Hindrance::Connect,
    })?;
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    match session.authenticate_publickey(&server.user, key).await {
        Ok(signed_in) if signed_in.success() => Ok(session),
        Ok(_) => Err(Hindrance::SignIn),
        Err(_) => Err(Hindrance::Connect),
    }
}

async fn write(sftp: &mut Sftp, part: &str, bytes: &[u8]) -> Result<(), Hindrance> {
    let handle = sftp.create(part).await.map_err(|_| Hindrance::Cut)?.ok_or(Hindrance::Folder)?;
    let mut outcome = sftp.write(&handle, bytes).await.map_err(|_| Hindrance::Cut)?;
    if outcome == Status::Ok {
        outcome = sftp.sync(&handle).await.map_err(|_| Hindrance::Cut)?;
    }
    let closed = sftp.close(&handle).await.map_err(|_| Hindrance::Cut)?;
    if (outcome, closed) == (Status::Ok, Status::Ok) { Ok(()) } else { Err(Hindrance::Folder) }
}

/// The one server whose key is configured.
struct Pinned {
    fingerprint: String,
    /// Another one answered.
    is_other: Arc<AtomicBool>,
}

impl client::Handler for Pinned {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let is_pinned = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256).to_string() == self.fingerprint,
            PublicKeyOrCertificate::Certificate(_) => false,
        };
        self.is_other.store(!is_pinned, Ordering::SeqCst);
        Ok(is_pinned)
    }
}

#[cfg(test)]
mod tests;
