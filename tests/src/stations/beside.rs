//! Work on a thread of its own beside the daemons of a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Something that runs beside the daemons until it is told to stop.
pub struct Beside<T> {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Beside<T> {
    /// Starts the work; the flag it is given turns true when it is to end.
    pub fn run(work: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        Self { stop, thread: thread::spawn(move || work(&flag)) }
    }

    /// Tells whether the work has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the work ends by itself and gives what came of it.
    ///
    /// # Panics
    /// When the work panicked.
    pub fn wait(self) -> T {
        self.thread.join().unwrap()
    }

    /// Ends the work and gives what came of it.
    ///
    /// # Panics
    /// When the work panicked.
    pub fn finish(self) -> T {
        self.stop.store(true, Ordering::SeqCst);
        self.wait()
    }
}
