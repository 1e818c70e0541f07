# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains of libvirt's own test driver, which lives in the process: states without a VM."""

import json

from lib.checks import Skip, has, same

# Number of libvirt's state -> what list calls it, and whether its agent is asked.
STATES = {1: ("running", "absent"), 2: ("idle", "absent"), 3: ("paused", "-"),
          4: ("in shutdown", "-"), 5: ("shut off", "-"), 6: ("crashed", "-"),
          7: ("pmsuspended", "-")}
DOMAIN = """
  <domain type="test" xmlns:test="http://libvirt.org/schemas/domain/test/1.0">
    <name>{name}</name><memory>1024</memory><os><type>hvm</type></os>
    <test:runstate>{state}</test:runstate>{more}
  </domain>"""


def node(bench):
    """The URI of a host with a domain in each state."""
    domains = [DOMAIN.format(name=name.replace(" ", "-"), state=state, more="")
               for state, (name, _agent) in STATES.items()]
    domains.append(DOMAIN.format(name="saved", state=5,
                                 more="<test:hasmanagedsave>1</test:hasmanagedsave>"))
    with open(bench.path("node.xml"), "w", encoding="ascii") as file:
        file.write(f"<node>{''.join(domains)}</node>")
    uri = f"test://{bench.path('node.xml')}"
    result = bench.ctl("-c", uri, "list", "--names")
    if "built without libvirt" in result.err:
        raise Skip("guestctl was built without libvirt")
    same((result.status, result.err), (0, ""), result)
    return uri


def test_states(bench):
    """list -> the state of each VM; no agent of a stopped VM is asked"""
    rows = json.loads(bench.ctl("-c", node(bench), "list", "--json").out)
    told = {row["vm"]: (row["result"]["state"], row["result"]["agent"]) for row in rows}
    wanted = {name.replace(" ", "-"): (name, agent) for name, agent in STATES.values()}
    same(told, {**wanted, "saved": ("saved", "-")})


def test_match(bench):
    """--match and names with commas -> these domains"""
    uri = node(bench)
    same(bench.ctl("-c", uri, "--match", "*s*d*", "list", "--names").out,
         "crashed\nin-shutdown\npaused\npmsuspended\nsaved\n")
    same(bench.ctl("-c", uri, "saved,idle", "list", "--names").out, "saved\nidle\n")
    result = bench.ctl("-c", uri, "nobody", "info")
    same((result.status, result.err), (1, "guestctl: no VM 'nobody' in vms.ini or libvirt; "
                                          "\"guestctl list\" shows all VMs\n"))


def test_acts(bench):
    """start, pause and resume in the wrong state -> libvirt's reason"""
    uri = node(bench)
    for domain, verb, wanted in (("shut-off", "start", "started\n"), ("running", "pause", "paused\n"),
                                 ("paused", "resume", "resumed\n")):
        result = bench.ctl("-c", uri, domain, verb)
        same((result.status, result.out), (0, wanted), result)
        result = bench.ctl("-c", uri, "--dry-run", domain, verb)
        same((result.status, result.out), (0, f"would do: {domain} {verb}\n"), result)
    for domain, verb in (("running", "start"), ("running", "resume"), ("shut-off", "pause")):
        result = bench.ctl("-c", uri, domain, verb)
        same(result.status, 1, result)
        has(result.err, f"guestctl: {domain}: libvirt refused: ")


def test_several(bench):
    """several domains -> a line each and a summary; a failure of one does not stop the others"""
    result = bench.ctl("-c", node(bench), "running,shut-off,idle", "pause")
    same((result.status, result.out), (1, "running: paused\nidle: paused\n"), result)
    has(result.err, "guestctl: shut-off: libvirt refused: ")
    has(result.err, "3 VMs: 2 ok, 1 failed\n")


def test_off(bench):
    """a VM that is off -> shutdown does nothing, doctor names the way to start it"""
    uri = node(bench)
    result = bench.ctl("-c", uri, "shut-off", "shutdown")
    same((result.status, result.err), (1, "guestctl: shut-off: already off\n"))
    result = bench.ctl("-c", uri, "shut-off", "doctor")
    same(result.status, 1, result)
    has(result.out, "the VM is shut off, so no agent can answer\n")
    has(result.out, "guestctl VM start\n")


def test_exporter_states(bench):
    """exporter of libvirt domains -> the state of each, and whether its agent answers"""
    from test_exporter import Exporter  # pylint: disable=import-outside-toplevel
    families = Exporter(bench, {}, before=("-c", node(bench))).scrape()
    same({labels for labels, _one in families["guestctl_vm_state"].items()},
         {f'vm="{name.replace(" ", "-")}",state="{name}"' for name, _agent in STATES.values()} |
         {'vm="saved",state="saved"'})
    same(set(families["guestctl_up"].values()), {0.0})
