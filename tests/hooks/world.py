# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two servers at work on two loop mounts, and an agent with the hooks."""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import private
from lib.checks import until
from lib.freezing import Agent
from lib.loops import MIB
from servers import PATIENCE, MariaDB, Postgres, run
from writers import Load

HERE = os.path.dirname(os.path.abspath(__file__))
HOOKS = os.path.join(HERE, "../../packaging/hooks")
# As they are to be installed: the one that holds up commits comes last.
NAMES = {"postgresql": "50-postgresql", "mariadb": "90-mariadb"}
APART = ("unshare", "--mount", "--propagation", "private", "--pid", "--ipc", "--fork",
         "--kill-child", "--mount-proc")


class World:
    def __init__(self, shop, program, rounds):
        self.shop, self.program, self.rounds = shop, program, rounds
        self.agent = self.load = None
        self.servers = []
        self.pool = ThreadPoolExecutor(max_workers=2)
        self.mounted = []

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            for server in self.servers:
                server.stop()
            raise
        return self

    def build(self):
        os.chmod(private.work_dir(), 0o711)
        self.points = [self.shop.make("ext4", "ext4", 256 * MIB),
                       self.shop.make("xfs", "xfs", 400 * MIB)]
        self.state = self.tmpfs("run")
        os.environ["GUESTD_HOOK_STATE"] = self.state
        self.hooks = self.install()
        self.servers = [Postgres(*self.points, self.shop.path("live")),
                        MariaDB(*self.points, self.shop.path("live"))]
        self.postgres, self.mariadb = self.servers
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.set_up, self.servers))
        self.standard_settings()
        self.load = Load(self.servers)
        self.agent = Agent(self.program, options=[f"-F{self.hooks}"])

    def __exit__(self, *_):
        if self.agent:
            self.agent.kill()
        self.shop.thaw_all()
        # After a failure hooks may hold on to servers, and then those to writers.
        self.call("mariadb", "thaw", check=False)
        self.call("postgresql", "thaw", check=False)
        if self.load:
            self.load.stop()
        for server in self.servers:
            server.stop()
        self.pool.shutdown(cancel_futures=True)
        private.umount_lazily(self.state)

    def tmpfs(self, name):
        path = self.shop.path(name)
        os.makedirs(path)
        private.run("mount", "-t", "tmpfs", "tmpfs", path)
        return path

    def install(self):
        """One as a copy and one as a link."""
        packaged, directory = self.shop.path("packaged"), self.shop.path("hooks")
        shutil.copytree(HOOKS, packaged)
        os.makedirs(directory)
        shutil.copy(os.path.join(HOOKS, "session.sh"), directory)
        shutil.copy(os.path.join(HOOKS, "mariadb"), os.path.join(directory, NAMES["mariadb"]))
        os.symlink(os.path.join(packaged, "postgresql"),
                   os.path.join(directory, NAMES["postgresql"]))
        for name in NAMES:
            os.environ[f"GUESTD_{name.upper()}_CONF"] = os.path.join(directory, name + ".conf")
        return directory

    @staticmethod
    def set_up(server):
        server.create()
        server.start(*(server.archiving() if server.name == "postgresql" else ()))
        server.fill()

    def settings(self, name, **settings):
        """Of a hook, instead of those it had."""
        Path(self.hooks, name + ".conf").write_text(
            "".join(f"{key}='{value}'\n" for key, value in settings.items()))

    def standard_settings(self):
        empty = self.shop.path("client.cnf")
        Path(empty).write_text("[client]\n")
        self.standard = {"MARIADB_SOCKETS": self.mariadb.socket, "MARIADB_DEFAULTS_FILE": empty}
        self.settings("postgresql")
        self.settings("mariadb", **self.standard)

    def call(self, name, verb, check=True, **environment):
        """Calls a hook as the agent does; returns its status and output."""
        done = subprocess.run([os.path.join(self.hooks, NAMES[name]), verb], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=PATIENCE,
                              env=dict(os.environ, **environment))
        if check and done.returncode:
            raise RuntimeError(f"{name} {verb}: status {done.returncode}: {done.stdout}")
        return done.returncode, done.stdout

    def with_sessions(self, script):
        """What a hook of this body prints."""
        head = f'HOOK=test\n. "{os.path.join(self.hooks, "session.sh")}"\n'
        return subprocess.run(["bash", "-c", head + script], check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE).stdout

    @contextlib.contextmanager
    def frozen(self, **more):
        """Frozen by the host; if the body does not thaw, that is done here."""
        with self.agent.connect() as host:
            count = host.freeze(self.points, **more)
            try:
                if count != 2 or host.status() != "frozen":
                    raise RuntimeError(f"{count} frozen, {host.status()}")
                yield host
            finally:
                if host.status() == "frozen":
                    host.thaw()

    def holders(self):
        """Ids of the hooks' clients, whose files may go meanwhile, with their directories."""
        found = []
        for file in glob.glob(f"{glob.escape(self.state)}/*/*/pid"):
            with contextlib.suppress(FileNotFoundError):
                found += [int(word) for word in Path(file).read_text().split()]
        return found

    def copies(self, name):
        """Copies of both images, which are on another filesystem."""
        made = {}
        for kind in ("ext4", "xfs"):
            made[kind + "-image"] = self.shop.path(f"{name}-{kind}.copy")
            run(["cp", "--sparse=auto", self.shop.path(kind + ".img"), made[kind + "-image"]])
        return made

    def verify(self, name, images, acknowledged, label=None):
        """A future whose result says what is wrong with servers started on the copies."""
        job = {"ext4": self.points[0], "xfs": self.points[1], "place": self.shop.path(name),
               "acknowledged": acknowledged, "label": label, **images}
        return self.pool.submit(self.start_apart, job, images)

    @staticmethod
    def start_apart(job, images):
        done = subprocess.run([*APART, sys.executable, os.path.join(HERE, "restored")], check=False,
                              input=json.dumps(job), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=4 * PATIENCE)
        for image in images.values():
            os.unlink(image)
        return done.stdout.strip() or (f"status {done.returncode}" if done.returncode else "")

    def labels(self, data=None):
        """What was kept of the cluster with this data directory."""
        return Path(self.state + "/labels" + (data or self.postgres.data))

    def state_left(self):
        """Of the hooks: what there is but labels."""
        return [os.path.join(self.state, name) for name in os.listdir(self.state)
                if name != "labels"]

    def nothing_is_left(self):
        """Of the hooks: no file but labels, no process, no connection."""
        left = self.state_left()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"GUESTD_HOOK_STATE={self.state}".encode() in \
                   process.joinpath("environ").read_bytes() and \
                   b"--skip-reconnect" in process.joinpath("cmdline").read_bytes() or \
                   b"PGAPPNAME=guestd" in process.joinpath("environ").read_bytes():
                    left.append(process.joinpath("cmdline").read_text().replace("\0", " "))
        if left:
            raise RuntimeError("left behind: " + ", ".join(left))
        for server in self.servers:
            if server.process.poll() is None:
                # The client is gone; the server may take a moment to notice.
                until(lambda each=server: each.sessions() == 0, f"{server.name} to drop sessions")

    def recover(self):
        """After a failed test, for the next one."""
        with contextlib.suppress(Exception):
            with self.agent.connect() as host:
                host.thaw()
            self.standard_settings()
