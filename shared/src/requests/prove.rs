//! How a process that stands by knows that the running one uses the same directory: it leaves a request there, and is answered there.
//!
//! Given: the request. Gives: the token that the running process left in the directory and in the state. After a crash: asked again. Never: a
//! change of anything.

use super::Answer;
use crate::engine::Engine;
use crate::error::EngineFault;
use crate::say;
use crate::standby::{SECRET_MAX, token_file};

impl Engine {
    pub(super) fn prove(&self) -> Result<Answer, EngineFault> {
        let token = self.seams.files.read(&token_file(&self.station), SECRET_MAX)?;
        let said = |lang| say!(lang, "本站的状态在服务器上，正在运行。", "This station's state is on a server, and it runs.");
        Ok(Answer { document: Some(String::from_utf8_lossy(&token).into_owned()), ..Answer::done(0, said) })
    }
}
