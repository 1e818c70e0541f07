#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Software: gcc 12.2.0 (--coverage, libgcov)
# Expected: a program that starts a child with vfork() and execve() has its own coverage written at its exit.
# Seen:     --coverage replaces execve() by a call that writes the counters out first. In a vfork()
#           child that happens in the parent's memory, whose counters count as written from then on:
#           what the parent runs afterwards is not in the data. With fork() it is.
# Matters:  coverage of the agent looked like 30 % where it was more; such builds need
#           -fno-builtin-execve and its like.
# Needs:    root, or user namespaces (chroot). Downloads 60 MB.
. "$(dirname "$0")/lib.sh"
fetch bookworm gcc-12=12.2.0-14+deb12u1 libc6-dev=2.36-9+deb12u14
cd "$TRY"

inside() {
    if [ "$(id -u)" = 0 ]; then
        chroot "$ROOT" "$@"
    else
        need unshare
        unshare -r chroot "$ROOT" "$@"
    fi
}

mkdir -p "$ROOT/tmp" "$ROOT/work"
cat >"$ROOT/work/program.c" <<'C'
#include <sys/wait.h>
#include <unistd.h>
static void afterwards(void) { static volatile int n; n++; }
int main(void)
{
    char *argv[] = { "/work/child", NULL }, *envp[] = { NULL };
    pid_t pid = START();
    if (pid == 0) {
        execve(argv[0], argv, envp);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    afterwards();
    return 0;
}
C
echo 'int main(void) { return 0; }' >"$ROOT/work/child.c"
# compile NAME OPTION...: in the folder of the chroot.
compile() { inside /usr/bin/gcc-12 "${@:2}" -o "/work/$1"; }
compile child /work/child.c

# Prints how often afterwards() ran by gcov's account.
account() {
    local name=$1
    shift
    cp "$ROOT/work/program.c" "$ROOT/work/$name.c"
    compile "$name.o" --coverage -c "$@" "/work/$name.c"
    compile "$name" --coverage "/work/$name.o"
    inside "/work/$name"
    inside /usr/bin/gcov-12 -t "/work/$name.gcda" 2>/dev/null |
        awk -F: '/static void afterwards/ { gsub(/ /, "", $1); print $1; exit }'
}

same "fork(): afterwards() ran" 1 "$(account with-fork -DSTART=fork)"
same "vfork(): afterwards() ran" '#####' "$(account with-vfork -DSTART=vfork)"
same "vfork() and -fno-builtin-execve: afterwards() ran" 1 \
    "$(account with-option -DSTART=vfork -fno-builtin-execve)"
finish
