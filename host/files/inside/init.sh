#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The first process of the appliance that reads files out of a backup. It mounts what the disks hold,
# read-only and with the journal replayed, and becomes the agent's parent. Devices are named without
# "/dev/". Words of the kernel's command line:
#
#   guestctl.disks=NAME,...  how the VM calls its disks, in their order

export PATH=/bin:/t LD_LIBRARY_PATH=/t/lib
FOUND=/run/found # DEVICE TYPE UUID LABEL PARTUUID, blanks in between
MADE=/run/made   # DEVICE MOUNTPOINT

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

load() {
    [ -e "/m/$1" ] || return 0
    while read -r module; do
        insmod "/m/$module.ko" 2>/dev/null
    done <"/m/$1"
    mv "/m/$1" "/m/$1.loaded"
}

# look DEVICE: appends what is on it to $FOUND.
look() {
    type='' uuid=- label=- part=-
    blkid -p -o udev "/dev/$1" >/run/look 2>/dev/null
    while IFS='=' read -r key value; do
        case $key in
        ID_FS_TYPE) type=$value ;;
        ID_FS_UUID_ENC) uuid=$value ;;
        ID_FS_LABEL_ENC) label=$value ;;
        ID_PART_ENTRY_UUID) part=$value ;;
        esac
    done </run/look
    [ -z "$type" ] || echo "$1 $type $uuid $label $part" >>"$FOUND"
}

look_at_disks() {
    for disk in /sys/block/vd*; do
        [ -e "$disk" ] || continue
        look "${disk##*/}"
        for part in "$disk/${disk##*/}"*; do
            [ ! -e "$part/partition" ] || look "${part##*/}"
        done
    done
}

# The name of a volume is that in /dev/mapper.
look_at_volumes() {
    grep_type LVM2_member || return 0
    [ -x /t/lvm ] || return 0
    load lvm
    lvm vgchange --config 'activation{udev_sync=0 udev_rules=0}' --sysinit -ay >/run/lvm 2>&1 ||
        cat /run/lvm
    for volume in /dev/mapper/*; do
        [ "$volume" = /dev/mapper/control ] || [ ! -b "$volume" ] || look "mapper/${volume##*/}"
    done
}

grep_type() {
    while read -r _ type _; do
        [ "$type" != "$1" ] || return 0
    done <"$FOUND"
    return 1
}

# place DEVICE: where its filesystem is mounted.
place() {
    echo "/t/fs/${1##*/}"
}

# mount_one DEVICE TYPE: prints why it cannot be mounted.
mount_one() {
    case $2 in
    ext2 | ext3 | ext4) kind=ext4 options=ro ;;
    xfs) kind=xfs options=ro,nouuid ;;
    btrfs) kind=btrfs options=ro,subvolid=5 ;;
    vfat) kind=vfat options=ro ;;
    swap) echo "swap space" && return ;;
    LVM2_member) echo "physical volume of LVM" && return ;;
    crypto_LUKS) echo "encrypted" && return ;;
    *) echo "not supported" && return ;;
    esac
    load "$kind"
    mkdir -p "$(place "$1")"
    mount -t "$kind" -o "$options" "/dev/$1" "$(place "$1")" 2>&1 | sed 's/.*failed: //'
}

mount_all() {
    while read -r device type uuid label part; do
        problem=$(mount_one "$device" "$type")
        echo "$device $type $uuid $label ${problem:--}" >>/t/filesystems
    done <"$FOUND"
}

# The first filesystem that looks like a system's root, and where in it that is: btrfs often has
# subvolumes for it.
find_root() {
    for fs in /t/fs/*; do
        for at in "$fs" "$fs/@" "$fs/root" "$fs/@rootfs" "$fs"/@/.snapshots/*/snapshot; do
            if [ -f "$at/etc/fstab" ] && [ -d "$at/dev" ] && [ ! -L "$at/dev" ]; then
                root=$at root_fs=$fs
                return 0
            fi
        done
    done
    return 1
}

