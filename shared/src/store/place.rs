//! Where a station's state is: beside its log in a SQLite file, or on a PostgreSQL server.

use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::str::FromStr;

/// What `station.store` may be.
const RULE: &str = "sqlite，或 postgres://账号@主机/库（参数只认 sslmode、sslrootcert、sslcert、sslkey、host、port、user、password、dbname） / sqlite, or postgres://ACCOUNT@HOST/DATABASE (with no other parameters than sslmode, sslrootcert, sslcert, sslkey, host, port, user, password, dbname)";

/// The parameters of a URL that are understood: the driver passes over others, which is worse than to refuse them.
const PARAMETERS: [&str; 9] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "user", "password", "dbname"];

/// Where a station's state is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StatePlace {
    /// In `state/station.sqlite`.
    #[default]
    Sqlite,
    /// On a PostgreSQL server.
    Postgres(StoreUrl),
}

impl TryFrom<String> for StatePlace {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for StatePlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "sqlite" {
            return Ok(Self::Sqlite);
        }
        StoreUrl::parse(text).map(Self::Postgres).ok_or(RULE)
    }
}

impl From<StatePlace> for String {
    /// Without a password: what is written from here is shown to people.
    fn from(place: StatePlace) -> Self {
        match place {
            StatePlace::Sqlite => "sqlite".to_owned(),
            StatePlace::Postgres(url) => url.to_string(),
        }
    }
}

/// The URL of a PostgreSQL database. It may hold a password, and shows it nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// As it was given.
    text: String,
    /// The password from elsewhere.
    password: Option<String>,
}

impl StoreUrl {
    fn parse(text: &str) -> Option<Self> {
        let known_scheme = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let known = |pair: &str| PARAMETERS.contains(&pair.split('=').next().unwrap_or_default());
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let clean = !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let fits = known_scheme && clean && query.split('&').filter(|pair| !pair.is_empty()).all(known);
        (fits && PgConnectOptions::from_str(text).is_ok()).then(|| Self { text: text.to_owned(), password: None })
    }

    /// Tells whether a password stands in the URL itself.
    pub fn has_password(&self) -> bool {
        self.shown() != self.text
    }

    /// Gives the URL with a password from elsewhere.
    pub fn with_password(&self, password: String) -> Self {
        Self { password: Some(password), ..self.clone() }
    }

    /// Gives the text as `station.toml` holds it, with the password that may stand in it.
    pub(crate) fn secret_text(&self) -> &str {
        &self.text
    }

    /// Gives the driver's options. A password in `PGPASSFILE` or `~/.pgpass` is found by the driver.
    pub(crate) fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::from_str(&self.text).unwrap_or_else(|_| PgConnectOptions::new());
        match &self.password {
            Some(password) => options.password(password),
            None => options,
        }
    }

    /// Gives the URL without what is secret in it.
    fn shown(&self) -> String {
        let (scheme, rest) = self.text.split_once("://").unwrap_or(("postgres", ""));
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (authority, path) = place.find('/').map_or((place, ""), |at| place.split_at(at));
        let (account, host) = authority.rsplit_once('@').map_or((None, authority), |(account, host)| (Some(account), host));
        let account = account.map(|account| account.split(':').next().unwrap_or_default());
        let account = account.map(|account| format!("{account}@")).unwrap_or_default();
        let query =
            query.map(|query| query.split('&').filter(|pair| !pair.starts_with("password=")).collect::<Vec<_>>().join("&"));
        let query = query.filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
        format!("{scheme}://{account}{host}{path}{query}")
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> StoreUrl {
        match text.parse() {
            Ok(StatePlace::Postgres(url)) => url,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_password_in_a_url_is_shown_nowhere() {
        for text in [
            "postgres://dukou:canary@db.local:5433/county",
            "postgres://dukou:can%40ary@db.local/county?sslmode=require",
            "postgres:///county?host=/run/postgresql&user=dukou&password=canary",
            "postgres://dukou:p@ss:canary@db.local/county",
        ] {
            let url = url(text);
            let place = StatePlace::Postgres(url.clone());
            for shown in [url.to_string(), format!("{url:?}"), format!("{place:?}"), String::from(place)] {
                assert!(!shown.contains("can") && !shown.contains("p@ss"), "{shown}");
                assert!(shown.contains("county"), "{shown}");
            }
            assert!(url.has_password());
        }
        assert!(!url("postgres://dukou@db.local/county").has_password());
        assert!(!url("postgres:///county?host=/run/postgresql").has_password());
        let kept = url("postgres://dukou@db.local/county").with_password("canary".to_owned());
        assert!(!format!("{kept:?}").contains("canary"));
    }

    #[test]
    fn what_the_driver_would_pass_over_is_refused() {
        for text in [
            "",
            "mysql://a/b",
            "postgres",
            "SQLITE",
            "postgres://a/b?passwort=x",
            "postgres://a/b?sslmode=perhaps",
            "postgres://a/b c",
        ] {
            assert!(StatePlace::from_str(text).is_err(), "{text}");
        }
        assert_eq!("sqlite".parse(), Ok(StatePlace::Sqlite));
    }
}
