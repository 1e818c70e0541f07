/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "host/files/stream-frame.h"

/*
 * Lists and sends files in the appliance of guestctl files, for which the agent has no command. It
 * links nothing but the C library.
 *
 *   guestctl-walk one|list|tree PATH LIMIT
 *   guestctl-walk attributes PATH LIMIT
 *   guestctl-walk send|copy PATH TOKEN
 *
 * one, list and tree print a record for PATH, for what is in it, or for it and all below it: the line
 * "MODE UID GID SIZE BLOCKS NS LINKS" (mode in octal, blocks of 512 bytes, time of modification)
 * without its newline, the name and the target of a link, each with a NUL after it. A file that
 * cannot be looked at has "ERROR" and a number of errno(3) for the line. After LIMIT records comes
 * "MORE".
 *
 * attributes prints the extended attributes of the file PATH, each as its name and its value in
 * hexadecimal with a NUL after both; not more than LIMIT bytes of names.
 *
 * send writes the content of the file PATH to the port for data, copy the records and contents of the
 * tree PATH, as in stream-frame.h.
 *
 * Files are found one directory after the other by descriptors, so that neither the depth of a tree
 * nor the length of a path is limited by PATH_MAX. Other filesystems are entered: they are mounted as
 * the guest had them. "/dev" holds the appliance's own files.
 */

/* A tree that is deeper is broken, or made to exhaust descriptors. */
#define DEEPEST 400
/* Links may be of any length on a broken filesystem. */
#define LONGEST_LINK 65536
#define NAME_BYTES (1024 * 1024)
#define MOST_SENT 100000000L

typedef struct {
    int sends; /* records and contents go to the port */
    long left;
    char name[NAME_BYTES]; /* of what is looked at */
    size_t len;
} Walk;

static int count(Walk *walk)
{
    if (walk->left-- > 0)
        return 1;
    if (walk->left == -1 && !walk->sends)
        fputs("MORE", stdout);
    return 0;
}

static FILE *port;

static int put_frame(int64_t kind, int64_t a, int64_t b)
{
    const StreamFrame frame = { kind, a, b };

    return fwrite(&frame, sizeof frame, 1, port) == 1;
}

/* A record with its three NULs. */
static int put_texts(const Walk *walk, const char *line, const char *name, const char *target)
{
    const char *const texts[] = { line, name, target };
    FILE *out = walk->sends ? port : stdout;
    int64_t len = 0;

    for (int i = 0; i < 3; i++)
        len += (int64_t)strlen(texts[i]) + 1;
    if (walk->sends && !put_frame(STREAM_ENTRY, len, 0))
        return 0;
    for (int i = 0; i < 3; i++)
        if (fwrite(texts[i], strlen(texts[i]) + 1, 1, out) != 1)
            return 0;
    return 1;
}

static int put_error(Walk *walk, const char *name, int problem)
{
    char line[32];

    if (!count(walk))
        return 0;
    snprintf(line, sizeof line, "ERROR %d", problem);
    return put_texts(walk, line, name, "");
}

static int put_record(Walk *walk, int dir, const char *entry, const char *name,
                      const struct stat *info)
{
    static char target[LONGEST_LINK];
    char line[200];
    ssize_t len = S_ISLNK(info->st_mode) ? readlinkat(dir, entry, target, sizeof target - 1) : 0;

    if (!count(walk))
        return 0;
    target[len > 0 ? len : 0] = '\0';
    snprintf(line, sizeof line, "%o %u %u %lld %lld %lld %lu", info->st_mode, info->st_uid,
             info->st_gid, (long long)info->st_size, (long long)info->st_blocks,
             (long long)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec,
             (unsigned long)info->st_nlink);
    return put_texts(walk, line, name, target);
}

