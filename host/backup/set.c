/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/backup/set-manifest.h"
#include "lib/errors.h"

/* Holds the set's name from the first backup on, finished or not; and is the lock. */
#define SET_FILE ".guestctl-backups"
/* Holds the id of the point whose files are being named or removed, see chain_intend(). */
#define INTENT_FILE ".guestctl-intent"

char *chain_path(const Chain *chain, const char *name)
{
    return g_build_filename(chain->dir, name, NULL);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    gint64 left = (*(ChainPoint *const *)a)->number, right = (*(ChainPoint *const *)b)->number;

    return left < right ? -1 : left > right;
}

static void broken_free(gpointer data)
{
    ChainBroken *broken = data;

    g_free(broken->id);
    g_free(broken->problem);
    g_free(broken);
}

static void add_broken(Chain *chain, const char *name, const GError *problem)
{
    ChainBroken *broken = g_new0(ChainBroken, 1);

    broken->id = g_strndup(name, strlen(name) - strlen(".json"));
    broken->problem = g_strdup(problem->message);
    g_ptr_array_add(chain->broken, broken);
}

static gboolean add_manifest(Chain *chain, const char *name, ChainUse use, GError **error)
{
    g_autofree char *path = chain_path(chain, name);
    g_autofree char *set = NULL;
    g_autoptr(GError) problem = NULL;
    ChainPoint *point = point_read(path, &set, &problem);

    if (!point && use == CHAIN_INSPECT)
        return add_broken(chain, name, problem), TRUE;
    if (!point) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    g_ptr_array_add(chain->points, point);
    if (!chain->name)
        chain->name = g_steal_pointer(&set);
    return TRUE;
}

/* How many digits @text begins with, if there are at least @least; -1: there are not. */
static gssize count_digits(const char *text, gsize least)
{
    gsize n = strspn(text, G_CSET_DIGITS);

    return n >= least ? (gssize)n : -1;
}

/* What follows the id, as chain_point_new() gives it, at the beginning of @name; NULL: there is none. */
static const char *after_id(const char *name)
{
    gssize more;

    if (count_digits(name, 8) != 8 || name[8] != 'T' || count_digits(name + 9, 6) != 6 ||
        name[15] != 'Z')
        return NULL;
    name += 16;
    /* Of several in one second: "-2", …; the "-0" of a file is followed by another '-'. */
    more = *name == '-' ? count_digits(name + 1, 1) : -1;
    return more > 0 && name[1 + more] != '-' ? name + 1 + more : name;
}

/* The directory may hold other JSON. */
static gboolean is_manifest_name(const char *name)
{
    return g_strcmp0(after_id(name), ".json") == 0;
}

/* "ID-0-vda.qcow2" and @suffix, as chain_point_add() gives it; of the id "ID-2", too. */
static gboolean is_file_name(const char *name, const char *suffix)
{
    const char *rest = after_id(name);
    g_autofree char *end = g_strconcat(".qcow2", suffix, NULL);

    return rest && *rest == '-' && count_digits(rest + 1, 1) > 0 && g_str_has_suffix(rest, end);
}

gboolean chain_is_file_name(const char *name)
{
    return is_file_name(name, "");
}

static gboolean read_points(Chain *chain, ChainUse use, GError **error)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (use == CHAIN_PLAN && !g_file_test(chain->dir, G_FILE_TEST_EXISTS))
        return TRUE;
    dir = g_dir_open(chain->dir, 0, error);
    if (!dir)
        return FALSE;
    while ((name = g_dir_read_name(dir)))
        if (is_manifest_name(name) && !add_manifest(chain, name, use, error))
            return FALSE;
    g_ptr_array_sort(chain->points, by_number);
    return TRUE;
}

