//! A line between a program and its server that breaks when it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// Where the line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// What was sent never reaches the server.
    Request,
    /// The server gets it and does it; its answer never comes.
    Answer,
}

/// The break that is asked for: what is sent then, and where the line breaks; and the breaks that happened.
type Armed = Arc<Mutex<(Option<(Vec<u8>, Cut)>, Vec<Cut>)>>;

/// A proxy on the loopback interface in front of a port; each break is asked for anew.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    armed: Armed,
}

impl Proxy {
    /// Stands in front of a port of the loopback interface.
    ///
    /// # Panics
    /// Panics when no port is free.
    #[must_use]
    pub fn before(server: u16) -> Self {
        Self::make(move || TcpStream::connect(("127.0.0.1", server)))
    }

    /// Stands in front of a Unix socket.
    ///
    /// # Panics
    /// Panics when no port is free.
    #[must_use]
    pub fn before_socket(server: &Path) -> Self {
        let server: PathBuf = server.to_owned();
        Self::make(move || UnixStream::connect(&server))
    }

    fn make<S: Line>(connect: impl Fn() -> std::io::Result<S> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its port").port();
        let armed = Armed::default();
        let shared = Arc::clone(&armed);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = connect() {
                    join(client, server, &shared);
                }
            }
        });
        Self { port, armed }
    }

    /// Breaks the line that next sends these bytes.
    ///
    /// # Panics
    /// Panics when a thread of the proxy did.
    pub fn cut_at(&self, sign: &[u8], cut: Cut) {
        self.armed.lock().expect("no panic").0 = Some((sign.to_vec(), cut));
    }

    /// Tells whether the break that was asked for happened.
    ///
    /// # Panics
    /// Panics when a thread of the proxy did.
    #[must_use]
    pub fn has_cut(&self) -> bool {
        self.armed.lock().expect("no panic").0.is_none()
    }

    /// Counts the breaks of this kind that happened.
    ///
    /// # Panics
    /// Panics when a thread of the proxy did.
    #[must_use]
    pub fn cuts(&self, cut: Cut) -> usize {
        self.armed.lock().expect("no panic").1.iter().filter(|happened| **happened == cut).count()
    }
}

/// One side of the line.
trait Line: Read + Write + Send + Sized + 'static {
    /// Gives the same line once more.
    fn again(&self) -> std::io::Result<Self>;
    /// Ends both directions; the other thread may have ended them before.
    fn end(&self);
}

impl Line for TcpStream {
    fn again(&self) -> std::io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Line for UnixStream {
    fn again(&self) -> std::io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn join<S: Line>(client: TcpStream, server: S, armed: &Armed) {
    let (Ok(from_client), Ok(from_server)) = (client.again(), server.again()) else { return };
    let swallow = Arc::new(Mutex::new(false));
    let (armed, swallows) = (Arc::clone(armed), Arc::clone(&swallow));
    thread::spawn(move || {
        copy(from_client, server, |bytes| {
            let mut armed = armed.lock().expect("no panic");
            let cut = armed
                .0
                .as_ref()
                .filter(|(sign, _)| bytes.windows(sign.len()).any(|window| window == sign))
                .map(|(_, cut)| *cut);
            if let Some(cut) = cut {
                armed.0 = None;
                armed.1.push(cut);
            }
            *swallows.lock().expect("no panic") |= cut == Some(Cut::Answer);
            cut != Some(Cut::Request)
        });
    });
    thread::spawn(move || copy(from_server, client, |_| !*swallow.lock().expect("no panic")));
}

/// Passes bytes on until one side ends or `passes` says no; then both end.
fn copy(mut from: impl Line, mut to: impl Line, mut passes: impl FnMut(&[u8]) -> bool) {
    let mut room = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut room) {
        let bytes = &room[..length];
        if !passes(bytes) || to.write_all(bytes).is_err() {
            break;
        }
    }
    from.end();
    to.end();
}
