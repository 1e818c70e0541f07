# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interfaces of many kinds in the guest, for `virsh domifaddr`."""

import re

from .daemons import PATIENCE

MODULES = ("virtio_net", "8021q", "bonding", "sit", "ip_gre", "ip6_tunnel", "ip6_gre")
# iproute2's, which knows more kinds than busybox.
IP = "/usr/lib/iproute2/ip"
# There is nothing behind it that the guest would talk to.
NIC = """
    <interface type="user">
      <mac address="52:54:00:00:00:01"/>
      <model type="virtio"/>
    </interface>"""

TUNNEL, TUNNEL6 = "local 192.0.2.1 remote 192.0.2.9", "local 2001:db8::1 remote 2001:db8::9"
# What a module makes by itself is there as well: bond0, sit0, gre0, ip6tnl0.
COMMANDS = (
    "link set lo up",
    "link set eth0 up",
    "addr add 192.0.2.1/24 dev eth0",
    "addr add 192.0.2.2/24 dev eth0 label eth0:1",
    "addr add 2001:db8::1/64 dev eth0",
    "link add link eth0 name eth0.5 type vlan id 5",
    "addr add 192.0.3.1 peer 192.0.3.2/30 dev eth0.5",
    f"link add sit1 type sit {TUNNEL}", "addr add 192.0.4.1/32 dev sit1",
    f"link add gre1 type gre {TUNNEL}", "addr add 192.0.4.2/32 dev gre1",
    f"link add tap1 type gretap {TUNNEL}",
    f"link add six1 type ip6tnl {TUNNEL6}", "addr add 2001:db8:1::1/128 dev six1",
    f"link add six2 type ip6gre {TUNNEL6}",
)

# Packets of the guest's own kernel are counted at any time.
COUNTER = re.compile(r'("[rt]x-[a-z]+"):\d+')


def without_counters(text):
    return COUNTER.sub(r"\1:N", text)


def make(guest):
    """Addresses are usable at once, and no router gives further ones."""
    guest.sh(f"for m in {' '.join(MODULES)}; do modprobe $m; done", PATIENCE)
    guest.wait_for("[ -d /sys/class/net/eth0 ]", PATIENCE)
    guest.sh("for key in accept_dad accept_ra router_solicitations; do "
             "for f in /proc/sys/net/ipv6/conf/*/$key; do echo 0 >$f; done; done")
    for words in COMMANDS:
        guest.sh(f"{IP} {words}")
