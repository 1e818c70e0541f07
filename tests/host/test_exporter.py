# SPDX-License-Identifier: LGPL-2.1-or-later
"""exporter: what Prometheus gets, whatever the guests say."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time

from lib.checks import has, same
from lib.played import PATIENCE, SILENCE, agent
from lib.programs import cache_dir

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})\{{((?:[a-z]+=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)*)\}} (\S+)")
UNITS = ("_bytes", "_seconds", "_total", "_size", "_bytes_total", "_seconds_total")


def parse(text):
    """{family: {labels: number}} by the rules of the format; strict, as Prometheus is."""
    families, types, current = {}, {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split()[2]
            assert current not in families, f"{current} comes twice"
            assert line.split(None, 3)[3], line
            families[current] = {}
        elif line.startswith("# TYPE "):
            _hash, _type, name, kind = line.split()
            assert name == current and kind in ("gauge", "counter"), line
            assert (kind == "counter") == name.endswith("_total"), line
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, f"no sample: {line}"
            name, labels, number = found.groups()
            assert name == current and name in types, f"{name} is not with its family"
            assert labels not in families[name], f"twice: {line}"
            families[name][labels] = float(number)
    assert all(families.values()), "a family without samples"
    return families


def promtool(text):
    """What promtool says against it; None: it is not here."""
    binary = cache_dir() / "promtool/promtool"
    if not binary.exists():
        return None
    done = subprocess.run([binary, "check", "metrics"], input=text.encode(), capture_output=True,
                          timeout=PATIENCE, check=False)
    return f"{done.returncode} {(done.stdout + done.stderr).decode()}"


class Exporter:
    def __init__(self, bench, vms, *options, before=()):
        os.makedirs(bench.path("config/guestctl"), exist_ok=True)
        self.ini = bench.path("config/guestctl/vms.ini")
        self.write(vms)
        self.process = bench.start(*before, "exporter", "--listen", "127.0.0.1:0",
                                   *(options or ("--deadline", PATIENCE)))
        told = self.process.stderr.readline().decode()
        self.port = int(re.search(r"port (\d+)", told)[1])

    def write(self, vms):
        with open(self.ini, "w", encoding="utf-8") as file:
            for name, path in vms.items():
                file.write(f"[{name}]\nagent={path}\n")

    def get(self, path="/metrics", method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def get_anything(self):
        """A scrape whose answer may not come."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.get()

    def scrape(self, **more):
        status, body = self.get(**more)
        same(status, 200, body)
        return parse(body)


def up(families):
    return {labels: int(number) for labels, number in families["guestctl_up"].items()}


def test_real(bench):
    """both agents and a missing one -> figures that promtool accepts"""
    exporter = Exporter(bench, {"ours": bench.real_agent("ours"), "gone": bench.path("none"),
                                "theirs": bench.real_agent("theirs", True)})
    status, body = exporter.get()
    same(status, 200)
    families = parse(body)
    same(up(families), {'vm="ours"': 1, 'vm="theirs"': 1, 'vm="gone"': 0})
    same(families["guestctl_guestd"], {'vm="ours"': 1.0, 'vm="theirs"': 0.0})
    same(families["guest_frozen"], {'vm="ours"': 0.0, 'vm="theirs"': 0.0})
    with open("/proc/uptime", encoding="ascii") as file:
        same(abs(families["guest_uptime_seconds"]['vm="ours"'] - float(file.read().split()[0])) <
             PATIENCE, True)
    for name in ("guest_memory_size_bytes", "guest_cpu_seconds_total",
                 "guest_network_receive_bytes_total"):
        same(name in families, True, name)
    same(families["guest_network_receive_bytes_total"]['vm="theirs",interface="lo"'] >= 0, True)
    same(promtool(body) in ("0 ", None), True, promtool(body))


