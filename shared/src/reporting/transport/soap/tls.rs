//! TLS to a web service: the server's certificate must be vouched for by the file that is configured, and by nothing else.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::Hindrance;
use crate::given::read_file;

/// Longest file of certificates that is read.
const CA_MAX: u64 = 1 << 20;

/// Reads who may vouch for the server.
pub(super) fn vouching(file: &Path) -> Result<Arc<ClientConfig>, Hindrance> {
    let text = read_file(file, CA_MAX).map_err(|_| Hindrance::CaFile)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|_| Hindrance::CaFile)?;
        roots.add(certificate).map_err(|_| Hindrance::CaFile)?;
    }
    if roots.is_empty() {
        return Err(Hindrance::CaFile);
    }
    let versions = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let builder = versions.map_err(|_| Hindrance::Starved)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Secures a connection to the server of this name.
pub(super) async fn secured(
    stream: TcpStream,
    host: &str,
    vouching: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Hindrance> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Hindrance::Name)?;
    TlsConnector::from(vouching).connect(name, stream).await.map_err(|_| Hindrance::Tls)
}
