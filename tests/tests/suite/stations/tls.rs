//! Databases that are reached over TCP and TLS, from both stations, and certificates that nobody vouches for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dukou_tests::servers::certificates::{HOST, authority};
use dukou_tests::servers::mariadb::{self, Mariadb};
use dukou_tests::servers::postgres::{self, Postgres};
use dukou_tests::stations::pair::Pair;
use dukou_tests::stations::station::Station;

const CHANNEL: &str = "units";
const DATABASE: &str = "registry";
const TABLE: &str = "CREATE TABLE zd (dm VARCHAR(28) PRIMARY KEY, zl VARCHAR(60))";

/// A PostgreSQL and a MariaDB, each with the table.
struct Servers {
    postgres: Postgres,
    mariadb: Mariadb,
}

impl Servers {
    fn start() -> Self {
        let servers = Self { postgres: Postgres::with_tls(), mariadb: Mariadb::with_tls() };
        servers.postgres.create(DATABASE);
        servers.postgres.psql_in(DATABASE, &format!("SET ROLE {}; {TABLE}", postgres::USER));
        servers.mariadb.create(DATABASE);
        servers.mariadb.sql(&format!("GRANT ALL ON {DATABASE}.* TO {}@'{HOST}'; USE {DATABASE}; {TABLE}", mariadb::USER));
        servers
    }

    fn postgres_url(&self, authority: &Path) -> String {
        let url = self.postgres.url(DATABASE).replacen(&format!(":{}@", postgres::PASSWORD), "@", 1);
        format!("{url}?sslmode=verify-full&sslrootcert={}", authority.display())
    }

    fn mariadb_url(&self, authority: &Path) -> String {
        let (port, _) = self.mariadb.tls().expect("it speaks TLS");
        let account = mariadb::USER;
        format!("mysql://{account}@{HOST}:{port}/{DATABASE}?ssl-mode=VERIFY_IDENTITY&ssl-ca={}", authority.display())
    }
}

fn configure(station: &Station, source: (&str, &str), sink: (&str, &str)) {
    let secret = "database_password_file = \"database.password\"";
    let text = format!(
        "channel = \"{CHANNEL}\"\ntitle = \"units\"\nfrom = \"outer\"\n\n[source]\ndatabase = {:?}\n{secret}\ntables = [{:?}]\npoll_seconds = 0\n\n\
         [sink]\ndatabase = {:?}\n{secret}\n\n[sink.tables]\n{:?} = {:?}\n",
        source.0, source.1, sink.0, source.1, sink.1
    );
    fs::write(station.path(format!("channels/{CHANNEL}.toml")), text).expect("the station's own file");
    let password = station.path("database.password");
    fs::write(&password, postgres::PASSWORD).expect("the station's own file");
    fs::set_permissions(password, fs::Permissions::from_mode(0o600)).expect("the station's own file");
}

fn rows_cross(pair: &Pair, insert: impl Fn(&str), rows: impl Fn() -> String) {
    pair.outer.expect(0, &["source", "install", CHANNEL]);
    pair.inner.expect(0, &["sink", "install", CHANNEL]);
    insert("INSERT INTO zd VALUES ('370102001001GB00001', '𬭚䶮㛃')");
    pair.exchange();
    assert_eq!(rows(), "𬭚䶮㛃");
}

#[test]
fn rows_cross_between_databases_that_are_reached_over_tls_alone() {
    let servers = Servers::start();
    let postgres = servers.postgres_url(servers.postgres.authority().expect("it speaks TLS"));
    let mariadb = servers.mariadb_url(servers.mariadb.tls().expect("it speaks TLS").1);
    let select = "SELECT zl FROM zd";
    let there = || servers.mariadb.sql(&format!("USE {DATABASE}; {select}"));
    let here = || servers.postgres.psql_in(DATABASE, select);

    let pair = Pair::new();
    for station in [&pair.outer, &pair.inner] {
        configure(station, (&postgres, "public.zd"), (&mariadb, "zd"));
    }
    pair.trust_each_other();
    rows_cross(&pair, |sql| drop(servers.postgres.psql_in(DATABASE, sql)), there);

    servers.postgres.psql_in(DATABASE, "DELETE FROM zd");
    servers.mariadb.sql(&format!("DELETE FROM {DATABASE}.zd"));
    let back = Pair::new();
    for station in [&back.outer, &back.inner] {
        configure(station, (&mariadb, "zd"), (&postgres, "public.zd"));
    }
    back.trust_each_other();
    rows_cross(&back, |sql| drop(servers.mariadb.sql(&format!("USE {DATABASE}; {sql}"))), here);
}

#[test]
fn a_certificate_of_another_authority_is_refused_with_the_databases_name_and_nothing_is_asked() {
    let servers = Servers::start();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (stranger, _) = authority(dir.path(), "stranger");
    for (url, table) in [(servers.postgres_url(&stranger), "public.zd"), (servers.mariadb_url(&stranger), "zd")] {
        let pair = Pair::new();
        for station in [&pair.outer, &pair.inner] {
            configure(station, (&url, table), (&url, table));
        }
        pair.trust_each_other();
        let source = pair.outer.ask(&["source", "check", CHANNEL]);
        let sink = pair.inner.ask(&["sink", "check", CHANNEL]);
        for answer in [source, sink] {
            println!("{}{}", answer.out, answer.err);
            let said = format!("{}{}", answer.out, answer.err);
            assert!(answer.code != 0 && said.contains(DATABASE) && said.contains("certificate"), "{said}");
            assert!(said.contains("sslrootcert") || said.contains("ssl-ca"), "the next step: {said}");
            assert!(!said.contains(postgres::PASSWORD), "{said}");
        }
    }
}