def test_units(bench):
    """figures -> in base units"""
    metrics = {"time-ns": 1, "uptime-ms": 1500, "users": 2,
               "load": {"load1m": 0.25, "load5m": 1, "load15m": 2},
               "cpu": {"online": 2, "user-ms": 1234, "idle-ms": 2 ** 64 - 1},
               "pressure": {"io": {"some": {"total-us": 2500000}}},
               "disks": [{"name": "vda", "read-ms": 10, "reads": 3}]}
    player = bench.play("a", agent({"guestd-metrics": metrics, "guest-fsfreeze-status": "frozen"}))
    families = Exporter(bench, {"x": player.path}).scrape()
    wanted = {"guest_uptime_seconds": ('vm="x"', 1.5), "guest_users": ('vm="x"', 2),
              "guest_load1": ('vm="x"', 0.25), "guest_frozen": ('vm="x"', 1),
              "guest_cpu_seconds_total": ('vm="x",mode="user"', 1.234),
              "guest_pressure_io_stalled_seconds_total": ('vm="x",tasks="some"', 2.5),
              "guest_disk_read_time_seconds_total": ('vm="x",disk="vda"', 0.01),
              "guest_disk_reads_total": ('vm="x",disk="vda"', 3)}
    for name, (labels, number) in wanted.items():
        same(families[name][labels], number, name)
    same(families["guest_cpu_seconds_total"]['vm="x",mode="idle"'] > 1.8e16, True)


def test_hostile(bench):
    """quotes, duplicates, thousands of names, invalid numbers -> valid exposition format"""
    odd = 'a"b\\c\nd\x00e\U0001f600'
    disks = [{"name": odd, "reads": 1}, {"name": odd, "reads": 2}, {"name": "x", "reads": "no"},
             {"reads": -1}, 7, *({"name": f"d{i}", "reads": 1} for i in range(5000))]
    good = {"time-ns": 1, "users": 1}
    answers = {"one": {"disks": disks, "interfaces": {"name": "x"}, "load": [], "users": {}},
               "two": good, "three": [], "four": "x", "five": 12}
    vms = {name: bench.play(name, agent({"guestd-metrics": answer})).path
           for name, answer in answers.items()}
    status, body = Exporter(bench, vms).get()
    same(status, 200)
    families = parse(body)
    same(families["guest_users"], {'vm="two"': 1.0})
    reads = families["guest_disk_reads_total"]
    same(len(reads) <= 1024, True, len(reads))
    same([number for labels, number in reads.items() if 'a\\"b\\\\c\\nd' in labels], [1.0])
    same(promtool(body) in ("0 ", None), True, promtool(body))


def test_deadline(bench):
    """several agents that hang -> one time limit in all"""
    vms = {f"vm{i}": bench.play(f"a{i}", agent({"guestd-metrics": None})).path for i in range(30)}
    vms["good"] = bench.real_agent()
    exporter = Exporter(bench, vms, "--deadline", SILENCE)
    began = time.monotonic()
    families = exporter.scrape()
    # One after the other they would have it thirty times.
    same(time.monotonic() - began < 15 * SILENCE, True)
    same([labels for labels, number in up(families).items() if number], ['vm="good"'])
    same(max(families["guestctl_scrape_duration_seconds"].values()) < 10 * SILENCE, True)


def test_clients_patience(bench):
    """the scrape timeout of Prometheus -> a shorter time limit"""
    exporter = Exporter(bench, {"a": bench.play("a", agent({"guestd-metrics": None})).path},
                        "--deadline", "600")
    same(up(exporter.scrape(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})), {'vm="a"': 0})


def test_vms_come_and_go(bench):
    """a scrape -> VMs are searched anew, and no socket is kept open between two"""
    first = bench.play("a", agent({"guestd-metrics": {}}))
    exporter = Exporter(bench, {"one": first.path})
    same(up(exporter.scrape()), {'vm="one"': 1})
    # A player closes its end once the other is closed.
    bench.wait_for(lambda: first.open and all(sock.fileno() < 0 for sock in first.open), "held")
    exporter.write({"two": first.path, "three": bench.path("none")})
    same(up(exporter.scrape()), {'vm="two"': 1, 'vm="three"': 0})


