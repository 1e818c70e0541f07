# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers under load whose disks are frozen, and the same servers started on copies of them."""

import os
import signal
import time
from pathlib import Path

from lib.checks import expect, until
from lib.client import AgentError
from lib.freezing import Agent
from servers import Postgres


def refuse_to_thaw(host):
    """The text with which a thaw fails."""
    try:
        host.thaw()
    except AgentError as error:
        expect(host.status() == "thawed", "still frozen after a thaw whose hook failed")
        return error.text
    raise AssertionError("a thaw succeeded though what a hook held was lost")


def refuse_to_freeze(world):
    with world.agent.connect() as host:
        try:
            host.freeze(world.points)
        except AgentError as error:
            expect(host.status() == "thawed", "frozen though a hook failed")
            return error.text
        host.thaw()
    raise AssertionError("a freeze succeeded though its hook must fail")


def test_frozen_images_start_with_all_that_was_acknowledged(world):
    world.load.proceeds()
    world.load.longest()
    checks, frozen_ms, hook_ms = [], [], {}
    for n in range(world.rounds):
        # Half of them with commits that stay in the log's buffer for a second.
        world.mariadb.query(f"SET GLOBAL innodb_flush_log_at_trx_commit = {n % 2}")
        with world.frozen() as host:
            images = world.copies(f"round-{n}")
            acknowledged = world.load.acknowledged()
            expect(host.thaw() == 2, "not as many thawed as frozen")
            report = host.report()
        frozen_ms.append(max(item["frozen-ms"] for item in report["filesystems"]))
        for call in report["hooks"]:
            name = f"{os.path.basename(call['path'])} {call['phase']}"
            hook_ms[name] = max(hook_ms.get(name, 0), round(call["ms"]))
        world.load.proceeds()
        world.nothing_is_left()
        checks.append(world.verify(f"round-{n}", images, acknowledged))
        # No more copies than are being looked at.
        if n >= 2:
            checks[n - 2].result()
    worst = world.load.longest()
    world.load.relax()
    wrong = "\n".join(f"round {n}: {check.result()}" for n, check in enumerate(checks)
                      if check.result())
    expect(not wrong, wrong)
    world.note(f"{world.rounds} rounds, up to {max(frozen_ms):.0f} ms frozen (for the copies), "
               f"longest transaction {worst} ms, hooks {hook_ms} ms, "
               f"records {world.load.acknowledged()}")


def test_image_and_label_recover_from_the_archive_beyond_the_freeze(world):
    with world.frozen():
        images = world.copies("recovery")
        earlier = world.load.acknowledged()
    expect("START WAL LOCATION" in (world.labels() / "backup_label").read_text(), "no label")
    expect(world.postgres.space in (world.labels() / "tablespace_map").read_text(), "no map")
    world.load.proceeds()
    acknowledged = {**earlier, "postgresql": world.load.acknowledged()["postgresql"]}
    last = world.postgres.query("SELECT pg_walfile_name(pg_switch_wal())")[0][0]
    until(lambda: os.path.exists(os.path.join(world.postgres.archive, last)), "the archive")
    wrong = world.verify("recovery", images, acknowledged, str(world.labels())).result()
    expect(not wrong, wrong)


def test_commits_are_held_while_frozen(world):
    committed = "SELECT w, n FROM d.c ORDER BY w"
    with world.frozen():
        # The server's word: a writer may hear of its last commit only now.
        before = world.mariadb.query(committed)
        expect(len(world.holders()) == 2, f"holders: {world.holders()}")
        for holder in world.holders():
            files = {os.readlink(file) for file in Path(f"/proc/{holder}/fd").iterdir()}
            files = {file for file in files if not file.startswith(("socket:", world.state))}
            expect(not files, f"{files} are open, and not on tmpfs")
        expect(world.postgres.sessions() == 1 and world.mariadb.sessions() == 1, "no sessions")
        time.sleep(0.3)
        expect(world.mariadb.query(committed) == before, "MariaDB goes on")
        for (_, n), acknowledged in zip(before, world.load.acknowledged()["mariadb"]):
            expect(acknowledged <= int(n), f"{acknowledged} acknowledged, {n} committed")
    world.load.proceeds()


