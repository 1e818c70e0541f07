/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hangs up a terminal line for all who have it open, as a lost carrier does:
 * QEMU's serial ports have no carrier to lose.
 */
#include <asm/termbits.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/tty.h>

#ifndef TIOCVHANGUP
#define TIOCVHANGUP 0x5437
#endif

int main(int argc, char **argv)
{
    int fd;

    if (argc != 2) {
        fprintf(stderr, "usage: tty-hangup DEVICE\n");
        return 2;
    }
    fd = open(argv[1], O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || ioctl(fd, TIOCVHANGUP) < 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