def test_named(bench):
    """VMs named on the command line -> these only"""
    path = bench.play("a", agent({"guestd-metrics": {}})).path
    exporter = Exporter(bench, {"one": path, "two": path, "three": path}, before=("one,three",))
    same(up(exporter.scrape()), {'vm="one"': 1, 'vm="three"': 1})
    exporter.write({"one": path})
    status, body = exporter.get()
    same(status, 503)
    has(body, "three")


def test_http(bench):
    """other paths and methods, and requests that are not HTTP -> error status"""
    exporter = Exporter(bench, {"a": bench.play("a", agent({"guestd-metrics": {}})).path})
    same(exporter.get("/")[0], 200)
    same(exporter.get("/nothing")[0], 404)
    same(exporter.get(method="POST")[0], 405)
    same(exporter.get(method="HEAD"), (200, ""))
    for text in (b"nonsense\r\n\r\n", b"GET /metrics\r\n\r\n", b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", exporter.port), PATIENCE) as sock:
            sock.sendall(text)
            has(sock.recv(100).decode(), " 400 ")
    for text in (b"GET / HTTP/1.1\r\nX: " + b"x" * 40000 + b"\r\n\r\n", b"\0\0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", exporter.port), PATIENCE) as sock:
            try:
                sock.sendall(text)
                same(b"200" in sock.recv(100), False)
            except ConnectionError:
                pass
    same(exporter.get()[0], 200)


def test_slow_clients(bench):
    """clients that send nothing -> do not hold up others"""
    exporter = Exporter(bench, {"a": bench.play("a", agent({"guestd-metrics": {}})).path})
    idle = [socket.create_connection(("127.0.0.1", exporter.port), PATIENCE) for _ in range(8)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(up(exporter.scrape())))
               for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    same(results, [{'vm="a"': 1}] * 6)
    for sock in idle:
        sock.close()


def test_many_clients(bench):
    """more clients than are served at once -> wait, and use no descriptor"""
    exporter = Exporter(bench, {"a": bench.play("a", agent({"guestd-metrics": {}})).path})

    def sockets():
        place, count = f"/proc/{exporter.process.pid}/fd", 0
        for name in os.listdir(place):
            with contextlib.suppress(FileNotFoundError):
                count += os.readlink(f"{place}/{name}").startswith("socket:")
        return count
    before, most = sockets(), []

    def full():
        most.append(sockets())
        return most[-1] >= before + 16
    idle = [socket.create_connection(("127.0.0.1", exporter.port), PATIENCE) for _ in range(40)]
    bench.wait_for(full, "too few are served")
    results = []
    thread = threading.Thread(target=lambda: results.append(up(exporter.scrape())))
    thread.start()
    most.append(sockets())
    for sock in idle:
        sock.close()
    thread.join(PATIENCE)
    same(results, [{'vm="a"': 1}])
    # The agent's may be among them, if the first have been given up.
    same(max(most) <= before + 17, True, most)


def test_end(bench):
    """SIGTERM, also during a scrape -> the exporter ends"""
    player = bench.play("a", agent({"guestd-metrics": None}))
    exporter = Exporter(bench, {"a": player.path}, "--deadline", "600")
    with socket.create_connection(("127.0.0.1", exporter.port), PATIENCE) as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        bench.wait_for(lambda: any(m["execute"] == "guestd-metrics" for m in player.heard), "none")
        exporter.process.send_signal(signal.SIGTERM)
        same(exporter.process.wait(PATIENCE), 0)


def test_listen(bench):
    """an invalid address, or one in use -> error"""
    for address in ("x", "127.0.0.1", "localhost:1:2", ":", "host:80"):
        result = bench.ctl("exporter", "--listen", address)
        same(result.status in (1, 2), True, f"{address}: {result}")
    exporter = Exporter(bench, {})
    result = bench.ctl("exporter", "--listen", f"127.0.0.1:{exporter.port}")
    same(result.status, 1)
    has(result.err, "cannot listen")
