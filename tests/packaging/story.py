# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The life of the packages in a Debian guest that had the distribution's agent. One story,
each step goes on where the last one ended.
"""

import monitor
from bench import PORT_DEVICE, SLOW, bench, equal

HOOK = "/etc/qemu/fsfreeze-hook"


def told(step, made):
    """The step; if it fails, with what the guest says."""
    def wrapped():
        try:
            return step()
        except Exception as error:
            error.add_note(made.state())
            raise
    wrapped.__doc__ = step.__doc__
    return wrapped


def checks(built):
    with bench(built) as made:
        for chapter in (replacing, serving, changing, monitor.steps, leaving, returning):
            for step in chapter(made):
                yield told(step, made)


checks.story = True


def replacing(made):
    def stock():
        """the distribution's agent alone -> answers, and blocks what its configuration blocks"""
        made.make_data()
        made.sh("mkdir -p /etc/systemd/system/qemu-guest-agent.service.d && printf "
                "'[Service]\\nEnvironment=FROM_DROP_IN=1\\n' "
                ">/etc/systemd/system/qemu-guest-agent.service.d/admin.conf")
        made.sh(f"printf '[general]\\nblock-rpcs=guest-get-users\\nfsfreeze-hook={HOOK}\\n' "
                ">/etc/qemu/qemu-ga.conf; "
                f"printf '#!/bin/sh\\necho $1 >>/run/hook.log\\n' >{HOOK}; chmod 755 {HOOK}")
        made.start_stock()
        version = made.ask("guest-info")["return"]["version"]
        equal(version.startswith("11."), False, "guestd's version")
        equal("error" in made.ask("guest-get-users"), True, "guest-get-users is blocked")
        return f"version {version}"
    yield stock

    def beside():
        """guestd without guestd-qemu-ga -> the distribution's agent keeps the port"""
        made.install(made.first[:1])
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        version = made.ask("guest-info")["return"]["version"]
        equal(version.startswith("11."), False, "guestd's version")
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q guestd", SLOW)
    yield beside

    def replaced():
        """apt installs guestd-qemu-ga -> guestd replaces the running agent, no reboot"""
        boot = made.sh("cat /proc/sys/kernel/random/boot_id")
        made.install(made.first)
        equal(made.ask("guest-info")["return"]["version"], "11.0.0", "version")
        equal(made.sh("cat /proc/sys/kernel/random/boot_id"), boot, "boot")
        equal(made.vm.guest.run("dpkg-query -W -f '${db:Status-Status}' qemu-guest-agent")[1].strip(),
              "config-files", "state of the other package")
    yield replaced

    def names():
        """the name qemu-guest-agent in systemctl -> status, enable and restart act on guestd"""
        status = made.sh("systemctl status --no-pager qemu-guest-agent")
        equal("guestd.service - " in status and "/usr/sbin/guestd" in status, True, status)
        equal(made.sh("systemctl show -P Id qemu-guest-agent"), "guestd.service", "unit")
        made.sh("systemctl enable qemu-guest-agent")
        before = made.main_pid()
        made.sh("systemctl restart qemu-guest-agent")
        equal(made.main_pid() != before, True, "another process")
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
        equal(made.sh("qemu-ga --version | tail -n 1").split()[0], "guestd", "qemu-ga")
    yield names

    def configuration():
        """configuration, hook and drop-in of the replaced agent -> used"""
        equal("disabled" in made.ask("guest-get-users")["error"]["desc"], True, "guest-get-users")
        made.sh("rm -f /run/hook.log")
        made.freeze()
        equal(made.ask("guest-fsfreeze-thaw"), {"return": 1}, "thaw")
        equal(made.sh("cat /run/hook.log").split(), ["freeze", "thaw"], "calls of the hook")
        made.sh(f"tr '\\0' '\\n' </proc/{made.main_pid()}/environ | grep -qx FROM_DROP_IN=1")
    yield configuration


