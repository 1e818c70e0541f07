#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the initramfs of the appliance in which guestctl reads the files of a backup. guestctl has
# this script inside, and runs it once for each kernel.
#
#   build.sh OUT VERSION MODULES GUESTD WALK INIT
#
#   VERSION   of the kernel
#   MODULES   directory with its modules and modules.dep; may be missing if all are built in
#   GUESTD    the agent; WALK lists files for it; INIT is the first process
#
# The image is not compressed: an emulated guest unpacks slower than QEMU loads.

set -eu

out=$1 version=$2 modules=$3 guestd=$4 walk=$5 init=$6
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

APPLETS="usleep mv cp readlink sh mount insmod mknod mkdir chroot poweroff sed ls cat"

# What each kind of filesystem or volume needs of the kernel; a module that is not there is built in.
# Nothing in modules.dep names the checksums and code pages that are looked up by name.
modules_of() {
    case $1 in
    base) echo virtio_pci virtio_blk virtio_console ;;
    ext4) echo crc32c_generic crc32c_intel ext4 ;;
    xfs) echo crc32c_generic crc32c_intel xfs ;;
    btrfs) echo crc32c_generic crc32c_intel xxhash_generic sha256_generic blake2b_generic btrfs ;;
    vfat) echo nls_cp437 nls_ascii nls_iso8859_1 nls_utf8 vfat ;;
    lvm) echo dm_mod dm_snapshot dm_mirror dm_thin_pool dm_raid ;;
    esac
}

die() {
    echo "$*" >&2
    exit 1
}

# need PROGRAM PACKAGE
need() {
    command -v "$1" || die "$1 is required to read files out of a backup; install the package $2"
}

# Prints the modules to load for one, in this order.
module_files() {
    awk -v wanted="$1" '
        function plain(path) {
            sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path)
            return path
        }
        { sub(/:$/, "", $1) }
        plain($1) == wanted { for (i = NF; i > 0; i--) print $i }' "$modules/modules.dep"
}

add_module() {
    name=${1##*/}
    to=$root/m/${name%%.ko*}.ko
    grep -qx "${name%%.ko*}" "$root/m/$2" || echo "${name%%.ko*}" >>"$root/m/$2"
    [ ! -e "$to" ] || return 0
    case $name in
    *.xz) xz -dc "$modules/$1" >"$to" ;;
    *.zst) zstd -qdc "$modules/$1" >"$to" ;;
    *.gz) gzip -dc "$modules/$1" >"$to" ;;
    *) cp "$modules/$1" "$to" ;;
    esac
}

add_modules() {
    for kind in base ext4 xfs btrfs vfat lvm; do
        : >"$root/m/$kind"
        [ -e "$modules/modules.dep" ] || continue
        for module in $(modules_of $kind); do
            for file in $(module_files "$module"); do
                add_module "$file" $kind
            done
        done
    done
}

# The loader is known by its full path, the libraries by the folder t/lib.
add_program() {
    cp -L "$1" "$root/t/${1##*/}"
    ldd "$1" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
        while read -r library; do
            case $library in
            */ld-linux* | */ld-musl* | */ld64*)
                cp -L "$library" "$root/t/ld.so"
                mkdir -p "$root/${library%/*}"
                ln -sf /t/ld.so "$root/$library"
                ;;
            *) cp -L "$library" "$root/t/lib/" ;;
            esac
        done
}

busybox=$(need busybox busybox-static)
blkid=$(need blkid util-linux)
need cpio cpio >/dev/null
root=$(mktemp -d "${out%/*}/.build.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/dev" "$root/g" "$root/m" "$root/proc" "$root/sys" "$root/run" "$root/t/lib" "$root/t/fs"
cp -L "$busybox" "$root/bin/busybox"
for applet in $APPLETS; do
    ln -s busybox "$root/bin/$applet"
done
for program in "$guestd" "$walk" "$blkid" $(command -v lvm || true); do
    add_program "$program"
done
ldd "$busybox" >/dev/null 2>&1 && die "$busybox is not static; install the package busybox-static"
mv "$root/t/${guestd##*/}" "$root/t/guestd" 2>/dev/null || true
mv "$root/t/${walk##*/}" "$root/t/walk" 2>/dev/null || true
: >"$root/t/guestd.conf"
cp "$init" "$root/init"
chmod 755 "$root/init"
add_modules
echo "$version" >"$root/m/version"
(cd "$root" && find . -print0 | cpio -o -0 -H newc -R 0:0 --quiet) >"$root.new"
mv "$root.new" "$out"
