use encoding_rs::GBK;

use super::*;

fn tokens() -> Vec<Token> {
    ["0000", "success"].map(|text| Token::new(text).unwrap()).to_vec()
}

fn respond(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<RespondLog>\n  <responseLogInfo>成功</responseLogInfo>\n  <responseLogCode>{code}</responseLogCode>\n</RespondLog>\n"
    )
}

fn soap(text: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><exchangeInfoResponse xmlns=\"http://tempuri.org/\"><exchangeInfoResult>{text}</exchangeInfoResult></exchangeInfoResponse></soap:Body></soap:Envelope>"
    )
}

fn escaped(xml: &str) -> String {
    xml.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[track_caller]
fn hold(body: &[u8], class: ReplyClass, code: &str) {
    let reply = classify(body, &tokens());
    let shown = String::from_utf8_lossy(body);
    assert_eq!((reply.class, reply.code.as_str()), (class, code), "{:?} of {shown}", reply.why);
}

#[test]
fn a_log_is_accepted_by_0200_in_a_respond_log_wherever_that_stands() {
    for body in [
        respond("0200"),
        respond("0200").replace('\n', ""),
        format!("\u{feff}{}", respond(" 0200 ")),
        soap(&escaped(&respond("0200"))),
        soap(&format!("<![CDATA[{}]]>", respond("0200"))),
        soap("<RespondLog><responseLogCode>0200</responseLogCode><responseLogInfo/></RespondLog>"),
        "<r:RespondLog xmlns:r=\"urn:r\"><r:responseLogInfo>没有错误</r:responseLogInfo><r:responseLogCode>&#48;200</r:responseLogCode></r:RespondLog>".to_owned(),
    ] {
        hold(body.as_bytes(), ReplyClass::Accepted, "0200");
    }
    let declared = respond("0200").replace("UTF-8", "GBK");
    hold(&GBK.encode(&declared).0, ReplyClass::Accepted, "0200");
}

#[test]
fn a_log_is_accepted_by_a_token_that_stands_alone() {
    for body in [
        "0000",
        " 0000\r\n",
        "0000成功",
        "返回码：0000，接收成功",
        "code:0000",
        "0000|ok",
        "[0000]",
        "{\"code\":\"0000\",\"error\":null,\"message\":\"接收成功\"}",
        "\"0000\"",
        "成功(0000)。",
    ] {
        hold(body.as_bytes(), ReplyClass::Accepted, "0000");
    }
    hold(soap("0000").as_bytes(), ReplyClass::Accepted, "0000");
    hold(soap("success").as_bytes(), ReplyClass::Accepted, "success");
    hold(respond("0000").as_bytes(), ReplyClass::Accepted, "0000");
    hold(&GBK.encode("0000:不动产登记日志接收成功").0, ReplyClass::Accepted, "0000");
}

#[test]
fn a_log_is_refused_by_04001_to_04012_in_a_respond_log_and_each_is_explained() {
    for number in 4001..=4012 {
        let code = format!("0{number}");
        hold(respond(&code).as_bytes(), ReplyClass::Refused, &code);
        hold(soap(&escaped(&respond(&code))).as_bytes(), ReplyClass::Refused, &code);
        let (zh, en) = (explain(&code, Lang::Zh).unwrap(), explain(&code, Lang::En).unwrap());
        assert!(zh.chars().count() > 5 && en.len() > 5, "{code}");
    }
    for other in ["04000", "04013", "4001", "0200", "", "040011"] {
        assert_eq!(explain(other, Lang::Zh), None, "{other}");
    }
}

#[test]
fn everything_else_is_unknown() {
    let long_number = "上报报文150721240315000001有问题";
    for (body, code) in [
        ("", ""),
        (" \r\n\t", ""),
        ("\u{feff}", ""),
        ("0200", ""),
        ("04012", ""),
        ("ok", ""),
        ("null", ""),
        ("true", ""),
        ("0", ""),
        (long_number, ""),
        ("BizMsgID 150721240310000004", ""),
        ("150721-0000-0001", ""),
        ("10000", ""),
        ("00000", ""),
        ("1.0000", ""),
        ("1,0000", ""),
        ("0000.5", ""),
        ("-0000", ""),
        ("12:0000", ""),
        ("2024/0000/01", ""),
        ("E0000", ""),
        ("0000L", ""),
        ("Biz_0000", ""),
        ("0000_1", ""),
        ("１0000", ""),
        ("0000２", ""),
        ("００００", ""),
        ("successful", ""),
        ("unsuccess", ""),
        ("success成", ""),
        ("错误代码：0000", "0000"),
        ("0000 ERROR: duplicate", "0000"),
        ("0000，AreaCode 不正确", "0000"),
        ("{\"code\":\"0000\",\"message\":\"入库失败\"}", "0000"),
        ("{\"0000\":1}", ""),
        ("{\"code\":0}", ""),
        ("<html><body>0000</body></html>", ""),
        ("<!DOCTYPE html><html><head><title>0000</title></head></html>", ""),
        ("HTTP/1.1 200 OK\n\n<html>0000</html>", ""),
        ("<a>0000", ""),
        ("<a>0000</a><b/>", ""),
        ("<!DOCTYPE a [<!ENTITY x \"0000\">]><a>&x;</a>", ""),
        ("<a>&nbsp;0000</a>", ""),
        ("<error>150721240315000001</error>", ""),
    ] {
        hold(body.as_bytes(), ReplyClass::Unknown, code);
    }
    for (code, shown) in [
        ("", ""),
        ("0201", "0201"),
        ("200", "200"),
        ("0200 0200", "0200 0200"),
        ("00200", "00200"),
        ("04013", "04013"),
        ("9999", "9999"),
    ] {
        hold(respond(code).as_bytes(), ReplyClass::Unknown, shown);
    }
    hold(&GBK.encode("登簿日志格式错误").0, ReplyClass::Unknown, "");
    hold(&[0xff, 0xfe, 0x30, 0x00], ReplyClass::Unknown, "");
    hold(&[0u8; 64], ReplyClass::Unknown, "");
    hold(&vec![b'0'; REPLY_BYTES_MAX + 1], ReplyClass::Unknown, "");
}

#[test]
fn a_reply_that_says_two_things_is_unknown() {
    let fault = soap("<soap:Fault><faultcode>soap:Server</faultcode><faultstring>0000</faultstring></soap:Fault>");
    hold(fault.as_bytes(), ReplyClass::Unknown, "");
    let two = "<a><RespondLog><responseLogCode>0200</responseLogCode></RespondLog><RespondLog><responseLogCode>04001</responseLogCode></RespondLog></a>";
    hold(two.as_bytes(), ReplyClass::Unknown, "");
    let two_codes = "<RespondLog><responseLogCode>0200</responseLogCode><responseLogCode>0200</responseLogCode></RespondLog>";
    hold(two_codes.as_bytes(), ReplyClass::Unknown, "");
    let nested = "<RespondLog><RespondLog><responseLogCode>0200</responseLogCode></RespondLog></RespondLog>";
    hold(nested.as_bytes(), ReplyClass::Unknown, "");
    let deeper = "<RespondLog><inner><responseLogCode>0200</responseLogCode></inner></RespondLog>";
    hold(deeper.as_bytes(), ReplyClass::Unknown, "");
    let in_info = respond("9999").replace("成功", "0000");
    hold(in_info.as_bytes(), ReplyClass::Unknown, "9999");
    let elsewhere = "<answer><responseLogCode>0200</responseLogCode></answer>";
    hold(elsewhere.as_bytes(), ReplyClass::Unknown, "");
}

#[test]
fn a_token_beside_whatever_speaks_of_failure_is_unknown() {
    for body in [
        "{\"success\":false,\"code\":\"0000\"}",
        "{\"success\":\"false\",\"code\":\"0000\"}",
        "{\"responseLogCode\":\"04002\",\"trace\":\"0000\"}",
        "0000:AreaCode缺失",
        "0000，RegisterList 为空",
        "0000 已存在",
        "0000 系统维护中",
        "0000 not accepted",
        "<result success=\"false\">0000</result>",
        "<result state=\"04011\">0000</result>",
        "<r><ok>false</ok><code>0000</code></r>",
    ] {
        hold(body.as_bytes(), ReplyClass::Unknown, "0000");
    }
    for body in ["success=false", "success: False", "{\"a\":\"success\",\"ok\":false}", "not success"] {
        hold(body.as_bytes(), ReplyClass::Unknown, "success");
    }
    hold(b"{\"success\":true,\"code\":\"0000\"}", ReplyClass::Accepted, "0000");
    hold(b"<r xmlns=\"urn:error\" state=\"1\">0000</r>", ReplyClass::Accepted, "0000");
}

#[test]
fn without_a_configured_token_no_token_is_believed() {
    for body in ["0000", "success"] {
        assert_eq!(classify(body.as_bytes(), &[]).class, ReplyClass::Unknown);
    }
    for text in ["", "0", "00 00", "0000;", "code=0"] {
        assert_eq!(Token::new(text), Err(TokenFault), "{text}");
    }
}

#[test]
fn every_reply_is_said_in_both_languages() {
    for body in ["", "0000", "<html>", &respond("04012"), &respond("77"), "0000 失败", "x"] {
        let reply = classify(body.as_bytes(), &tokens());
        for lang in [Lang::Zh, Lang::En] {
            assert!(!reply.sentence(lang).is_empty());
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_classifier_panic_and_none_that_are_random_are_accepted(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let reply = classify(&body, &[]);
        proptest::prop_assert_eq!(reply.class, ReplyClass::Unknown);
    }
}
