/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "commands/file/allow.h"
#include "commands/file/private.h"
#include "lib/errors.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define CHECKSUM_PIECE (256 * 1024)
#define NAME_BUFFER (16 * 1024)

typedef struct {
    bool has_handle;
    bool has_nofollow;
    bool has_sha256;
    bool nofollow;
    bool sha256;
    const char *path;
    gint64 handle;
} StatArgs;

static const Type stat_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(StatArgs),
    .fields = (const Field[]){
        OPTIONAL_STRING(StatArgs, path, "path", .doc = "path of the file; or else",
                        .rules = RULE_BIT(RULE_READ)),
        OPTIONAL(StatArgs, handle, "handle", &type_int, .doc = "handle, from guest-file-open"),
        OPTIONAL(StatArgs, nofollow, "nofollow", &type_bool,
                 .doc = "return the metadata of a symbolic link itself", .fallback = "false"),
        OPTIONAL(StatArgs, sha256, "sha256", &type_bool,
                 .doc = "also return the checksum of a regular file, which reads all of "
                        "it", .fallback = "false"),
        FIELDS_END,
    },
};

typedef enum { KIND_REGULAR, KIND_DIRECTORY, KIND_SYMLINK, KIND_FIFO, KIND_SOCKET, KIND_BLOCK,
               KIND_CHARACTER, KIND_UNKNOWN } FileKind;

static const char *const kind_names[] = { "regular", "directory", "symlink", "fifo", "socket",
                                          "block", "character", "unknown", NULL };

static const Type type_kind = {
    .kind = TYPE_ENUM, .name = "GuestdFileType", .size = sizeof(int), .values = kind_names,
};

typedef struct {
    int kind;
    gint64 size;
    const char *mode;
    gint64 uid;
    gint64 gid;
    const char *user;
    const char *group;
    gint64 links;
    gint64 accessed;
    gint64 modified;
    gint64 changed;
    const char *sha256;
} StatResult;

static const Type stat_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFileStat",
    .size = sizeof(StatResult),
    .fields = (const Field[]){
        REQUIRED(StatResult, kind, "type", &type_kind, .doc = "type of the file"),
        REQUIRED(StatResult, size, "size", &type_int, .doc = "size in bytes"),
        REQUIRED(StatResult, mode, "mode", &type_string, .doc = "permissions, four octal digits"),
        REQUIRED(StatResult, uid, "uid", &type_int, .doc = "user ID of the owner"),
        REQUIRED(StatResult, gid, "gid", &type_int, .doc = "group ID of the owner"),
        OPTIONAL_STRING(StatResult, user, "user", .doc = "name of the owner, if there is one"),
        OPTIONAL_STRING(StatResult, group, "group", .doc = "name of the group, if there is one"),
        REQUIRED(StatResult, links, "links", &type_int, .doc = "number of hard links"),
        REQUIRED(StatResult, accessed, "accessed", &type_int,
                 .doc = "last access, in nanoseconds since the epoch"),
        REQUIRED(StatResult, modified, "modified", &type_int, .doc = "last change of the contents"),
        REQUIRED(StatResult, changed, "changed", &type_int, .doc = "last change of contents or "
                                                                   "metadata"),
        OPTIONAL_STRING(StatResult, sha256, "sha256", .doc = "checksum, in hexadecimal"),
        FIELDS_END,
    },
};

static FileKind kind_of(mode_t mode)
{
    static const struct { mode_t bits; FileKind kind; } kinds[] = {
        { S_IFREG, KIND_REGULAR }, { S_IFDIR, KIND_DIRECTORY }, { S_IFLNK, KIND_SYMLINK },
        { S_IFIFO, KIND_FIFO }, { S_IFSOCK, KIND_SOCKET }, { S_IFBLK, KIND_BLOCK },
        { S_IFCHR, KIND_CHARACTER },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if ((mode & S_IFMT) == kinds[i].bits)
            return kinds[i].kind;
    return KIND_UNKNOWN;
}

static gint64 in_ns(struct timespec time)
{
    return (gint64)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static const char *user_name(uid_t uid, Arena *arena)
{
    g_autofree char *buffer = g_malloc(NAME_BUFFER);
    struct passwd entry, *found = NULL;

    getpwuid_r(uid, &entry, buffer, NAME_BUFFER, &found);
    return found ? arena_strdup(arena, found->pw_name) : NULL;
}

static const char *group_name(gid_t gid, Arena *arena)
{
    g_autofree char *buffer = g_malloc(NAME_BUFFER);
    struct group entry, *found = NULL;

    getgrgid_r(gid, &entry, buffer, NAME_BUFFER, &found);
    return found ? arena_strdup(arena, found->gr_name) : NULL;
}

static void fill(const struct stat *info, Arena *arena, StatResult *result)
{
    result->kind = kind_of(info->st_mode);
    result->size = info->st_size;
    result->mode = arena_printf(arena, "%04o", (guint)info->st_mode & 07777);
    result->uid = info->st_uid;
    result->gid = info->st_gid;
    result->user = user_name(info->st_uid, arena);
    result->group = group_name(info->st_gid, arena);
    result->links = (gint64)info->st_nlink;
    result->accessed = in_ns(info->st_atim);
    result->modified = in_ns(info->st_mtim);
    result->changed = in_ns(info->st_ctim);
}

/* Adds the checksum of the file of @fd, whose position stays the same. */
static gboolean add_checksum(int fd, Arena *arena, StatResult *result, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *piece = g_malloc(CHECKSUM_PIECE);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, piece, CHECKSUM_PIECE, at)) > 0) {
        g_checksum_update(checksum, piece, n);
        at += n;
    }
    if (n < 0)
        return set_errno_error(error, errno, "failed to read file");
    result->sha256 = arena_strdup(arena, g_checksum_get_string(checksum));
    return TRUE;
}

