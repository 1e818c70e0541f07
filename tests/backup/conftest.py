# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each test gets make(), which makes a machine of one kind and then of the other."""

import os
import tempfile

import pytest

from bench import Bench
from domain import Domain
from lib import processes
from lib.libvirt.daemons import Daemons
from machine import Machine

KINDS = {"bare QEMU": Machine, "libvirt": Domain}


@pytest.fixture(scope="session", autouse=True)
def daemons():
    """
    Orphans are left to the first process of the namespace, which collects the dead: libvirt waits
    until QEMU's process is gone.
    """
    processes.adopt_orphans(False)
    with Daemons(os.environ["BACKUP_TESTS"]) as running:
        yield running


@pytest.fixture
def bench(note):
    with tempfile.TemporaryDirectory(prefix="backup-") as place, Bench(place, note) as made:
        yield made


@pytest.fixture(params=KINDS)
def make(request, bench):
    """make(DISKS) is a running machine; @disks: name -> format."""
    return lambda disks=None, **more: KINDS[request.param](
        bench, disks or {"vda": "qcow2", "vdb": "qcow2"}, **more)
