//! What TLS with a database server failed for, where no waiting mends it.

use std::io::ErrorKind;

/// How the driver begins the words of a certificate that it does not take.
const CERTIFICATE: &str = "invalid peer certificate";

/// Gives why the server cannot be spoken to as its URL asks for it: nobody vouches for its certificate, it bears another name, or the server speaks no TLS.
/// `None` for every other error: the connection may just have been cut.
pub(crate) fn refusal(error: &sqlx::Error) -> Option<String> {
    let words = match error {
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            Some(error.to_string()).filter(|words| words.contains(CERTIFICATE))?
        }
        sqlx::Error::Tls(error) => error.to_string(),
        _ => return None,
    };
    Some(format!("TLS: {words}; URL: sslmode, sslrootcert, ssl-mode, ssl-ca"))
}
