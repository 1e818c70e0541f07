/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * writers FIGURES PAUSE DIRECTORY...
 *
 * One process for each directory rewrites pieces of a file there and makes,
 * renames and removes small ones, with PAUSE microseconds in between. FIGURES
 * then holds two numbers of 8 bytes for each directory: how often it has
 * written, and the errno of what ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BLOCK = 16384, BLOCKS = 256, SYNC_EVERY = 50 };

struct figures {
    volatile uint64_t writes;
    volatile uint64_t error;
};

static int make_and_rename(unsigned i)
{
    char from[32], to[32];
    int fd;

    snprintf(from, sizeof from, "new.%u", i % 7);
    snprintf(to, sizeof to, "small.%u", i % 31);
    fd = open(from, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0 || write(fd, from, sizeof from) < 0 || close(fd) < 0 || rename(from, to) < 0)
        return -1;
    return i % 3 == 0 ? unlink(to) : 0;
}

static int write_on(int fd, struct figures *figures, unsigned pause_us)
{
    static char block[BLOCK];

    for (unsigned i = 0;; i++) {
        block[random() % BLOCK] = (char)random();
        if (pwrite(fd, block, BLOCK, (off_t)(random() % BLOCKS) * BLOCK) < 0 ||
            make_and_rename(i) < 0 || (i % SYNC_EVERY == 0 && fsync(fd) < 0))
            return errno;
        figures->writes++;
        usleep(pause_us);
    }
}

static void writer(const char *directory, struct figures *figures, unsigned pause_us)
{
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(directory) < 0 || (fd = open("data", O_CREAT | O_RDWR, 0600)) < 0)
        figures->error = errno;
    else
        figures->error = write_on(fd, figures, pause_us);
    _exit(1);
}

int main(int argc, char **argv)
{
    size_t size = sizeof(struct figures) * (argc > 3 ? argc - 3 : 0);
    struct figures *figures;
    int fd;

    if (argc < 4)
        return 2;
    fd = open(argv[1], O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, size) < 0)
        return 1;
    figures = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (figures == MAP_FAILED)
        return 1;
    for (int i = 3; i < argc; i++)
        if (fork() == 0)
            writer(argv[i], &figures[i - 3], (unsigned)atoi(argv[2]));
    for (;;)
        pause();
}
