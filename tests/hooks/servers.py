# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers, with data on two filesystems each, as their Debian packages bring them."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import time

PATIENCE = 120

# What a transaction writes must be in the image as a whole or not at all: w is the writer, and
# each n of it is one row of a, one of b, and what c says.
TABLES = """
CREATE SCHEMA d;
CREATE TABLE d.a (w int, n int, t varchar(500), PRIMARY KEY (w, n)) {first};
CREATE TABLE d.b (w int, n int, PRIMARY KEY (w, n)) {second};
CREATE TABLE d.c (w int PRIMARY KEY, n int) {first};
INSERT INTO d.c VALUES (0, 0), (1, 0), (2, 0);
"""
WRITERS = (0, 1, 2)
FIGURES = """SELECT c.w, c.n, (SELECT count(*) FROM d.a WHERE a.w = c.w),
    (SELECT coalesce(max(n), 0) FROM d.a WHERE a.w = c.w),
    (SELECT count(*) FROM d.b WHERE b.w = c.w),
    (SELECT coalesce(max(n), 0) FROM d.b WHERE b.w = c.w) FROM d.c ORDER BY c.w;"""
TRANSACTION = """START TRANSACTION; INSERT INTO d.a VALUES ({w}, {n}, repeat('x', 500)); \
INSERT INTO d.b VALUES ({w}, {n}); UPDATE d.c SET n = {n} WHERE w = {w}; COMMIT; """
# Not transactional: written after the transaction, so at most one behind.
MYISAM = """SELECT c.w, c.n, count(m.n), coalesce(max(m.n), 0)
    FROM d.c LEFT JOIN d.m ON m.w = c.w GROUP BY c.w, c.n;"""


def make_dir(path, user):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o700)
    shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
    return path


def as_user(user):
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/",
            "stdin": subprocess.DEVNULL}


def run(argv, **how):
    done = subprocess.run(argv, check=False, text=True, timeout=PATIENCE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **{"stdin": subprocess.DEVNULL, **how})
    if done.returncode:
        raise RuntimeError(f"{argv[0]}: status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


class Server:
    """@ext4 and @xfs are mount points; @place, elsewhere, is for socket and log."""

    process = None

    def __init__(self, ext4, xfs, place):
        self.ext4, self.xfs = ext4, xfs
        self.place = make_dir(os.path.join(place, self.name), self.user)
        self.log = os.path.join(self.place, "log")

    def start(self, *options):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.argv(), *options], stdout=log, stderr=log,
                                            **as_user(self.user))
        until = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.name} did not start: {log.read()[-2000:]}")
            time.sleep(0.03)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(self.end_signal)
            self.process.wait(PATIENCE)

    def answers(self):
        try:
            return bool(self.query(self.ready_query))
        except RuntimeError:
            return False

    def query(self, sql):
        """The rows, as lists of texts."""
        lines = run([*self.client(), *self.client_command, sql]).splitlines()
        return [line.split(self.separator) for line in lines]

    def wrong(self, acknowledged):
        """What is wrong with the records, each a text; @acknowledged maps writers to numbers."""
        for row in self.query(FIGURES):
            writer, *figures = [int(field) for field in row]
            if len(set(figures)) != 1:
                yield f"{self.name}: half a transaction of writer {writer}: {figures}"
            if figures[0] < acknowledged[writer]:
                yield f"{self.name}: writer {writer} has {figures}, not {acknowledged[writer]}"


