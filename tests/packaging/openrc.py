# SPDX-License-Identifier: LGPL-2.1-or-later
"""The OpenRC script, under Debian's openrc-run."""

import os

from lib.checks import Skip
from lib.programs import cache_dir

from built import output, run

HERE = os.path.dirname(os.path.abspath(__file__))


def checks(built):
    packaging = os.path.join(built.top, "packaging", "openrc")

    def syntax():
        """init script and settings -> valid shell"""
        for name in ("guestd.initd", "guestd.confd"):
            output("sh", "-n", os.path.join(packaging, name))
    yield syntax

    def life():
        """service life -> starts, answers, is restarted when the agent dies, stops"""
        if run("unshare", "--mount", "--pid", "--fork", "true")[0]:
            raise Skip("no mount and PID namespaces")
        output(os.path.join(built.top, "tests", "testbed", "fetch"), "openrc")
        status, text = run("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                           "--propagation", "private", os.path.join(HERE, "openrc-life"),
                           os.path.join(cache_dir(), "openrc"), packaging, built.guestd,
                           os.path.join(built.build, "guestctl"), timeout=300)
        if status:
            raise AssertionError(f"status {status}:\n{text[-2000:]}")
    yield life
