//! The words for a state on a server.

use super::Policy;
use crate::lang::Lang;
use crate::say;
use crate::store::StoreFault;

/// Decides about a fault that only a server has; nothing for the others.
pub(super) fn policy(fault: &StoreFault) -> Option<Policy> {
    match fault {
        // After a commit without an answer, too: opening the state anew decides, and that is what trying again does.
        StoreFault::Gone(_) | StoreFault::Cut(_) => Some(Policy::Retry),
        StoreFault::Refused(_) | StoreFault::Held => Some(Policy::Mend),
        StoreFault::Superseded => Some(Policy::Halt),
        _ => None,
    }
}

/// Gives the stable code of such a fault.
pub(super) fn code(fault: &StoreFault) -> &'static str {
    match fault {
        StoreFault::Gone(_) => "store-gone",
        StoreFault::Cut(_) => "store-cut",
        StoreFault::Refused(_) => "store-refused",
        StoreFault::Held => "store-held",
        StoreFault::Superseded => "store-taken",
        _ => "store",
    }
}

/// Gives the sentence of such a fault.
pub(super) fn sentence(fault: &StoreFault, lang: Lang) -> Option<String> {
    Some(match fault {
        StoreFault::Gone(problem) => say!(
            lang,
            "连不上存放本站状态的 PostgreSQL（{problem}）。没有丢失任何数据；请检查数据库服务器和网络，摆渡会自动继续。",
            "The PostgreSQL server with this station's state cannot be reached ({problem}). Nothing is lost; check the server and the network, the ferry goes on by itself."
        ),
        StoreFault::Cut(problem) => say!(
            lang,
            "提交时与 PostgreSQL 的连接断了（{problem}），这一步做成与否要重新连上才知道。没有丢失任何数据；摆渡会自动核对并继续，命令请先看 status 再决定是否重做。",
            "The connection to PostgreSQL broke amid a commit ({problem}); whether this step was made is known once it is back. Nothing is lost; the ferry compares and goes on by itself; after a command look at status before you repeat it."
        ),
        StoreFault::Refused(problem) => say!(
            lang,
            "PostgreSQL 不接受本站（{problem}）。请改正 station.toml 的 store、口令或数据库里的权限后重试；没有改动任何东西。",
            "PostgreSQL does not let this station in ({problem}). Correct store in station.toml, the password or the rights in the database and try again; nothing was changed."
        ),
        StoreFault::Held => say!(
            lang,
            "本站的状态正由另一个摆渡进程使用，本进程退出，没有改动任何东西。要作备用请用 run --standby。",
            "Another process has this station's state; this one ends and changed nothing. For a standby use run --standby."
        ),
        StoreFault::Superseded => say!(
            lang,
            "另一个摆渡进程已接管本站，本进程已停机，不再写任何东西。请确认只有一台在运行；要让本机作备用请用 run --standby。",
            "Another process has taken this station over; this one stopped and writes nothing more. Make sure that one machine runs it; to let this one stand by use run --standby."
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_is_tried_again_and_a_state_that_was_taken_over_stops_the_station() {
        assert_eq!(policy(&StoreFault::Gone(String::new())), Some(Policy::Retry));
        assert_eq!(policy(&StoreFault::Cut(String::new())), Some(Policy::Retry));
        assert_eq!(policy(&StoreFault::Superseded), Some(Policy::Halt));
        assert_eq!(policy(&StoreFault::Full), None);
        assert_eq!(code(&StoreFault::Superseded), "store-taken");
    }
}