class Postgres(Server):
    name = "postgresql"
    package = "postgresql"
    user = "postgres"
    end_signal = signal.SIGINT
    ready_query = "SELECT 1 WHERE NOT pg_is_in_recovery()"
    client_command = ("-c",)
    separator = "|"

    def __init__(self, *where):
        super().__init__(*where)
        self.data = os.path.join(self.ext4, "postgresql")
        self.wal = os.path.join(self.xfs, "wal")
        self.space = os.path.join(self.xfs, "space")
        self.archive = os.path.join(os.path.dirname(os.path.dirname(self.place)), "archive")

    @staticmethod
    def bin(program):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + program))
        return found[-1] if found else shutil.which(program)

    @classmethod
    def is_there(cls):
        return bool(cls.bin("postgres") and cls.bin("initdb") and cls.bin("psql"))

    def create(self):
        for path in (self.data, self.wal, self.space, self.archive):
            make_dir(path, self.user)
        run([self.bin("initdb"), "-D", self.data, "-X", self.wal, "--wal-segsize=1", "-k",
             "--no-sync", "-A", "peer", "--no-locale", "-E", "UTF8"], **as_user(self.user))

    def fill(self):
        self.query(f"CREATE TABLESPACE other LOCATION '{self.space}'")
        self.query(TABLES.format(first="", second="TABLESPACE other"))

    def argv(self):
        settings = {"listen_addresses": "", "unix_socket_directories": self.place,
                    "shared_buffers": "16MB", "min_wal_size": "4MB", "max_wal_size": "16MB",
                    "max_connections": "20", "jit": "off"}
        return [self.bin("postgres"), "-D", self.data,
                *(f"--{name}={value}" for name, value in settings.items())]

    def archiving(self):
        # As a whole: a server that recovers gives up on a file that is still being written.
        new, done = f"{self.archive}/%f.new", f"{self.archive}/%f"
        return ("--archive_mode=on", f"--archive_command=cp %p {new} && mv {new} {done}")

    def writer(self):
        return self.client()

    def client(self):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                self.bin("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.place,
                "-d", "postgres"]

    @staticmethod
    def transaction(w, n):
        return TRANSACTION.format(w=w, n=n) + f"\n\\echo {n}\n"

    def sessions(self):
        return int(self.query("SELECT count(*) FROM pg_stat_activity "
                              "WHERE application_name = 'guestd'")[0][0])

    def end_sessions(self):
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE application_name = 'guestd'")

    def recover(self, label):
        """Makes the next start one from a base backup, with what the hook kept in @label."""
        for name in os.listdir(label):
            target = os.path.join(self.data, name)
            shutil.copyfile(os.path.join(label, name), target)
            shutil.chown(target, self.user, self.user)
        with open(os.path.join(self.data, "recovery.signal"), "wb"):
            pass
        return (f"--restore_command=cp {self.archive}/%f %p",)

    def damage(self):
        amcheck = self.bin("pg_amcheck")
        if amcheck:
            run([amcheck, "-h", self.place, "-d", "postgres", "--install-missing",
                 "--heapallindexed"], **as_user(self.user))
        self.stop()
        run([self.bin("pg_checksums"), "--check", "-D", self.data], **as_user(self.user))


class MariaDB(Server):
    name = "mariadb"
    package = "mariadb-server"
    user = "mysql"
    end_signal = signal.SIGTERM
    ready_query = "SELECT 1"
    client_command = ("-e",)
    separator = "\t"

    def __init__(self, *where):
        super().__init__(*where)
        self.data = os.path.join(self.xfs, "mariadb")
        self.redo = os.path.join(self.ext4, "redo")
        self.socket = os.path.join(self.place, "socket")

    @staticmethod
    def is_there():
        return all(map(shutil.which, ("mariadbd", "mariadb-install-db", "mariadb")))

    def create(self):
        for path in (self.data, self.redo):
            make_dir(path, self.user)
        run(["mariadb-install-db", "--no-defaults", "--user=mysql", "--skip-test-db",
             "--auth-root-authentication-method=socket", *self.places(),
             "--innodb-flush-log-at-trx-commit=0"], cwd="/")

    def places(self):
        return [f"--datadir={self.data}", f"--innodb-log-group-home-dir={self.redo}",
                "--innodb-log-file-size=16M"]

    def fill(self):
        self.query(TABLES.format(first="ENGINE=InnoDB", second="ENGINE=InnoDB") +
                   "CREATE TABLE d.m (w int, n int, PRIMARY KEY (w, n)) ENGINE=MyISAM;")

    def argv(self):
        return ["mariadbd", "--no-defaults", *self.places(), f"--socket={self.socket}",
                "--skip-networking", f"--pid-file={self.place}/pid", "--log-bin=bin",
                "--server-id=1", "--innodb-buffer-pool-size=32M", "--skip-performance-schema"]

    def writer(self):
        return [*self.client(), "d"]

    def client(self):
        return ["mariadb", "--no-defaults", "--batch", "--skip-column-names", "--unbuffered",
                f"--socket={self.socket}"]

    @staticmethod
    def transaction(w, n):
        return TRANSACTION.format(w=w, n=n) + f"INSERT INTO d.m VALUES ({w}, {n}); SELECT {n};\n"

    def wrong(self, acknowledged):
        yield from super().wrong(acknowledged)
        for row in self.query(MYISAM):
            writer, n, count, last = (int(field) for field in row)
            if count != last or last < acknowledged[writer] or last not in (n, n - 1):
                yield (f"mariadb: writer {writer} has {count} MyISAM rows up to {last}, of {n}, "
                       f"acknowledged {acknowledged[writer]}")

    def held(self):
        """Ids of the hook's sessions: the writers' have a database."""
        return [row[0] for row in self.query(
            "SELECT id FROM information_schema.processlist WHERE user = 'root' AND "
            "db IS NULL AND id <> connection_id()")]

    def sessions(self):
        return len(self.held())

    def end_sessions(self):
        for ident in self.held():
            self.query(f"KILL {ident}")

    def damage(self):
        out = run(["mariadb-check", "--no-defaults", f"--socket={self.socket}", "--check",
                   "--extended", "--all-databases"])
        bad = [line for line in out.splitlines() if not line.endswith("OK")]
        if bad:
            raise RuntimeError("mariadb-check: " + "; ".join(bad))
