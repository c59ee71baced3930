//! Certificates of a test's own, for servers that are reached over TLS.

use crate::account::Account;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The address that the servers are reached by, and that their certificates name.
pub const HOST: &str = "127.0.0.1";

/// Writes an authority's certificate, `NAME.ca.pem`, and gives what signs with its key.
///
/// # Panics
/// Panics when the directory cannot be written.
#[must_use]
#[track_caller]
pub fn authority(dir: &Path, name: &str) -> (PathBuf, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, format!("{name} test authority"));
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let path = dir.join(format!("{name}.ca.pem"));
    fs::write(&path, certificate.pem()).expect("the test's own directory");
    (path, Issuer::new(params, key))
}

/// Where a server's key, its certificate and that of its authority are.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The server's key, in PEM.
    pub key: PathBuf,
    /// Its certificate.
    pub certificate: PathBuf,
    /// That of its authority.
    pub authority: PathBuf,
}

impl Certificates {
    /// Makes those of a server of the test's own.
    ///
    /// # Panics
    /// Panics when the directory cannot be written.
    #[must_use]
    #[track_caller]
    pub fn of_own(dir: &Path) -> Self {
        Self::make(dir, Account::of_test())
    }

    /// Makes those of a server at [`HOST`]; the key is the account's alone.
    #[track_caller]
    pub(crate) fn make(dir: &Path, account: Account) -> Self {
        let (authority, issuer) = authority(dir, "server");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![HOST.to_owned(), "localhost".to_owned()]).expect("names");
        let signed = params.signed_by(&key, &issuer).expect("a certificate");
        let made = Self { key: dir.join("server.key.pem"), certificate: dir.join("server.pem"), authority };
        fs::write(&made.certificate, signed.pem()).expect("the test's own directory");
        fs::write(&made.key, key.serialize_pem()).expect("the test's own directory");
        fs::set_permissions(&made.key, fs::Permissions::from_mode(0o600)).expect("its own file");
        account.own(&made.key);
        made
    }
}

/// Gives a port of [`HOST`] that is free now.
#[track_caller]
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((HOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}