def serving(made):
    def verified():
        """systemd-analyze verify of the units -> no message"""
        said = made.sh("systemd-analyze verify --man=no guestd.service guestd-vsock@1024.service "
                       "guestd-isa@ttyS1.service qemu-guest-agent.service 2>&1")
        equal(said, "", "systemd-analyze verify")
    yield verified

    def watched():
        """the service -> watchdog; OOM score -900, for programs of the host 0"""
        equal(made.sh("systemctl show -P WatchdogUSec guestd.service"), "3min", "watchdog")
        equal(made.sh(f"cat /proc/{made.main_pid()}/oom_score_adj"), "-900", "of the agent")
        made.sh("rm -f /run/score")
        reply = made.ask("guest-exec", {"path": "sh", "arg": [
            "-c", "cat /proc/self/oom_score_adj >/run/score.new; mv /run/score.new /run/score"]})
        equal("return" in reply, True, reply)
        made.vm.guest.wait_for("[ -e /run/score ]", SLOW)
        equal(made.sh("cat /run/score"), "0", "of a program")
    yield watched

    def lives_on():
        """the agent is restarted -> a program of guest-exec keeps running"""
        pid = made.ask("guest-exec", {"path": "sleep", "arg": ["100000"]})["return"]["pid"]
        made.sh("systemctl restart guestd")
        made.sh(f"kill {pid}")
    yield lives_on

    def vsock():
        """the unit for vsock -> listens"""
        made.sh("modprobe vsock_loopback; systemctl start guestd-vsock@1024")
        equal(made.sh("systemctl show -P StatusText guestd-vsock@1024"), "No host connected", "status")
        made.sh("systemctl stop guestd-vsock@1024")
    yield vsock

    def isa():
        """the unit for a serial line -> the agent answers on it"""
        made.sh("systemctl enable -q --now --no-block guestd-isa@ttyS1")
        equal(made.talk_on_line(), "11.0.0", "version")
        made.sh("systemctl stop guestd-isa@ttyS1")
    yield isa


def changing(made):
    def taken_over():
        """the agent is killed during a freeze -> restarted; it reports frozen and thaws"""
        made.freeze()
        before = made.main_pid()
        made.sh(f"kill -KILL {before}")
        # What came while it still had the port would be lost with it.
        made.vm.guest.wait_for(f"[ ! -e /proc/{before} ]", SLOW)
        with made.connect() as agent:
            equal(agent.call("guest-fsfreeze-status"), "frozen", "status")
            equal(agent.call("guest-fsfreeze-thaw"), 1, "thawed")
        made.write()
    yield taken_over

    def watchdog():
        """the agent hangs during a freeze -> killed by the watchdog; the next agent thaws"""
        made.sh("mkdir -p /run/systemd/system/guestd.service.d && printf '[Service]\\nWatchdogSec=10\\n' "
                ">/run/systemd/system/guestd.service.d/watchdog.conf; systemctl daemon-reload; "
                "systemctl restart guestd")
        made.freeze()
        before = made.main_pid()
        made.sh(f"kill -STOP {before}")
        made.vm.guest.wait_for(f"[ ! -e /proc/{before} ]", SLOW)
        with made.connect() as agent:
            equal(agent.call("guest-fsfreeze-thaw"), 1, "thawed")
        made.sh("rm -r /run/systemd/system/guestd.service.d; systemctl daemon-reload; "
                "systemctl restart guestd")
    yield watchdog

    def upgrade_frozen():
        """upgrade during a freeze -> thawed; the host's thaw returns 0"""
        made.freeze()
        made.install(made.second)
        equal(made.installed(), made.version["second"], "version")
        made.write()
        with made.connect() as agent:
            equal(agent.call("guest-fsfreeze-status"), "thawed", "status")
            equal(agent.call("guest-fsfreeze-thaw"), 0, "thawed")
    yield upgrade_frozen

    def downgrade():
        """downgrade by guest-exec -> completed, and the new agent answers"""
        before = made.main_pid()
        reply = made.ask("guest-exec", {"path": "dpkg", "arg": ["-i", *made.first]})
        equal("return" in reply, True, reply)
        made.vm.guest.wait_for("dpkg-query -W -f '${db:Status-Status} ${Version};' guestd guestd-qemu-ga"
                               f" | grep -qxF 'installed {made.version['first']};"
                               f"installed {made.version['first']};'", SLOW)
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
        equal(made.main_pid() != before, True, "another process")
    yield downgrade