static gboolean take_lock(Chain *chain, GError **error)
{
    g_autofree char *path = chain_path(chain, SET_FILE);

    chain->lock = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (chain->lock < 0)
        return set_errno_error(error, errno, "%s", path);
    if (flock(chain->lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    if (errno == EWOULDBLOCK)
        return set_error(error, "another guestctl is at work in %s; wait for its end", chain->dir);
    return set_errno_error(error, errno, "lock of %s", path);
}

/* What SET_FILE, open as @fd, says of the set's name; the caller's. NULL: nothing. */
static char *name_read(int fd)
{
    char text[16] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    text[MAX(n, 0)] = '\0';
    g_strchomp(text);
    return strlen(text) == 8 && strspn(text, "0123456789abcdef") == 8 ? g_strdup(text) : NULL;
}

/* The set has its name from a manifest, from the file (@known, or NULL), or now. */
static void name_give(Chain *chain, const char *known)
{
    if (!chain->name)
        chain->name = known ? g_strdup(known) : g_strdup_printf("%08x", g_random_int());
}

static gboolean name_set(Chain *chain, GError **error)
{
    g_autofree char *known = name_read(chain->lock);

    name_give(chain, known);
    if (g_strcmp0(chain->name, known) == 0)
        return TRUE;
    if (ftruncate(chain->lock, 0) == 0 && pwrite(chain->lock, chain->name, 8, 0) == 8)
        return TRUE;
    return set_errno_error(error, errno, "%s/" SET_FILE, chain->dir);
}

/* The name it would get. */
static void name_plan(Chain *chain)
{
    g_autofree char *path = chain_path(chain, SET_FILE);
    int fd = g_open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *known = fd >= 0 ? name_read(fd) : NULL;

    name_give(chain, known);
    if (fd >= 0)
        close(fd);
}

gboolean chain_check_vm(const Chain *chain, const char *name, const char *uuid, GError **error)
{
    const ChainPoint *newest = chain_newest(chain);

    if (!newest || (uuid && newest->vm_uuid ? g_ascii_strcasecmp(uuid, newest->vm_uuid) == 0
                                            : g_str_equal(newest->vm, name)))
        return TRUE;
    if (g_str_equal(newest->vm, name))
        return set_error(error, "%s holds the backups of another VM called %s, with the UUID %s; use "
                                "another directory, or \"backup adopt\" if this VM takes its place",
                         chain->dir, name, newest->vm_uuid);
    return set_error(error, "%s holds the backups of %s; each VM needs a directory of its own "
                            "(\"backup adopt\" if this VM takes its place)",
                     chain->dir, newest->vm);
}

/* How many directories at the end of @dir do not exist. */
static guint count_missing(const char *dir)
{
    g_autofree char *path = g_canonicalize_filename(dir, NULL);
    guint n = 0;

    while (g_access(path, F_OK) < 0 && errno == ENOENT && strcmp(path, "/") != 0) {
        char *parent = g_path_get_dirname(path);

        g_free(path);
        path = parent;
        n++;
    }
    return n;
}

static gboolean open_dir(Chain *chain, const char *dir, ChainUse use, GError **error)
{
    char *real;

    if (use == CHAIN_MAKE)
        chain->made = count_missing(dir);
    if (use == CHAIN_MAKE && g_mkdir_with_parents(dir, 0700) < 0)
        return set_errno_error(error, errno, "%s", dir);
    real = realpath(dir, NULL);
    if (!real && use == CHAIN_PLAN && errno == ENOENT) {
        chain->dir = g_canonicalize_filename(dir, NULL);
        return TRUE;
    }
    if (!real)
        return set_errno_error(error, errno, "%s", dir);
    chain->dir = g_strdup(real);
    free(real);
    return TRUE;
}

Chain *chain_open(const char *dir, const char *vm, ChainUse use, GError **error)
{
    g_autoptr(Chain) chain = g_new0(Chain, 1);
    gboolean locks = use == CHAIN_WORK || use == CHAIN_MAKE;
    gboolean begins = use == CHAIN_MAKE || use == CHAIN_PLAN;

    chain->lock = -1;
    chain->points = g_ptr_array_new_with_free_func((GDestroyNotify)chain_point_free);
    chain->broken = g_ptr_array_new_with_free_func(broken_free);
    if (!open_dir(chain, dir, use, error) || (locks && !take_lock(chain, error)) ||
        !read_points(chain, use, error) ||
        (vm && !chain_check_vm(chain, vm, NULL, error)))
        return NULL;
    if (!begins && chain->points->len + chain->broken->len == 0) {
        set_error(error, "there are no backups in %s", chain->dir);
        return NULL;
    }
    if (use == CHAIN_PLAN)
        name_plan(chain);
    if (use == CHAIN_MAKE && !name_set(chain, error))
        return NULL;
    return g_steal_pointer(&chain);
}

void chain_free(Chain *chain)
{
    if (!chain)
        return;
    if (chain->lock >= 0)
        close(chain->lock);
    g_ptr_array_unref(chain->points);
    g_ptr_array_unref(chain->broken);
    g_free(chain->dir);
    g_free(chain->name);
    g_free(chain);
}

ChainPoint *chain_newest(const Chain *chain)
{
    return chain->points->len ? chain->points->pdata[chain->points->len - 1] : NULL;
}

ChainPoint *chain_find(const Chain *chain, const char *id)
{
    for (guint i = 0; i < chain->points->len; i++) {
        ChainPoint *point = chain->points->pdata[i];

        if (g_str_equal(point->id, id))
            return point;
    }
    return NULL;
}

ChainPoint *chain_latest(const Chain *chain, const char *name)
{
    for (guint i = chain->points->len; i-- > 0;)
        if (chain_point_disk(chain->points->pdata[i], name))
            return chain->points->pdata[i];
    return NULL;
}

ChainPoint *chain_at(const Chain *chain, const char *text, GError **error)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    g_autofree char *iso = g_strdelimit(g_strdup(text), " ", 'T');
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, local);
    ChainPoint *found = chain_find(chain, text);

    if (found)
        return found;
    if (!time) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                    "--at: '%s' is neither a backup (see \"backup list\") nor a time such as "
                    "2026-01-31T23:59:00",
                    text);
        return NULL;
    }
    for (guint i = 0; i < chain->points->len; i++) {
        ChainPoint *point = chain->points->pdata[i];

        /* The user's time has seconds: all of its second counts. */
        if (point->time / G_USEC_PER_SEC <= g_date_time_to_unix(time))
            found = point;
    }
    if (!found)
        set_error(error, "no backup as old as %s; the oldest is %s", text,
                  ((const ChainPoint *)chain->points->pdata[0])->id);
    return found;
}

