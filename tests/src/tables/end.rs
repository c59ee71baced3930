//! A database of a test, at one end of a channel.

use std::path::PathBuf;

use dukou_servers::proxy::Proxy;
use dukou_servers::{mariadb, postgres};
use tempfile::TempDir;

use super::session::{Address, Dialect, Session};

/// The database of a server of the test's own.
const DATABASE: &str = "registry";

/// What keeps the database there.
#[derive(Debug)]
enum Held {
    SharedPostgres(postgres::Database),
    SharedMariadb(mariadb::Database),
    OwnPostgres(postgres::Postgres),
    OwnMariadb(mariadb::Mariadb),
    File(TempDir),
}

/// A database of a test.
#[derive(Debug)]
pub struct End {
    held: Held,
}

impl End {
    /// Makes a database on the server of that kind that the tests of a run share; a file where there is no server.
    ///
    /// # Panics
    /// Panics when the server is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn shared(dialect: Dialect) -> Self {
        let held = match dialect {
            Dialect::Postgres => Held::SharedPostgres(postgres::Database::new()),
            Dialect::Mariadb => Held::SharedMariadb(mariadb::Database::new()),
            Dialect::Sqlite => Held::File(tempfile::Builder::new().prefix("dukou-").tempdir().expect("a temporary directory")),
        };
        Self { held }
    }

    /// Makes a database on a server of the test's own, which syncs what it commits and can be killed.
    ///
    /// # Panics
    /// Panics when the server is not installed or does not start.
    #[must_use]
    #[track_caller]
    pub fn own(dialect: Dialect) -> Self {
        let held = match dialect {
            Dialect::Postgres => {
                let server = postgres::Postgres::with_tcp();
                server.create(DATABASE);
                Held::OwnPostgres(server)
            }
            Dialect::Mariadb => {
                let server = mariadb::Mariadb::start();
                server.create(DATABASE);
                Held::OwnMariadb(server)
            }
            Dialect::Sqlite => return Self::shared(dialect),
        };
        Self { held }
    }

    /// Gives how its SQL is written.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.held {
            Held::SharedPostgres(_) | Held::OwnPostgres(_) => Dialect::Postgres,
            Held::SharedMariadb(_) | Held::OwnMariadb(_) => Dialect::Mariadb,
            Held::File(_) => Dialect::Sqlite,
        }
    }

    /// Gives where a session is begun.
    #[must_use]
    pub fn address(&self) -> Address {
        match &self.held {
            Held::File(_) => Address::Sqlite(self.file()),
            _ if self.dialect() == Dialect::Mariadb => Address::Mariadb(self.url()),
            _ => Address::Postgres(self.url()),
        }
    }

    fn file(&self) -> PathBuf {
        match &self.held {
            Held::File(dir) => dir.path().join("registry.db"),
            _ => PathBuf::new(),
        }
    }

    /// Gives the URL that an application uses; the password of a server of one's own stands in it.
    fn url(&self) -> String {
        match &self.held {
            Held::SharedPostgres(database) => database.url.clone(),
            Held::SharedMariadb(database) => database.url.clone(),
            Held::OwnPostgres(server) => server.url(DATABASE),
            Held::OwnMariadb(server) => {
                format!("mysql://{}@localhost/{DATABASE}?socket={}", mariadb::USER, server.socket_dir().join("s").display())
            }
            Held::File(_) => format!("sqlite:{}", self.file().display()),
        }
    }

    /// Gives its URL as a channel's configuration names it, without a password; through a proxy where one stands on a port.
    #[must_use]
    pub fn station_url(&self, proxy: Option<&Proxy>) -> String {
        let port = proxy.map(|proxy| proxy.port);
        match (&self.held, port.or_else(|| self.port())) {
            (Held::OwnPostgres(_), Some(port)) => format!("postgres://{}@127.0.0.1:{port}/{DATABASE}", postgres::USER),
            (Held::OwnMariadb(_), Some(port)) => format!("mysql://{}@127.0.0.1:{port}/{DATABASE}", mariadb::USER),
            _ => self.url(),
        }
    }

    /// Gives the password of the account, where one is asked for.
    #[must_use]
    pub fn password(&self) -> Option<&'static str> {
        self.port().map(|_| postgres::PASSWORD)
    }

    /// Puts a proxy in front of a server of one's own; `None` where there is none.
    #[must_use]
    pub fn proxy(&self) -> Option<Proxy> {
        match &self.held {
            Held::OwnPostgres(_) => self.port().map(Proxy::before),
            Held::OwnMariadb(server) => Some(Proxy::before_socket(&server.socket_dir().join("s"))),
            _ => None,
        }
    }

    /// Gives what a table is called in the configuration.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        if self.dialect() == Dialect::Postgres { format!("public.{name}") } else { name.to_owned() }
    }

    /// Begins a session.
    ///
    /// # Panics
    /// Panics when it does not begin.
    #[must_use]
    #[track_caller]
    pub fn session(&self) -> Session {
        Session::of(&self.address())
    }

    /// Runs statements in a session of their own.
    ///
    /// # Panics
    /// Panics when the database refuses.
    #[track_caller]
    pub fn run(&self, sql: &str) {
        self.session().must(sql);
    }

    /// Kills a server of one's own.
    pub fn kill(&mut self) {
        match &mut self.held {
            Held::OwnPostgres(server) => server.kill9(),
            Held::OwnMariadb(server) => server.kill9(),
            _ => {}
        }
    }

    /// Dumps a database of PostgreSQL, as `pg_dump` does.
    ///
    /// # Panics
    /// Panics where it is another's, or the dump fails.
    #[must_use]
    #[track_caller]
    pub fn dump(&self) -> String {
        let Held::SharedPostgres(database) = &self.held else { panic!("{self:?} is not dumped") };
        database.dump()
    }

    /// Restores a database of PostgreSQL from a dump: nothing else stays.
    ///
    /// # Panics
    /// Panics where it is another's, or the server refuses.
    #[track_caller]
    pub fn restore(&self, dump: &str) {
        let Held::SharedPostgres(database) = &self.held else { panic!("{self:?} is not restored") };
        database.restore(dump);
    }

    /// Kills a server of one's own and starts it again; false where there is none.
    ///
    /// # Panics
    /// Panics when it does not start again.
    pub fn kill_and_restart(&mut self) -> bool {
        match &mut self.held {
            Held::OwnPostgres(server) => server.restart(),
            Held::OwnMariadb(server) => server.restart(),
            _ => return false,
        }
        true
    }

    fn port(&self) -> Option<u16> {
        let Held::OwnPostgres(server) = &self.held else { return None };
        let url = server.url(DATABASE);
        url.rsplit(':').next()?.split('/').next()?.parse().ok()
    }
}
