#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Demonstrates guestd: installs missing packages, builds guestd, boots a small virtual machine with
# it, sends requests over virtio-serial, and lets guestctl take a snapshot and shut the machine
# down. Exits with status 0 only if every reply is correct. For Debian 12, as root or with sudo.

set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tests/testbed/setup.sh

step() {
    printf '\n== %s\n' "$*"
}

step "Install missing packages"
install_packages

step "Unpack a kernel for the guest into the cache, without installing it"
tests/testbed/fetch

step "Build guestd in ./build"
build_guestd build

exec tests/vm/demo build/guestd build/guestctl
