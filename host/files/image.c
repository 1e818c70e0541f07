/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/image.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/image-tool.h"
#include "lib/errors.h"

#define SYSTEM_CACHE "/var/cache/guestctl"
#define BUILD_MS 120000
#define KEY_DIGITS 16

static const char build_script[] =
#include "host/files/inside/build.sh.h"
    ;

static const char init_script[] =
#include "host/files/inside/init.sh.h"
    ;

/* root's is the system's, whatever HOME says. */
static char *cache_dir(GError **error)
{
    g_autofree char *dir = geteuid() == 0 && !g_getenv("XDG_CACHE_HOME")
                               ? g_strdup(SYSTEM_CACHE)
                               : g_build_filename(g_get_user_cache_dir(), "guestctl", NULL);
    GStatBuf info;

    if (g_mkdir_with_parents(dir, 0700) < 0) {
        set_errno_error(error, errno, "%s", dir);
        return NULL;
    }
    /* What is in it is run as the caller's appliance. */
    if (g_stat(dir, &info) < 0 || info.st_uid != geteuid() || info.st_mode & (S_IWGRP | S_IWOTH)) {
        set_error(error, "%s: other users can write to it; correct its owner and mode", dir);
        return NULL;
    }
    return g_steal_pointer(&dir);
}

/* A program that comes with guestctl: beside it, as in a build, or where it is installed. */
static char *own_program(const char *name, const char *installed, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = g_path_get_dirname(self ? self : ".");
    g_autofree char *beside = g_build_filename(dir, name, NULL);

    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    if (g_file_test(installed, G_FILE_TEST_IS_EXECUTABLE))
        return g_strdup(installed);
    set_error(error, "%s is required to read files out of a backup: install the package guestd",
              installed);
    return NULL;
}

/* What a file is known by without reading it. */
static void add_file(GString *key, const char *path)
{
    GStatBuf info = { 0 };

    if (path && g_stat(path, &info) < 0)
        info.st_size = -1;
    g_string_append_printf(key, "%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld\n",
                           path ? path : "", (gint64)info.st_size, (gint64)info.st_mtim.tv_sec,
                           (long)info.st_mtim.tv_nsec);
}

static char *image_key(const Kernel *kernel, const char *guestd, const char *walk)
{
    g_autofree char *busybox = g_find_program_in_path("busybox");
    g_autofree char *lvm = g_find_program_in_path("lvm");
    g_autoptr(GString) key = g_string_new(PACKAGE_VERSION "\n");
    g_autofree char *sum = NULL;

    g_string_append_printf(key, "%s\n%s\n%s\n", kernel->version, build_script, init_script);
    add_file(key, kernel->modules);
    add_file(key, guestd);
    add_file(key, walk);
    add_file(key, busybox);
    add_file(key, lvm);
    sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key->str, (gssize)key->len);
    return g_strndup(sum, KEY_DIGITS);
}

static gboolean run_build(const char *dir, const char *out, const Kernel *kernel,
                          const char *guestd, const char *walk, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(BUILD_MS, cancel_fd);
    g_autofree char *script = g_build_filename(dir, "build.sh", NULL);
    g_autofree char *init = g_build_filename(dir, "init.sh", NULL);
    g_autofree char *made = g_build_filename(dir, "initramfs", NULL);

    if (!g_file_set_contents(script, build_script, -1, error) ||
        !g_file_set_contents(init, init_script, -1, error) ||
        !tool_run((const char *const[]){ "sh", script, made, kernel->version, kernel->modules,
                                         guestd, walk, init, NULL },
                  &deadline, NULL, error)) {
        g_prefix_error(error, "building the appliance: ");
        return FALSE;
    }
    return g_rename(made, out) == 0 || set_errno_error(error, errno, "%s", out);
}

static void remove_dir(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
    g_rmdir(path);
}

char *image_get(const Kernel *kernel, int cancel_fd, GError **error)
{
    g_autofree char *guestd = own_program("guestd", GUESTD_PROGRAM, error);
    g_autofree char *walk = guestd ? own_program("guestctl-walk", WALK_PROGRAM, error) : NULL;
    g_autofree char *cache = walk ? cache_dir(error) : NULL;
    g_autofree char *key = NULL, *name = NULL, *path = NULL, *dir = NULL;
    gboolean ok;

    if (!cache)
        return NULL;
    key = image_key(kernel, guestd, walk);
    name = g_strdup_printf("appliance-%s-%s.img", kernel->version, key);
    path = g_build_filename(cache, name, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer(&path);
    dir = g_build_filename(cache, "build.XXXXXX", NULL);
    if (!g_mkdtemp_full(dir, 0700)) {
        set_errno_error(error, errno, "%s", dir);
        return NULL;
    }
    ok = run_build(dir, path, kernel, guestd, walk, cancel_fd, error);
    remove_dir(dir);
    return ok ? g_steal_pointer(&path) : NULL;
}
