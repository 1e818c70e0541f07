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
        """the distribution's agent answers, with its configuration and hook"""
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
        """guestd alone leaves the port to it"""
        made.install(made.first[:1])
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        version = made.ask("guest-info")["return"]["version"]
        equal(version.startswith("11."), False, "guestd's version")
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q guestd", SLOW)
    yield beside

    def replaced():
        """apt puts guestd in its place while it runs, and the host is answered, without a reboot"""
        boot = made.sh("cat /proc/sys/kernel/random/boot_id")
        made.install(made.first)
        equal(made.ask("guest-info")["return"]["version"], "11.0.0", "version")
        equal(made.sh("cat /proc/sys/kernel/random/boot_id"), boot, "boot")
        equal(made.vm.guest.run("dpkg-query -W -f '${db:Status-Status}' qemu-guest-agent")[1].strip(),
              "config-files", "state of the other package")
    yield replaced

    def names():
        """systemctl status qemu-guest-agent shows guestd; the name can be enabled and restarted"""
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
        """the configuration, the hook and the drop-in of the other agent count"""
        equal("disabled" in made.ask("guest-get-users")["error"]["desc"], True, "guest-get-users")
        made.sh("rm -f /run/hook.log")
        made.freeze()
        equal(made.ask("guest-fsfreeze-thaw"), {"return": 1}, "thaw")
        equal(made.sh("cat /run/hook.log").split(), ["freeze", "thaw"], "calls of the hook")
        made.sh(f"tr '\\0' '\\n' </proc/{made.main_pid()}/environ | grep -qx FROM_DROP_IN=1")
    yield configuration


def serving(made):
    def verified():
        """systemd finds nothing wrong with the units"""
        said = made.sh("systemd-analyze verify --man=no guestd.service guestd-vsock@1024.service "
                       "guestd-isa@ttyS1.service qemu-guest-agent.service 2>&1")
        equal(said, "", "systemd-analyze verify")
    yield verified

    def watched():
        """systemd watches it, and it is spared when memory runs out, but no program of the host"""
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
        """a program that the host started survives a restart"""
        pid = made.ask("guest-exec", {"path": "sleep", "arg": ["100000"]})["return"]["pid"]
        made.sh("systemctl restart guestd")
        made.sh(f"kill {pid}")
    yield lives_on

    def vsock():
        """the unit for vsock listens"""
        made.sh("modprobe vsock_loopback; systemctl start guestd-vsock@1024")
        equal(made.sh("systemctl show -P StatusText guestd-vsock@1024"), "No host connected", "status")
        made.sh("systemctl stop guestd-vsock@1024")
    yield vsock

    def isa():
        """the unit for a serial line answers on it"""
        made.sh("systemctl enable -q --now --no-block guestd-isa@ttyS1")
        equal(made.talk_on_line(), "11.0.0", "version")
        made.sh("systemctl stop guestd-isa@ttyS1")
    yield isa


def changing(made):
    def taken_over():
        """an agent that is killed in a freeze is started again and goes on with it"""
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
        """an agent that hangs in a freeze is ended by its watchdog, and the next one goes on with it"""
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
        """an upgrade in a freeze thaws it, and the host's thaw tells"""
        made.freeze()
        made.install(made.second)
        equal(made.installed(), made.version["second"], "version")
        made.write()
        with made.connect() as agent:
            equal(agent.call("guest-fsfreeze-status"), "thawed", "status")
            equal(agent.call("guest-fsfreeze-thaw"), 0, "thawed")
    yield upgrade_frozen

    def downgrade():
        """a downgrade that the host itself runs gets to its end, and the host is answered"""
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
        """who masks the name qemu-guest-agent has no agent"""
        made.sh("systemctl mask -q qemu-guest-agent; systemctl restart guestd")
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        made.sh("systemctl unmask -q qemu-guest-agent; systemctl start guestd")
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
    yield masked

    def removed():
        """remove thaws, and leaves no process, unit or state; the configuration stays"""
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
        """purge leaves nothing at all, and what belongs to the other package"""
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y -q guestd guestd-qemu-ga", SLOW)
        left = made.sh("find / -xdev \\( -path /root/debs -o -path /var/log -o -path /var/cache "
                       "-o -path /tmp -o -path /usr/lib/modules \\) -prune -o -name '*guestd*' -print")
        equal(left, "", "files")
        made.sh("test -e /etc/qemu/qemu-ga.conf && rm /etc/qemu/qemu-ga.conf")
    yield purged


def returning(made):
    def no_port():
        """without the port, it is installed in no time, and nothing waits or fails"""
        made.vm.unplug_port()
        made.vm.guest.wait_for(f"[ ! -e {PORT_DEVICE} ]", SLOW)
        made.install(made.first)
        equal(made.vm.guest.run("systemctl is-active guestd")[1].strip(), "inactive", "state")
        equal(made.sh("systemctl list-jobs --no-legend"), "", "jobs")
        equal(made.sh("systemctl --failed --no-legend"), "", "failed units")
    yield no_port

    def plugged():
        """a port that appears starts it"""
        made.vm.plug_port()
        equal(made.ask("guest-info")["return"]["version"], "11.0.0", "version")
    yield plugged

    def renamed():
        """without guestd-qemu-ga, it goes on under its own name alone"""
        made.sh("DEBIAN_FRONTEND=noninteractive apt-get remove -y -q guestd-qemu-ga", SLOW)
        equal(made.ask("guest-ping"), {"return": {}}, "answer")
        equal(made.sh("systemctl is-active guestd"), "active", "state")
        equal(made.vm.guest.run("systemctl cat qemu-guest-agent")[0] != 0, True, "other name is gone")
    yield renamed