static int is_own(const Walk *walk)
{
    return strcmp(walk->name, "/dev") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int walk_directory(Walk *walk, int dir, int whole, int depth);
static int send_file(int fd);

static int send_entry(int dir, const char *entry)
{
    int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int ok = fd < 0 ? put_frame(STREAM_END, 0, errno) : send_file(fd);

    if (fd >= 0)
        close(fd);
    return ok;
}

/* One entry of a directory, whose path is in walk->name. Returns 0 once there are enough. */
static int walk_entry(Walk *walk, int dir, const char *entry, const char *shown, int whole,
                      int depth)
{
    struct stat info;
    int fd, more;

    if (fstatat(dir, entry, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return put_error(walk, shown, errno);
    if (!put_record(walk, dir, entry, shown, &info))
        return 0;
    if (walk->sends && S_ISREG(info.st_mode))
        return send_entry(dir, entry);
    if (!whole || !S_ISDIR(info.st_mode) || is_own(walk))
        return 1;
    fd = openat(dir, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || depth > DEEPEST) {
        more = put_error(walk, shown, fd < 0 ? errno : ELOOP);
        if (fd >= 0)
            close(fd);
        return more;
    }
    more = walk_directory(walk, fd, 1, depth + 1);
    close(fd);
    return more;
}

static int walk_directory(Walk *walk, int dir, int whole, int depth)
{
    struct dirent **entries = NULL;
    size_t before = walk->len;
    int more = 1;
    int n = scandirat(dir, ".", &entries, not_dots, by_name);

    if (n < 0)
        return put_error(walk, walk->name, errno);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entries[i]->d_name);

        if (more && before + len + 2 < sizeof walk->name) {
            walk->len = before;
            if (before == 0 || walk->name[before - 1] != '/')
                walk->name[walk->len++] = '/';
            memcpy(walk->name + walk->len, entries[i]->d_name, len + 1);
            walk->len += len;
            more = walk_entry(walk, dir, entries[i]->d_name,
                              whole ? walk->name : entries[i]->d_name, whole, depth);
        }
        free(entries[i]);
    }
    free(entries);
    walk->len = before;
    walk->name[before] = '\0';
    return more;
}

static int list(Walk *walk, const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 && errno == ENOTDIR)
        return walk_entry(walk, AT_FDCWD, path, path, 0, 0), 0;
    if (dir < 0)
        return fprintf(stderr, "%s\n", strerror(errno)), 1;
    if (!is_own(walk))
        walk_directory(walk, dir, 0, 0);
    close(dir);
    return 0;
}

static int show_attribute(const char *path, const char *name)
{
    static unsigned char value[XATTR_SIZE_MAX];
    ssize_t n = lgetxattr(path, name, value, sizeof value);

    if (n < 0)
        return fprintf(stderr, "%s: %s\n", name, strerror(errno)), 1;
    fwrite(name, strlen(name) + 1, 1, stdout);
    for (ssize_t i = 0; i < n; i++)
        printf("%02x", value[i]);
    putchar(0);
    return 0;
}

static int show_attributes(const char *path, size_t limit)
{
    static char names[XATTR_LIST_MAX];
    ssize_t n = llistxattr(path, names, limit < sizeof names ? limit : sizeof names);
    int status = n < 0 && errno != ENOTSUP;

    if (status)
        fprintf(stderr, "%s\n", strerror(errno));
    for (const char *name = names; !status && name < names + n; name += strlen(name) + 1)
        status = show_attribute(path, name);
    return status;
}

/* ---- Contents */

/* A sender whose reader was killed waits for a new one for ever; it is ended. */
static int open_port(void)
{
    FILE *pid = fopen(SENDER_FILE, "r");
    int fd = open(PORT_FILE, O_WRONLY | O_CLOEXEC);
    char line[32];
    long number = fd < 0 && errno == EBUSY && pid && fgets(line, sizeof line, pid)
                      ? strtol(line, NULL, 10) : 0;

    if (number > 1) {
        kill((pid_t)number, SIGKILL);
        errno = EBUSY;
        /* The port is free once the process is gone, which comes soon. */
        for (int i = 0; fd < 0 && errno == EBUSY && i < 1000; i++) {
            usleep(1000);
            fd = open(PORT_FILE, O_WRONLY | O_CLOEXEC);
        }
    }
    if (pid)
        fclose(pid);
    return fd;
}