ChainPoint *chain_point_new(const Chain *chain, const char *vm)
{
    const ChainPoint *newest = chain_newest(chain);
    ChainPoint *point = point_blank();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *id = g_date_time_format(now, "%Y%m%dT%H%M%SZ");

    point->id = g_strdup(id);
    for (int i = 2; chain_find(chain, point->id); i++) {
        g_free(point->id);
        point->id = g_strdup_printf("%s-%d", id, i);
    }
    point->vm = g_strdup(vm);
    point->number = newest ? newest->number + 1 : 1;
    return point;
}

static char *manifest_path(const Chain *chain, const ChainPoint *point)
{
    g_autofree char *name = g_strconcat(point->id, ".json", NULL);

    return chain_path(chain, name);
}

gboolean chain_commit(Chain *chain, ChainPoint *point, GError **error)
{
    g_autofree char *path = manifest_path(chain, point);

    if (!point_write(path, point, chain->name, error)) {
        unlink(path); /* it may be there, and only not be durable */
        return FALSE;
    }
    g_ptr_array_add(chain->points, point);
    return TRUE;
}

gboolean chain_adopt(Chain *chain, const char *name, const char *uuid, GError **error)
{
    /* The newest is what counts, so it is the last. */
    for (guint i = 0; i < chain->points->len; i++) {
        ChainPoint *point = chain->points->pdata[i];
        g_autofree char *path = manifest_path(chain, point);

        g_free(point->vm);
        g_free(point->vm_uuid);
        point->vm = g_strdup(name);
        point->vm_uuid = g_strdup(uuid);
        if (!point_write(path, point, chain->name, error))
            return FALSE;
    }
    return TRUE;
}

gboolean chain_remove(Chain *chain, ChainPoint *point, GError **error)
{
    g_autofree char *path = manifest_path(chain, point);

    if (!chain_intend(chain, point->id, error))
        return FALSE;
    if (unlink(path) < 0)
        return set_errno_error(error, errno, "%s", path);
    for (guint i = 0; i < point->disks->len; i++) {
        g_autofree char *file = chain_path(chain, ((ChainDisk *)point->disks->pdata[i])->file);

        if (unlink(file) < 0 && errno != ENOENT)
            return set_errno_error(error, errno, "%s", file);
    }
    chain_done(chain);
    g_ptr_array_remove(chain->points, point);
    return TRUE;
}

static gboolean is_named(const Chain *chain, const char *file)
{
    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];

        for (guint k = 0; k < point->disks->len; k++)
            if (g_str_equal(((const ChainDisk *)point->disks->pdata[k])->file, file))
                return TRUE;
    }
    return FALSE;
}

/* Whether it is an image of the point @id (NULL: of none). */
static gboolean is_file_of(const char *name, const char *id)
{
    gsize len = id ? strlen(id) : 0;

    return id && chain_is_file_name(name) && strncmp(name, id, len) == 0 && name[len] == '-';
}

/* What g_file_set_contents() writes before it has the name: NAME.XXXXXX. */
static gboolean is_unfinished_text(const char *name)
{
    const char *dot = strrchr(name, '.');
    g_autofree char *stem = dot && strlen(dot) == 7 ? g_strndup(name, (gsize)(dot - name)) : NULL;

    return stem && (is_manifest_name(stem) || g_str_equal(stem, INTENT_FILE));
}

gboolean chain_intend(const Chain *chain, const char *id, GError **error)
{
    g_autofree char *path = chain_path(chain, INTENT_FILE);

    return g_file_set_contents_full(path, id, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

void chain_done(const Chain *chain)
{
    g_autofree char *path = chain_path(chain, INTENT_FILE);

    unlink(path);
}

void chain_sweep(const Chain *chain)
{
    g_autoptr(GDir) dir = g_dir_open(chain->dir, 0, NULL);
    g_autofree char *intent = chain_path(chain, INTENT_FILE);
    g_autofree char *id = NULL;
    const char *name;

    g_file_get_contents(intent, &id, NULL, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = chain_path(chain, name);

        if (is_file_name(name, CHAIN_PARTIAL) || is_unfinished_text(name) ||
            (is_file_of(name, id) && !is_named(chain, name)))
            unlink(path);
    }
    chain_done(chain);
}
