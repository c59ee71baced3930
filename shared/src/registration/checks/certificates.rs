//! Certificate and proof numbers of the case itself; those of earlier cases may be of any older form.

use super::About;
use crate::registration::certificate::{Form, form, parts};
use crate::registration::finding::{Finding, Findings};
use crate::say;

pub(super) fn check(about: &About<'_, '_>, findings: &mut Findings) {
    let rules = &about.standard.rules.certificate;
    for row in about.message.rows().filter(|row| !rules.earlier.contains(row.table)) {
        for (name, value) in row.cells().filter(|(name, _)| rules.columns.contains(*name)) {
            let worst = parts(&value).map(|number| (form(number), number)).find(|(form, _)| *form != Form::Clean);
            if let Some((form, number)) = worst {
                findings.add(finding(form).in_row(&row).at(name).showing(number));
            }
        }
    }
}

fn finding(form: Form) -> Finding {
    match form {
        Form::Clean | Form::Wide => Finding::warning("certificate-wide", |lang| {
            say!(
                lang,
                "证号里有全角括号或空格，应写作 蒙(2024)阿荣旗不动产权第0000123号。请在登记系统中改正。",
                "The number has full-width brackets or spaces; it is written 蒙(2024)阿荣旗不动产权第0000123号. Correct it in the registration system."
            )
        }),
        Form::Marked => Finding::warning("certificate-marked", |lang| {
            say!(
                lang,
                "证号后面带有注销一类的标记。请确认这本证书仍然有效，并在登记系统中去掉标记。",
                "A mark such as that of a void paper stands behind the number. Make sure that the paper holds, and have the mark removed in the registration system."
            )
        }),
        Form::Other => Finding::warning("certificate-form", |lang| {
            say!(
                lang,
                "不是不动产权证号或登记证明号的写法：省简称(年)县名不动产权（或不动产证明）第…号。请在登记系统中核对。",
                "It is not written as the number of a certificate or proof: province(year)county不动产权 or 不动产证明第…号. Check it in the registration system."
            )
        }),
    }
}