static int begin(const char *token)
{
    FILE *pid;
    int fd = open_port();

    if (fd < 0)
        return 0;
    pid = fopen(SENDER_FILE, "w");
    if (pid) {
        fprintf(pid, "%d\n", getpid());
        fclose(pid);
    }
    port = fdopen(fd, "w");
    return port && fwrite(token, 1, STREAM_TOKEN, port) == STREAM_TOKEN;
}

/* What was announced, although it cannot be read. */
static int put_zeros(int64_t len)
{
    static const char zeros[65536];

    while (len > 0) {
        size_t n = len > (int64_t)sizeof zeros ? sizeof zeros : (size_t)len;

        if (fwrite(zeros, 1, n, port) != n)
            return 0;
        len -= (int64_t)n;
    }
    return 1;
}

/* One piece from the page cache, without a copy. @problem: what keeps it from being read. */
static int put_piece(int fd, off_t at, int64_t len, int *problem)
{
    if (!put_frame(STREAM_DATA, at, len) || fflush(port) != 0)
        return 0;
    while (len > 0 && !*problem) {
        ssize_t n = sendfile(fileno(port), fd, &at, (size_t)len);

        if (n > 0)
            len -= n;
        else if (n == 0 || errno != EINTR)
            *problem = n == 0 ? EIO : errno;
    }
    return put_zeros(len);
}

/* The extents of the file that are not holes, and its end. Returns 0 if the port fails. */
static int send_file(int fd)
{
    struct stat info;
    off_t at = 0, end;
    int problem = 0;

    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return put_frame(STREAM_END, 0, EINVAL);
    while (!problem && (at = lseek(fd, at, SEEK_DATA)) >= 0 &&
           (end = lseek(fd, at, SEEK_HOLE)) > at)
        for (; at < end && !problem; at += STREAM_PIECE)
            if (!put_piece(fd, at, end - at < STREAM_PIECE ? end - at : STREAM_PIECE, &problem))
                return 0;
    if (!problem && at < 0 && errno != ENXIO)
        problem = errno;
    return put_frame(STREAM_END, info.st_size, problem);
}

static int send_one(const char *path, const char *token)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int problem = errno;

    return begin(token) && (fd < 0 ? put_frame(STREAM_END, 0, problem) : send_file(fd)) &&
                   fflush(port) == 0
               ? 0
               : 1;
}

static int send_tree(Walk *walk, const char *path, const char *token)
{
    walk->sends = 1;
    walk->left = MOST_SENT;
    return begin(token) && walk_entry(walk, AT_FDCWD, path, walk->name, 1, 0) &&
                   put_frame(STREAM_FINISH, 0, 0) && fflush(port) == 0
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    static Walk walk;
    struct stat info;
    const char *path;
    int status = 0;

    if (argc != 4)
        return fprintf(stderr, "usage: guestctl-walk one|list|tree|attributes|send|copy PATH LIMIT|TOKEN\n"), 2;
    path = argv[2];
    walk.left = strtol(argv[3], NULL, 10);
    walk.len = strlen(path);
    if (walk.len >= PATH_MAX)
        return fprintf(stderr, "%s\n", strerror(ENAMETOOLONG)), 1;
    while (walk.len > 1 && path[walk.len - 1] == '/')
        walk.len--;
    memcpy(walk.name, path, walk.len);
    if (strcmp(argv[1], "send") == 0)
        return send_one(path, argv[3]);
    if (strcmp(argv[1], "copy") == 0)
        return send_tree(&walk, path, argv[3]);
    if (lstat(path, &info) < 0)
        return fprintf(stderr, "%s\n", strerror(errno)), 1;
    if (strcmp(argv[1], "attributes") == 0)
        status = show_attributes(path, (size_t)walk.left);
    else if (strcmp(argv[1], "list") == 0)
        status = list(&walk, path);
    else
        walk_entry(&walk, AT_FDCWD, path, walk.name, strcmp(argv[1], "tree") == 0, 0);
    return fflush(stdout) < 0 || ferror(stdout) ? 1 : status;
}
