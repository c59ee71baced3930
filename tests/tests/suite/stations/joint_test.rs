//! Joint tests (联调): the plan is made, carried between test stations, answered, and reported for both sides to sign.

use super::spoken::agree;
use dukou_tests::stations::pair::{MESSAGES, Pair};
use dukou_tests::stations::programs::program;
use dukou_tests::stations::tree::write_old;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes a plan where no station is.
fn planned(out: &Path) -> Value {
    let mut command = Command::new(program("dukou-outer"));
    command.args(["joint-test", "plan", "--area", "150722", "--day", "2024-03-18", "--json", "--out"]).arg(out);
    let answer = command.env_remove("DUKOU_STATION").output().unwrap();
    assert_eq!(answer.status.code(), Some(0), "{answer:?}");
    serde_json::from_slice(&answer.stdout).unwrap()
}

fn answer(id: &str, flag: u32, code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<respond><BizMsgID>{id}</BizMsgID><SuccessFlag>{flag}</SuccessFlag><ResponseCode>{code}</ResponseCode><ResponseInfo>校验</ResponseInfo></respond>\n"
    )
}

#[test]
fn every_kind_is_sent_answered_and_reported_for_both_sides_to_sign() {
    let pair = Pair::with_options(&["--test"]);
    let plan = pair.dir.path().join("plan");
    let made = planned(&plan);
    agree("joint-test-plan", std::slice::from_ref(&made));
    let messages = made["messages"].as_array().unwrap();
    assert!(messages.len() > 50, "{}", messages.len());
    let linted = Command::new(program("dukou-outer")).arg("lint").arg(&plan).output().unwrap();
    let shown = String::from_utf8(linted.stdout).unwrap();
    assert!(shown.contains("0 个有错误，0 个只有提醒"), "{shown}");

    for message in messages.iter().skip(1) {
        let file = message["file"].as_str().unwrap();
        let leaf = file.rsplit('/').next().unwrap();
        pair.drop(MESSAGES, &format!("BizMsg/{leaf}"), &fs::read(plan.join(file)).unwrap());
    }
    pair.exchange();
    assert_eq!(pair.arrived(MESSAGES).len(), messages.len() - 1);
    let id = |at: usize| messages[at]["biz_msg_id"].as_str().unwrap();
    let answers = pair.dir.path().join("answers");
    for at in 1..messages.len() {
        let (flag, code) = if at == 2 { (2, "0301") } else { (1, "0000") };
        write_old(&answers.join(format!("RepMsg/Rep{}.xml", id(at))), answer(id(at), flag, code).as_bytes());
    }
    let asked = ["joint-test", "report", "--plan", plan.to_str().unwrap(), "--answers", answers.to_str().unwrap()];
    let report = pair.outer.json(1, &asked);
    agree("joint-test-report", std::slice::from_ref(&report));
    assert_eq!(report["succeeded"], messages.len() - 2);
    let line = |at: usize| &report["lines"][at];
    assert_eq!((&line(0)["sent"], &line(0)["answer"], &line(0)["day"]), (&"not-sent".into(), &"none".into(), &Value::Null));
    assert_eq!((&line(1)["sent"], &line(1)["answer"]), (&"left".into(), &"success".into()), "{}", line(1));
    assert_eq!((&line(2)["answer"], &line(2)["answer_code"]), (&"failure".into(), &"0301".into()));
    assert_eq!(line(1)["day"].as_str().unwrap().len(), 10);
    let shown = pair.outer.expect(1, &asked).out;
    assert_eq!(shown.matches("（签字）").count(), 2, "{shown}");
    assert!(shown.contains(id(2)) && shown.contains("失败 0301"), "{shown}");
}

#[test]
fn a_production_station_reports_no_joint_test_and_a_plan_overwrites_nothing() {
    let pair = Pair::new();
    let plan = pair.dir.path().join("plan");
    planned(&plan);
    let refused = pair.outer.ask(&["joint-test", "report", "--plan", plan.to_str().unwrap()]);
    assert!(refused.code == 2 && refused.err.contains("environment = test"), "{refused:?}");
    let files = |dir: &Path| {
        walkdir::WalkDir::new(dir).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file()).count()
    };
    let before = files(&plan);
    for day in ["2024-03-18", "2024-03-19"] {
        let again = Command::new(program("dukou-inner"))
            .args(["joint-test", "plan", "--area", "150722", "--day", day, "--out"])
            .arg(&plan)
            .output()
            .unwrap();
        assert_eq!(again.status.code(), Some(2), "{again:?}");
        assert!(String::from_utf8_lossy(&again.stderr).contains("没有写任何东西"), "{again:?}");
    }
    assert_eq!(files(&plan), before, "messages of another plan would be sent with this one's");
}
