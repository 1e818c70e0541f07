# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The kit of all Python tests. Scripts in a folder of tests/ put tests/ on sys.path and import from
here; the suites that pytest runs get it from tests/conftest.py.

    checks, tap, runner    what a test asserts; how rows are selected, printed and counted
    plugin                 the same for pytest
    programs, processes    finding and starting programs, waiting for processes
    wire, client, qmp      sockets with deadlines; the host's side of an agent and of a monitor
    played                 agents and monitors that the test plays
    mountspace, netspace, private, loops    namespaces and loop mounts that end with the test
    freezing               an agent that may freeze nothing but the test's own mounts
    dialogue/              transcripts: two agents, byte for byte
    vm/, libvirt/          virtual machines, and a libvirtd of the tests' own
"""