static gboolean only_regular(GError **error)
{
    return set_error(error, "sha256 is for regular files");
}

static gboolean stat_descriptor(int fd, Call *call, gboolean sha256, GError **error)
{
    const StatArgs *args = call->args;
    struct stat info;

    if (fstat(fd, &info) < 0)
        return set_errno_error(error, errno, "failed to stat '%s'", args->path);
    fill(&info, call->arena, call->result);
    if (!args->sha256)
        return TRUE;
    if (!S_ISREG(info.st_mode))
        return only_regular(error);
    return !sha256 || add_checksum(fd, call->arena, call->result, error);
}

static gboolean stat_place(Call *call, const FilePlace *place, GError **error)
{
    const StatArgs *args = call->args;
    int nofollow = args->nofollow ? O_NOFOLLOW : 0;
    gboolean ok;
    int fd = open_beneath(place->dir_fd, place->path, O_PATH | O_CLOEXEC | nofollow, 0);

    /* O_PATH first: opening what is not a regular file may have side effects. */
    if (fd < 0)
        return !file_place_refused(place, errno, args->path, error) &&
               set_errno_error(error, errno, "failed to stat '%s'", args->path);
    ok = stat_descriptor(fd, call, FALSE, error);
    close(fd);
    if (!ok || !args->sha256)
        return ok;
    fd = open_beneath(place->dir_fd, place->path,
                      O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | nofollow, 0);
    if (fd < 0)
        return !file_place_refused(place, errno, args->path, error) &&
               set_errno_error(error, errno, "failed to open file '%s'", args->path);
    ok = stat_descriptor(fd, call, TRUE, error);
    close(fd);
    return ok;
}

static gboolean stat_path(Call *call, const StatArgs *args, GError **error)
{
    g_auto(FilePlace) place = FILE_PLACE_NONE;

    return file_place_find(call->services->settings, args->path, TRUE, FALSE, &place, error) &&
           stat_place(call, &place, error);
}

static gboolean stat_open_file(Call *call, const StatArgs *args, OpenFile *file, GError **error)
{
    struct stat info;
    int fd = fileno(file->stream);

    /* The size is to include what was written. */
    if (file->use == FILE_WAS_WRITTEN && !file_flush(file, error))
        return FALSE;
    if (fstat(fd, &info) < 0)
        return set_errno_error(error, errno, "failed to stat '%s'", file->path);
    fill(&info, call->arena, call->result);
    if (!args->sha256)
        return TRUE;
    return S_ISREG(info.st_mode) ? add_checksum(fd, call->arena, call->result, error)
                                 : only_regular(error);
}

static gboolean stat_run(Call *call, GError **error)
{
    const StatArgs *args = call->args;
    OpenFile *file;
    gboolean ok;

    if (!args->path == !args->has_handle)
        return set_error(error, "exactly one of path and handle is required");
    if (args->path)
        return stat_path(call, args, error);
    file = file_table_take(call->state, args->handle, error);
    if (!file)
        return FALSE;
    ok = stat_open_file(call, args, file, error);
    file_table_release(call->state, file);
    return ok;
}

const Command guestd_file_stat = {
    .name = "guestd-file-stat",
    .rank = 1040,
    .since = "guestd 0.1",
    .doc = "Return size, permissions, owner, times and checksum of a file",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_ROOT_EQUIVALENT,
    .args = &stat_args,
    .returns = &stat_result,
    .run = stat_run,
};