# device_of SPEC: the device that fstab's first field means; prints none if there is none.
device_of() {
    spec=${1#\"}
    spec=${spec%\"}
    case $spec in
    /dev/disk/by-uuid/*) spec=UUID=${spec##*/} ;;
    /dev/disk/by-label/*) spec=LABEL=${spec##*/} ;;
    /dev/disk/by-partuuid/*) spec=PARTUUID=${spec##*/} ;;
    esac
    while read -r device _ uuid label part; do
        case $spec in
        UUID="$uuid" | LABEL="$label" | PARTUUID="$part") echo "$device" && return ;;
        /dev/mapper/*) [ "/dev/$device" != "$spec" ] || { echo "$device" && return; } ;;
        /dev/*) [ "$(known_as "$device")" != "${spec#/dev/}" ] || { echo "$device" && return; } ;;
        esac
    done <"$FOUND"
}

# known_as DEVICE: how the VM calls it, so far as that is known.
known_as() {
    case $1 in
    mapper/*)
        # vg-lv; a hyphen within a name is two.
        echo "${1#mapper/}" | sed 's/\([^-]\)-\([^-]\)/\1\/\2/; s/--/-/g'
        ;;
    vd*)
        number=$(cat "/sys/block/${1%%[0-9]*}/serial" 2>/dev/null)
        name=$(sed -n 's/.*guestctl\.disks=\([^ ]*\).*/\1/p' /proc/cmdline |
            sed "s/^\([^,]*,\)\{${number:-0}\}//; s/,.*//")
        echo "$name${1#"${1%%[0-9]*}"}"
        ;;
    esac
}

# mount_like_guest DEVICE POINT OPTIONS
mount_like_guest() {
    subvolume=$(echo ",$3," | sed -n 's/.*,\(subvol=[^,]*\|subvolid=[0-9]*\),.*/\1/p')
    # A link would lead out of the guest's root.
    at=$(readlink -f "/g$2")
    case $at in /g/*) ;; *) return ;; esac
    [ -d "$at" ] || return
    if [ -n "$subvolume" ]; then
        mount -t btrfs -o "ro,$subvolume" "/dev/$1" "$at"
    else
        mount --bind "$(place "$1")" "$at"
    fi 2>/run/problem && echo "$1 $2" >>"$MADE"
}

mount_fstab() {
    while read -r spec point type options _; do
        case $spec in '' | '#'*) continue ;; esac
        case $point in / | none | swap | /dev | /dev/* | /proc | /sys) continue ;; /*) ;; *) continue ;; esac
        case $type in ext[234] | xfs | btrfs | vfat | auto) ;; *) continue ;; esac
        device=$(device_of "$spec")
        [ -z "$device" ] || [ ! -d "$(place "$device")" ] ||
            mount_like_guest "$device" "$(printf %b "$point")" "$options"
    done <"/g/etc/fstab"
}

# Without a root, each filesystem is a folder.
mount_by_device() {
    for fs in /t/fs/*; do
        [ -d "$fs" ] || continue
        mkdir -p "/g/${fs##*/}"
        mount --bind "$fs" "/g/${fs##*/}"
    done
    mkdir -p /g/dev
    while read -r device _; do
        [ ! -d "$(place "$device")" ] || echo "$device /${device##*/}" >>"$MADE"
    done <"$FOUND"
}

# The agent's port, and what any program needs; not the disks.
make_nodes() {
    mknod /t/null c 1 3
    mknod /t/zero c 1 5
    mknod /t/random c 1 8
    mknod /t/urandom c 1 9
    mknod /t/console c 5 1
    while ! set -- /sys/class/virtio-ports/vport*p1 || [ ! -e "$1/dev" ]; do
        usleep 10000
    done
    IFS=: read -r major minor <"$1/dev"
    mknod /t/port c "$major" "$minor"
    while ! set -- /sys/class/virtio-ports/vport*p2 || [ ! -e "$1/dev" ]; do
        usleep 10000
    done
    IFS=: read -r major minor <"$1/dev"
    mknod /t/data c "$major" "$minor"
}

echo "guestctl: the kernel runs"
load base
: >"$FOUND"
: >"$MADE"
: >/t/filesystems
look_at_disks
look_at_volumes
mount_all
if find_root; then
    mount --bind "$root" /g
    while read -r device _; do
        [ "$(place "$device")" != "$root_fs" ] || echo "$device /" >>"$MADE"
    done <"$FOUND"
    mount_fstab
else
    mkdir -p /n && mount -t tmpfs none /g
    mount_by_device
fi
cp "$MADE" /t/mounts
make_nodes
mkdir -p /t/state
mount --rbind /t /g/dev
echo "guestctl: the agent starts"
# The configuration is not the guest's, nor are the libraries.
chroot /g /dev/ld.so --library-path /dev/lib /dev/guestd -c /dev/guestd.conf -p /dev/port -t /dev/state </dev/null
poweroff -f
