//! SFTP: SSH is russh's with ring, the few packets of SFTP version 3 are ours.
//!
//! - **Given** a log. **Gives** it to a server's folder: written under a dot name, synced where the server can, renamed to its name.
//! - **After a cut** before the rename was asked for nothing has left; the next try overwrites what lies under the dot name.
//! - **Never** talks to a server whose key is not the one that is configured, lists a folder, or replaces a file.

mod packets;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::client::{self, Handle};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};

use self::packets::{Conversation, Status};
use super::tcp::connect;
use super::{Given, Hindrance, Transport};
use crate::reporting::lane::SftpWay;

/// How long reaching the server and signing in may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// A way through an SFTP server.
pub struct SftpTransport {
    way: SftpWay,
    key_file: PathBuf,
}

impl SftpTransport {
    /// Makes the way of a station in this directory. Nothing is reached before something is given.
    pub fn new(way: SftpWay, dir: &Path) -> Self {
        let key_file = dir.join(&way.key_file);
        Self { way, key_file }
    }

    /// Puts a file under its name; `renaming` becomes true right before that is asked for.
    async fn put(&self, name: &str, bytes: &[u8], renaming: &Cell<bool>) -> Result<(), Hindrance> {
        let signed_in = tokio::time::timeout(CONNECT_PATIENCE, self.sign_in()).await;
        let session = signed_in.unwrap_or(Err(Hindrance::Connect))?;
        let channel = session.channel_open_session().await.map_err(|_| Hindrance::Cut)?;
        channel.request_subsystem(true, "sftp").await.map_err(|_| Hindrance::Cut)?;
        let mut sftp = Conversation::begin(channel.into_stream()).await.map_err(|_| Hindrance::Cut)?;
        let folder = self.way.folder.trim_end_matches('/');
        let (part, whole) = (format!("{folder}/.{name}.part"), format!("{folder}/{name}"));
        self.write(&mut sftp, &part, bytes).await?;
        renaming.set(true);
        let renamed = sftp.rename(&part, &whole).await.map_err(|_| Hindrance::Cut)?;
        if renamed == Status::Ok {
            return Ok(());
        }
        // The server said no: the name was not given.
        renaming.set(false);
        let _ = sftp.remove(&part).await;
        Err(Hindrance::Exists)
    }

    async fn write<S: packets::Stream>(&self, sftp: &mut Conversation<S>, part: &str, bytes: &[u8]) -> Result<(), Hindrance> {
        let handle = sftp.create(part).await.map_err(|_| Hindrance::Cut)?.ok_or(Hindrance::Folder)?;
        let mut outcome = sftp.write(&handle, bytes).await.map_err(|_| Hindrance::Cut)?;
        if outcome == Status::Ok {
            outcome = sftp.sync(&handle).await.map_err(|_| Hindrance::Cut)?;
        }
        let closed = sftp.close(&handle).await.map_err(|_| Hindrance::Cut)?;
        if (outcome, closed) == (Status::Ok, Status::Ok) { Ok(()) } else { Err(Hindrance::Folder) }
    }

    async fn sign_in(&self) -> Result<Handle<Pinned>, Hindrance> {
        let key = load_secret_key(&self.key_file, None).map_err(|_| Hindrance::KeyFile)?;
        let stream = connect(&self.way.host, self.way.port, self.way.source_address).await?;
        let is_other = Arc::new(AtomicBool::new(false));
        let pinned = Pinned { fingerprint: self.way.host_key.clone(), is_other: is_other.clone() };
        let session = client::connect_stream(Arc::default(), stream, pinned).await;
        let mut session = session.map_err(|_| match is_other.load(Ordering::SeqCst) {
            true => Hindrance::HostKey,
            false => Hindrance::Connect,
        })?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
        match session.authenticate_publickey(&self.way.user, key).await {
            Ok(signed_in) if signed_in.success() => Ok(session),
            Ok(_) => Err(Hindrance::SignIn),
            Err(_) => Err(Hindrance::Connect),
        }
    }
}

impl Transport for SftpTransport {
    fn give(&mut self, name: &str, bytes: &[u8]) -> Given {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return Given::NothingLeft(Hindrance::Starved) };
        let (renaming, patience) = (Cell::new(false), Duration::from_secs(self.way.timeout_seconds));
        let put = runtime.block_on(async { tokio::time::timeout(patience, self.put(name, bytes, &renaming)).await });
        runtime.shutdown_background();
        match put.unwrap_or(Err(Hindrance::Timeout)) {
            Ok(()) => Given::Placed,
            Err(hindrance) if renaming.get() => Given::Unsure(hindrance),
            Err(hindrance) => Given::NothingLeft(hindrance),
        }
    }
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
