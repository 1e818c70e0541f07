/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/*
 * Rewrites a file at random places with buffered writes, for ever, and keeps the
 * longest write() in a shared file. For tests/bench/stall:
 *
 *   stall-writer FILE MIB BLOCK PER-SECOND BOARD
 *
 * PER-SECOND of 0 is as fast as can be; else a thousandth of a second is slept
 * whenever the writer is ahead.
 */

#define NS 1000000000
#define MOST_BEHIND_NS (NS / 50)

/* What the driver reads, and sets to zero at the start of a window. */
typedef struct {
    volatile int64_t longest_ns; /* also of the write under way, once it has ended */
    volatile int64_t writes;
    volatile int64_t under_way_since; /* CLOCK_MONOTONIC ns; 0: between two writes */
} Board;

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS + now.tv_nsec;
}

static void check(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "stall-writer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void fill(int fd, const char *block, size_t size, uint64_t blocks)
{
    for (uint64_t i = 0; i < blocks; i++)
        check(pwrite(fd, block, size, (off_t)(i * size)) == (ssize_t)size, "write");
    check(fsync(fd) == 0, "fsync");
}

static void rewrite(int fd, const char *block, size_t size, uint64_t blocks, int64_t rate,
                    Board *board)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    uint64_t state = 88172645463325252ull ^ (uint64_t)getpid();
    int64_t due = now_ns();

    for (;;) {
        off_t at = (off_t)(next_random(&state) % blocks * size);
        int64_t began = now_ns(), took;

        board->under_way_since = began;
        check(pwrite(fd, block, size, at) == (ssize_t)size, "write");
        took = now_ns() - began;
        board->under_way_since = 0;
        if (took > board->longest_ns)
            board->longest_ns = took;
        board->writes++;
        if (!rate)
            continue;
        due += NS / rate;
        /* What a stall held up is not caught up with. */
        if (due < began - MOST_BEHIND_NS)
            due = began;
        while (due > now_ns())
            nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    uint64_t bytes, size;
    char *block;
    Board *board;
    int fd, board_fd;

    if (argc != 6)
        return 2;
    size = strtoull(argv[3], NULL, 10);
    bytes = strtoull(argv[2], NULL, 10) << 20;
    block = malloc(size);
    check(block != NULL, "malloc");
    memset(block, 'x', size);
    board_fd = open(argv[5], O_RDWR);
    check(board_fd >= 0, argv[5]);
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, board_fd, 0);
    check(board != MAP_FAILED, "mmap");
    fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    check(fd >= 0, argv[1]);
    fill(fd, block, size, bytes / size);
    rewrite(fd, block, size, bytes / size, strtoll(argv[4], NULL, 10), board);
}
