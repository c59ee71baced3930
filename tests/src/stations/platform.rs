//! A platform that takes daily logs: a web service on a real connection that does what a test tells it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the platform does with the next log.
#[derive(Clone, Debug)]
pub enum Act {
    /// It takes it and answers with this status and body.
    Reply(u16, String),
    /// It takes it and cuts the connection.
    Drop,
    /// It takes it and never answers.
    Hold,
}

#[derive(Debug, Default)]
struct Desk {
    acts: VecDeque<Act>,
    taken: Vec<String>,
    held: Vec<TcpStream>,
}

/// A platform; what it has taken stays known.
#[derive(Clone, Debug)]
pub struct Platform {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

impl Platform {
    /// Starts a platform that does these things with the logs that come, one after the other; then it answers 404.
    ///
    /// # Panics
    /// Panics when no port is free.
    #[track_caller]
    pub fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let desk = Desk { acts: acts.into_iter().collect(), ..Desk::default() };
        let platform = Self { address: listener.local_addr().unwrap(), desk: Arc::new(Mutex::new(desk)) };
        let serving = platform.clone();
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.serve(stream)));
        platform
    }

    /// Gives its address as a lane names it.
    pub fn url(&self) -> String {
        format!("http://{}/exchange.asmx", self.address)
    }

    /// Tells how often it has taken the log of a county's day.
    ///
    /// # Panics
    /// Panics when the platform has panicked.
    pub fn taken(&self, area: &str, day: &str) -> usize {
        let (area, day) =
            (format!("<AreaCode>{area}</AreaCode>"), format!("<AccessDate>{}</AccessDate>", day.replace('-', "")));
        let desk = self.desk.lock().unwrap();
        desk.taken.iter().filter(|log| log.contains(&area) && log.contains(&day)).count()
    }

    fn serve(&self, stream: TcpStream) {
        // A caller that was killed amid its request has given nothing.
        let Some(log) = request(&stream) else { return };
        let mut desk = self.desk.lock().unwrap();
        desk.taken.push(log);
        match desk.acts.pop_front().unwrap_or(Act::Reply(404, String::new())) {
            Act::Reply(status, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = (&stream).write_all((head + &body).as_bytes());
            }
            Act::Drop => {}
            Act::Hold => desk.held.push(stream),
        }
    }
}

/// Reads a whole request and gives the log in it.
fn request(stream: &TcpStream) -> Option<String> {
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let text = String::from_utf8(body).ok()?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
