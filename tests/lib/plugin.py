# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What our suites add to pytest: a row of TAP for each test as soon as it has ended, selection by the
rows' names, an orderly end by signals, and one more row for what the suite has left behind.

A row is called "MODULE: first line of the documentation", in which {parameters} are replaced, or
"MODULE: id of the parameters" without one, unless the test has an attribute `row`.
"""

import contextlib
import glob
import os
import shutil
import signal
import tempfile

import pytest

from lib import processes
from lib.checks import explain
from lib.programs import host

SLOW_S = 10  # worth a remark: slow rows decide how long a check takes
SHOWN = 40   # lines of what a failed test has printed


def pytest_addoption(parser):
    group = parser.getgroup("rows")
    group.addoption("--row", action="append", default=[], metavar="NAME",
                    help="rows whose name, or whose id, contains it; may be given several times")
    group.addoption("--list", action="store_true", help="print the rows' names only")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    rows = Rows(config)
    config.pluginmanager.register(rows, "rows")
    if rows.place:
        config.option.basetemp = config.option.basetemp or f"{rows.place.path}/pytest"


def pytest_unconfigure(config):
    rows = config.pluginmanager.getplugin("rows")
    if rows and rows.place:
        rows.place.remove()


def name_of(item):
    function = getattr(item, "function", None)
    row = getattr(item, "row", None) or getattr(function, "row", None)
    if row:
        return row
    text = (getattr(function, "__doc__", None) or item.name).strip().splitlines()[0]
    if hasattr(item, "callspec"):
        text = text.format_map(item.callspec.params) if function.__doc__ else item.callspec.id
    return f"{item.path.stem.removeprefix('test_')}: {text}"


class Place:
    """A directory for all temporary files of the suite; what uses it at the end was left behind."""

    def __init__(self):
        self.before = tempfile.tempdir
        self.path = tempfile.mkdtemp(prefix="gt-")
        os.chmod(self.path, 0o1777)  # some programs write as another user
        tempfile.tempdir = self.path
        self.environment = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = self.path

    def left(self):
        """What uses it: [(description, command that ends it)]; processes are ended by now."""
        found = []
        for pid in processes.children():
            found.append((f"process {pid}: {processes.command(pid)}", None))
            processes.kill([pid])
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            points = [line.split()[4] for line in file]
        found += [(f"mount {point}", ("umount", "-l", point)) for point in reversed(points)
                  if point.startswith(self.path)]
        for backing in glob.glob("/sys/block/loop*/loop/backing_file"):
            with contextlib.suppress(OSError), open(backing, encoding="utf-8") as file:
                image, loop = file.read().strip(), backing.split("/")[3]
                if image.startswith(self.path):
                    found.append((f"loop device {loop} on {image}",
                                  ("losetup", "-d", f"/dev/{loop}")))
        return found

    def remove(self):
        tempfile.tempdir = self.before
        if self.environment is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = self.environment
        shutil.rmtree(self.path, ignore_errors=True)


class Rows:
    """The plugin's state during one run."""

    def __init__(self, config):
        self.config = config
        self.reports = []
        self.count = {"passed": 0, "failed": 0, "skipped": 0}
        # A list is printed and that is all, perhaps into a pipe that is closed early.
        self.place = None if config.option.list else Place()
        processes.adopt_orphans()
        processes.accept_interrupts()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.end)

    def end(self, number, _frame):
        """Fixtures are torn down; further signals do not interrupt that."""
        for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        pytest.exit(f"ended by signal {number}", returncode=128 + number)

    # Selection

    def wants(self, item):
        ident = item.nodeid.replace(".py::", ".").replace("::", ".")
        return any(part in text for part in self.config.option.row
                   for text in (item.row_name, item.nodeid, ident))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        for item in items:
            item.row_name, item.succeeded = name_of(item), False
            item.extra_keyword_matches.add(item.row_name)
        if self.config.option.row:
            left = [item for item in items if not self.wants(item)]
            items[:] = [item for item in items if self.wants(item)]
            self.config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        if not self.config.option.list:
            return None
        for item in session.items:
            self.say(item.row_name)
        return True

    # Reports

    def say(self, text):
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        reporter.write_line(text)
        reporter.flush()

    def comment(self, text):
        for line in text.rstrip().splitlines():
            self.say("# " + line)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        report = outcome.get_result()
        report.row_name = item.row_name
        report.why = explain(call.excinfo.value) if report.failed else ""
        if call.when == "call":
            item.succeeded = not report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report):
        """No letters: each test has its row."""
        if report.passed and report.when != "call":
            return "", "", ""
        return "error" if report.failed and report.when != "call" else report.outcome, "", ""

    def pytest_runtest_logreport(self, report):
        self.reports.append(report)
        if report.when == "teardown":
            self.row(self.reports)
            self.reports = []

    def row(self, reports):
        failed = [report for report in reports if report.failed]
        skipped = [report for report in reports if report.skipped]
        kind = "failed" if failed else "skipped" if skipped else "passed"
        self.count[kind] += 1
        why = ""
        if kind == "skipped":
            reason = skipped[0].longrepr
            reason = reason[2] if isinstance(reason, tuple) else str(reason)
            why = f" # SKIP {reason.removeprefix('Skipped: ')}"
        self.say(f"{'not ok' if failed else 'ok'} {sum(self.count.values())} - "
                 f"{reports[0].row_name}{why}")
        for report in failed:
            self.comment(report.why)
        for title, text in reports[-1].sections if failed else ():
            self.comment("\n".join([f"{title}:", *text.splitlines()[-SHOWN:]]))
        for key, text in reports[-1].user_properties:
            if key == "note":
                self.comment(text)
        seconds = sum(report.duration for report in reports)
        if seconds > SLOW_S:
            self.comment(f"{seconds:.0f} s")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        """By now all fixtures are torn down."""
        left = self.place.left() if self.place else []
        if left:
            self.count["failed"] += 1
            self.say("")
            self.say(f"not ok {sum(self.count.values())} - nothing is left behind")
            for description, command in left:
                self.comment(description)
                if command:
                    host(*command)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.config.option.list or self.config.option.collectonly:
            return
        self.say(f"1..{sum(self.count.values())}")
        self.comment(", ".join(f"{number} {kind}" for kind, number in self.count.items()))
        if not sum(self.count.values()):
            terminalreporter.write_line("no row matches")


@pytest.fixture
def note(request):
    """A function that adds a line to the row's report, also when the test passes."""
    return lambda text: request.node.user_properties.append(("note", text))