def test_read_lock_for_mysql(world):
    # Twice, as for two servers: unlike the stages, read locks go together.
    sockets = f"{world.mariadb.socket} {world.mariadb.socket}"
    world.settings("mariadb", **dict(world.standard, MARIADB_SOCKETS=sockets),
                   MARIADB_METHOD="ftwrl")
    world.mariadb.query("SET GLOBAL innodb_flush_log_at_trx_commit = 0")
    try:
        with world.frozen():
            expect(world.mariadb.sessions() == 2, "not two sessions")
            images = world.copies("ftwrl")
            acknowledged = world.load.acknowledged()
        world.load.proceeds()
        wrong = world.verify("ftwrl", images, acknowledged).result()
        expect(not wrong, wrong)
    finally:
        world.standard_settings()


def test_watchdog_releases_the_locks(world):
    with world.frozen(timeout=5) as host:
        until(lambda: host.status() == "thawed", "the watchdog")
        until(lambda: not world.state_left(), "the hooks")
        world.load.proceeds()
        expect(not world.labels().exists(), "a label is kept of an image that may not be good")


def test_lost_holders_make_the_thaw_fail(world):
    for name in ("postgresql", "mariadb"):
        with world.frozen() as host:
            for file in Path(world.state, name).glob("*/pid"):
                os.kill(int(file.read_text()), signal.SIGKILL)
            text = refuse_to_thaw(host)
            expect(name in text and "lost before the thaw" in text, text)
        world.load.proceeds()
        world.nothing_is_left()


def test_lost_connections_make_the_thaw_fail(world):
    for server in world.servers:
        with world.frozen() as host:
            server.end_sessions()
            text = refuse_to_thaw(host)
            expect(server.name in text and "lost before the thaw" in text, text)
        world.load.proceeds()
        world.nothing_is_left()


def test_servers_that_refuse_abort_the_freeze(world):
    try:
        world.settings("postgresql", PG_DATABASE="nowhere")
        expect("nowhere" in refuse_to_freeze(world), "not for the database")
        world.settings("postgresql")
        # By now the other hook has frozen, and must thaw.
        world.settings("mariadb", **dict(world.standard, MARIADB_SOCKETS="/nowhere"))
        expect("/nowhere" in refuse_to_freeze(world), "not for the socket")
        world.nothing_is_left()
        world.settings("postgresql", PG_CLUSTERS=world.shop.dir)
        expect("is not a cluster" in refuse_to_freeze(world), "not for the directory")
    finally:
        world.standard_settings()
    world.load.proceeds()


def test_last_message_of_a_client_is_read(world):
    # Of one that is gone before anyone listens.
    text = world.with_sessions("""session_start "$STATE/a" sh -c 'echo why'
        wait $!
        limit 60
        session_await "$STATE/a" never || why $?
        sessions_end""")
    expect(text == "why\n", text)
    # Also of one that the hook's freeze has left to its thaw.
    world.with_sessions("""session_start "$STATE/a" sh -c 'read -r line; echo why'""")
    text = world.with_sessions("""until [ -s "$STATE/a/pid" ]; do sleep 0.01; done
        session_tell "$STATE/a" stop
        while [ -e "/proc/$(cat "$STATE/a/pid")/fd/1" ]; do sleep 0.01; done
        limit 60
        session_await "$STATE/a" never || why $?
        sessions_end""")
    expect(text == "why\n", text)


def test_settings_that_others_can_write_are_not_executed(world):
    for name in ("postgresql", "mariadb"):
        file = Path(world.hooks, name + ".conf")
        file.chmod(0o666)
        status, output = world.call(name, "freeze", check=False)
        file.chmod(0o644)
        expect(status == 1 and "writable by others" in output, output)


def test_server_that_hangs_is_given_up_at_its_limit(world):
    process = world.postgres.process
    world.settings("postgresql", PG_TIMEOUT=1)
    try:
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        status, output = world.call("postgresql", "freeze", check=False)
        took = time.monotonic() - began
    finally:
        process.send_signal(signal.SIGCONT)
        world.standard_settings()
    expect(status == 1 and "no answer in time" in output, output)
    expect(took < 45, f"took {took:.1f} s, as if nothing were set")


