# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What demo.sh and check.sh have in common; to be sourced.
#
#   install_packages              installs what building and testing need, if missing
#   build_guestd DIR [ARGUMENT]... builds in DIR, below the top of the tree; the
#                                 arguments are for configure

GUESTD_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

GUESTD_PACKAGES="autoconf automake pkg-config make gcc libc6-dev libglib2.0-dev
    libjson-glib-dev libsmartcols-dev libssl-dev libacl1-dev libsystemd-dev libmount-dev libudev-dev libmnl-dev
    qemu-system-x86 qemu-utils busybox-static cpio kmod xz-utils python3 python3-pytest ca-certificates
    strace acl attr e2fsprogs xfsprogs btrfs-progs dosfstools mtools dmsetup lvm2 iproute2 debootstrap
    libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients libvirt-dev libxml2-dev virtnbdbackup
    postgresql mariadb-server
    dpkg-dev debhelper faketime fakeroot lintian rpm
    man-db groff-base mandoc git shellcheck flake8 codespell clang clang-tidy gcovr"

missing_packages() {
    local name
    for name in $GUESTD_PACKAGES; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            echo "$name"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "setup: must be root to run: $*" >&2
        return 1
    fi
}

# Installs the packages named, with none of their services started: the tests run
# servers of their own. Debian asks /usr/sbin/policy-rc.d, if there is one.
install_quietly() {
    local policy=/usr/sbin/policy-rc.d status=0 ours=
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null &&
            as_root chmod 755 "$policy" || return 1
    fi
    # A machine that was just started may be upgrading itself.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 \
        --no-install-recommends install "$@" >/dev/null || status=$?
    [ -z "$ours" ] || as_root rm -f "$policy"
    return "$status"
}

install_packages() {
    local missing
    missing=$(missing_packages)
    if [ -z "$missing" ]; then
        echo "packages: nothing missing"
        return 0
    fi
    # shellcheck disable=SC2086 # a list
    echo "packages: installing" $missing
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update || return 1
    # shellcheck disable=SC2086 # a list
    install_quietly $missing
}

# Whether DIR was configured with all of the arguments. It may have had more: a
# tree that was set up for the tests serves the demonstration as well.
is_configured() {
    local dir=$1 had arg
    shift
    [ -e "$dir/Makefile" ] && [ -x "$dir/config.status" ] || return 1
    had=" $("$dir/config.status" --config) "
    for arg in "$@"; do
        case $had in
        *" $arg "* | *"'$arg'"*) ;;
        *) return 1 ;;
        esac
    done
}

build_guestd() {
    local dir=$GUESTD_TOP/$1
    shift
    if [ ! -e "$GUESTD_TOP/configure" ]; then
        (cd "$GUESTD_TOP" && autoreconf -i) || return 1
    fi
    if ! is_configured "$dir" "$@"; then
        mkdir -p "$dir" || return 1
        (cd "$dir" && "$GUESTD_TOP/configure" -q "$@") || return 1
    fi
    make -s --no-print-directory -C "$dir" -j "$(nproc)" || return 1
    echo "built: ${dir#"$GUESTD_TOP"/}/guestd"
}
