/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/errors.h"

/* Of the header of a bzImage; Documentation/arch/x86/boot.rst of Linux 6.12. */
#define MAGIC_AT 0x202
#define MAGIC "HdrS"
#define VERSION_AT 0x20e
#define SETUP_AT 0x200
#define MOST_VERSION 128

/* The version in the text at the start of which the header points; the caller's, or NULL. */
static char *read_version(int fd)
{
    char magic[4], text[MOST_VERSION + 1] = "";
    guint8 at[2];
    ssize_t n;

    if (pread(fd, magic, sizeof magic, MAGIC_AT) != sizeof magic ||
        memcmp(magic, MAGIC, sizeof magic) != 0 ||
        pread(fd, at, sizeof at, VERSION_AT) != sizeof at)
        return NULL;
    n = pread(fd, text, MOST_VERSION, SETUP_AT + at[0] + at[1] * 256);
    text[MAX(n, 0)] = '\0';
    text[strcspn(text, " ")] = '\0';
    /* It becomes part of a path. */
    return *text && !strchr(text, '/') && *text != '.' ? g_strdup(text) : NULL;
}

static gboolean try_modules(Kernel *kernel, const char *dir, const char *below)
{
    g_autofree char *path = g_build_filename(dir, below, "lib/modules", kernel->version, NULL);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return FALSE;
    kernel->modules = g_canonicalize_filename(path, NULL);
    return TRUE;
}

static gboolean take(Kernel *kernel, const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return set_errno_error(error, errno, "kernel %s", path);
    kernel->version = read_version(fd);
    close(fd);
    if (!kernel->version)
        return set_error(error, "%s is not a Linux kernel for x86", path);
    kernel->path = g_canonicalize_filename(path, NULL);
    if (!try_modules(kernel, dir, ".") && !try_modules(kernel, dir, "..") &&
        !try_modules(kernel, "/", ".") && !try_modules(kernel, "/usr", "."))
        kernel->modules = g_build_filename(dir, kernel->version, NULL);
    return TRUE;
}

/* The last by name of the host's kernels that can be read; FALSE: none. */
static gboolean take_any(Kernel *kernel)
{
    static const char *const patterns[] = { "/boot/vmlinuz-*", "/usr/lib/modules/*/vmlinuz",
                                            "/boot/vmlinuz" };
    gboolean found = FALSE;

    for (gsize i = 0; !found && i < G_N_ELEMENTS(patterns); i++) {
        glob_t names = { 0 };

        if (glob(patterns[i], 0, NULL, &names) == 0)
            for (gsize k = names.gl_pathc; !found && k-- > 0;)
                found = take(kernel, names.gl_pathv[k], NULL);
        globfree(&names);
    }
    return found;
}

static gboolean take_running(Kernel *kernel)
{
    struct utsname running;
    g_autofree char *boot = NULL, *modules = NULL;

    if (uname(&running) < 0)
        return FALSE;
    boot = g_strconcat("/boot/vmlinuz-", running.release, NULL);
    modules = g_build_filename("/usr/lib/modules", running.release, "vmlinuz", NULL);
    return take(kernel, boot, NULL) || take(kernel, modules, NULL);
}

gboolean kernel_find(const char *wanted, Kernel *kernel, GError **error)
{
    *kernel = (Kernel){ NULL };
    if (!wanted)
        wanted = g_getenv("GUESTCTL_KERNEL");
    if (wanted)
        return take(kernel, wanted, error);
    return take_running(kernel) || take_any(kernel) ||
           set_error(error, "no kernel in /boot or /usr/lib/modules that can be read; install the "
                            "package linux-image-amd64, or name one with --kernel");
}

void kernel_clear(Kernel *kernel)
{
    g_free(kernel->path);
    g_free(kernel->version);
    g_free(kernel->modules);
    *kernel = (Kernel){ NULL };
}