def test_hook_killed_at_its_deadline_leaves_nothing(world):
    process = world.mariadb.process
    options = [f"-F{world.hooks}"]
    # Below the ten that connecting may take; the thaw of a client that must be killed takes four.
    with Agent(world.program, "hasty", options, config={"hook-timeout": 8}) as agent:
        try:
            process.send_signal(signal.SIGSTOP)
            with agent.connect() as host:
                host.freeze(world.points)
            raise AssertionError("frozen though the server hangs")
        except AgentError as error:
            expect("in time" in error.text, error.text)
        finally:
            process.send_signal(signal.SIGCONT)
    world.load.proceeds()


def test_a_lock_held_by_others_aborts_the_freeze(world):
    try:
        # As a backup program does.
        world.call("mariadb", "freeze", GUESTD_HOOK_STATE=world.state + "/other")
        world.settings("mariadb", **world.standard, MARIADB_LOCK_WAIT=1)
        try:
            expect("Lock wait timeout" in refuse_to_freeze(world), "not for the lock")
        finally:
            world.call("mariadb", "thaw", GUESTD_HOOK_STATE=world.state + "/other")
            os.rmdir(world.state + "/other")
    finally:
        world.standard_settings()
    world.load.proceeds()


def test_clusters_are_found_and_chosen(world):
    place = world.shop.path("second")
    second = Postgres(place, place, place)
    second.create()
    second.start()
    try:
        both = {world.postgres.data, second.data}
        for wanted in (both, {second.data}):
            world.settings("postgresql", PG_CLUSTERS="" if wanted == both else second.data)
            _, output = world.call("postgresql", "freeze")
            expect({line.split(":")[0] for line in output.splitlines()} == wanted, output)
            world.call("postgresql", "thaw")
            kept = {data for data in both if world.labels(data).exists()}
            expect(kept == wanted, f"labels of {kept}")
    finally:
        second.stop()
        world.standard_settings()


def test_locks_do_not_outlive_an_agent_that_never_thaws(world):
    world.settings("postgresql", PG_HOLD=3)
    world.settings("mariadb", **world.standard, MARIADB_HOLD=3)
    try:
        for server in world.servers:
            world.call(server.name, "freeze")
            until(lambda each=server: each.sessions() == 0, "the server to end it")
            status, output = world.call(server.name, "thaw", check=False)
            expect(status == 1 and "lost before the thaw" in output, output)
    finally:
        world.standard_settings()
    world.load.proceeds()


def test_freezes_and_thaws_in_any_order(world):
    for name, server in (("postgresql", world.postgres), ("mariadb", world.mariadb)):
        expect(world.call(name, "thaw") == (0, ""), "a thaw without a freeze did something")
        world.call(name, "freeze")
        world.call(name, "freeze")
        until(lambda each=server: each.sessions() == 1, "one session")
        world.call(name, "thaw")
        expect(world.call(name, "thaw") == (0, ""), "a second thaw did something")
        for reason in ("timeout", "failed", "shutdown"):
            world.call(name, "freeze")
            expect(world.call(name, "thaw", GUESTD_THAW_REASON=reason) == (0, ""), reason)
    with world.agent.connect() as host:
        for _ in range(2):
            expect(host.freeze(world.points) == 2 and host.thaw() == 2, "again")
    world.load.proceeds()


def test_agent_killed_while_frozen_hands_over(world):
    with world.agent.connect() as host:
        expect(host.freeze(world.points) == 2, "not frozen")
    world.agent.kill()
    world.agent.start()
    with world.agent.connect() as host:
        expect(host.status() == "frozen", "not taken over")
        expect(host.thaw() == 2, "not thawed")
    world.load.proceeds()


def test_minimal_wal_means_a_checkpoint(world):
    world.load.stop()
    world.postgres.stop()
    world.postgres.start("--wal_level=minimal", "--max_wal_senders=0")
    with world.frozen():
        images = world.copies("minimal")
        acknowledged = world.load.acknowledged()
    expect("wal_level is minimal" in world.agent.log(), "no word of it")
    expect(not world.labels().exists(), "a label without a backup")
    wrong = world.verify("minimal", images, acknowledged).result()
    expect(not wrong, wrong)


def test_stopped_servers_do_not_fail_the_freeze(world):
    world.load.stop()
    for server in world.servers:
        server.stop()
    for name, text in (("postgresql", "no cluster is running\n"), ("mariadb", "not running\n")):
        status, output = world.call(name, "freeze")
        expect(status == 0 and output.endswith(text), output)
        expect(world.call(name, "thaw") == (0, ""), "thaw")
    with world.frozen() as host:
        expect(host.thaw() == 2, "thaw")
