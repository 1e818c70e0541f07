# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each test gets a bench whose calls of guestctl files find a kernel and one cache."""

import os
import tempfile

import pytest

from bench import Bench
from lib.checks import Skip, same
from lib.programs import cache_dir
from machine import Machine


class FilesBench(Bench):
    def __init__(self, place, note, cache):
        super().__init__(place, note)
        kernel = os.path.join(cache_dir(), "kernel", "vmlinuz")
        if not os.path.exists(kernel):
            raise Skip("no kernel, run tests/testbed/fetch first")
        # Paths of sockets are short.
        self.runtime = tempfile.mkdtemp(prefix="files-")
        self.env |= {"GUESTCTL_KERNEL": kernel, "XDG_CACHE_HOME": cache,
                     "XDG_RUNTIME_DIR": self.runtime, "TMPDIR": place}
        self.stores = set()

    def __exit__(self, *_):
        for store in self.stores:
            self.ctl("files", "--from", store, "end")
        super().__exit__(*_)
        # The appliances leave nothing.
        left = os.listdir(os.path.join(self.runtime, "guestctl-files")) if \
            os.path.exists(os.path.join(self.runtime, "guestctl-files")) else []
        same([name for name in os.listdir(self.place) if name.startswith("guestctl-files")], [])
        same(left, [], "left in the runtime directory")

    def files(self, store, *words, status=0):
        """guestctl files on the directory of backups @store."""
        self.stores.add(store)
        result = self.ctl("files", "--from", store, *words)
        same(result.status, status, result)
        return result.out if status == 0 else result.err


@pytest.fixture(scope="session")
def cache():
    with tempfile.TemporaryDirectory(prefix="files-cache-") as place:
        yield place


@pytest.fixture
def bench(note, cache):
    with tempfile.TemporaryDirectory(prefix="files-test-") as place, \
            FilesBench(place, note, cache) as made:
        yield made


@pytest.fixture
def make(bench):
    """make(disk=IMAGE, ...) is a running machine with these disks."""
    return lambda **disks: Machine(bench, {name: "qcow2" for name in disks}, images=disks)
