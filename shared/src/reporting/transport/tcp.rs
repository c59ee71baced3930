//! A connection that begins at the address that is configured.

use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpSocket, TcpStream};

use super::Hindrance;

/// Connects to a host from an address of this machine.
pub(super) async fn connect(host: &str, port: u16, source: IpAddr) -> Result<TcpStream, Hindrance> {
    let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Hindrance::Name)?;
    // Only an address of the same family can be called from the one that is configured.
    let targets: Vec<SocketAddr> = found.filter(|target| target.is_ipv4() == source.is_ipv4()).collect();
    let mut hindrance = Hindrance::Name;
    for target in targets {
        let socket = if source.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(|_| Hindrance::Starved)?;
        socket.bind(SocketAddr::new(source, 0)).map_err(|_| Hindrance::SourceAddress)?;
        match socket.connect(target).await {
            Ok(stream) => return Ok(stream),
            Err(_) => hindrance = Hindrance::Connect,
        }
    }
    Err(hindrance)
}