def open_ports(made):
    """Processes that have the agent's port open."""
    return made.sh(f"port=$(readlink -f {PORT_DEVICE}); for f in /proc/[0-9]*/fd/*; do "
                   "[ \"$(readlink $f)\" != \"$port\" ] || echo $f; done", 120)


def leaving(made):
    def masked():
        """the name qemu-guest-agent is masked -> guestd does not start"""
        made.sh("systemctl mask -q qemu-guest-agent; systemctl restart guestd")
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        made.sh("systemctl unmask -q qemu-guest-agent; systemctl start guestd")
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
    yield masked

    def removed():
        """remove during a freeze -> thawed; only the configuration stays"""
        made.sh("mkdir -p /etc/guestd && echo '[general]' >/etc/guestd/guestd.conf")
        made.sh("systemctl enable -q guestd-vsock@1024; systemctl start guestd-vsock@1024")
        made.freeze()
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get remove -y -q guestd", SLOW)
        made.write()
        equal(open_ports(made), "", "who has the port open")
        equal(made.sh("grep -lx guestd /proc/[0-9]*/comm; true"), "", "processes")
        made.sh("systemctl daemon-reload")
        units = made.sh("systemctl list-units --all --no-legend 'guestd*' 'qemu-guest-agent*' | "
                        # Enabled by the admin: until the purge, a link without a unit.
                        "grep -v not-found; "
                        "ls -d /run/guestd* 2>/dev/null; true")
        equal(units, "", "units and state")
        equal(made.sh(f"udevadm info -q property {PORT_DEVICE} | grep SYSTEMD_WANTS; true"), "",
              "what the port wants")
        made.sh("test -e /etc/guestd/guestd.conf")
    yield removed

    def purged():
        """purge -> no file of guestd is left; the file of the other package stays"""
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q guestd guestd-qemu-ga", SLOW)
        left = made.sh("find / -xdev \\( -path /root/debs -o -path /var/log -o -path /var/cache "
                       "-o -path /tmp -o -path /usr/lib/modules \\) -prune -o -name '*guestd*' -print")
        equal(left, "", "files")
        made.sh("test -e /etc/qemu/qemu-ga.conf && rm /etc/qemu/qemu-ga.conf")
    yield purged


def returning(made):
    def no_port():
        """installation without the port -> the service is inactive, no job waits, no unit failed"""
        made.vm.unplug_port()
        made.vm.guest.wait_for(f"[ ! -e {PORT_DEVICE} ]", SLOW)
        made.install(made.first)
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        equal(made.sh("systemctl list-jobs --no-legend"), "", "jobs")
        equal(made.sh("systemctl --failed --no-legend"), "", "failed units")
    yield no_port

    def plugged():
        """the port appears -> the service starts"""
        made.vm.plug_port()
        equal(made.ask("guest-info")["return"]["version"], "11.0.0", "version")
    yield plugged

    def renamed():
        """guestd-qemu-ga is removed -> guestd answers, the name qemu-guest-agent is gone"""
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get remove -y -q guestd-qemu-ga", SLOW)
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
        equal(made.sh("systemctl is-active guestd"), "active", "state")
        equal(made.vm.guest.run("systemctl cat qemu-guest-agent")[0] != 0, True, "other name is gone")
    yield renamed
