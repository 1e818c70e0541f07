/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>

#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/plain-name.h"
#include "host/base/table.h"
#include "lib/errors.h"

#define QEMU "qemu-system-x86_64"
#define MEMORY_MIB "256"
/*
 * What a journal's replay may write: the largest logs are XFS's, of 2 GiB. A filesystem that was made
 * to harm cannot fill the host's.
 */
#define MOST_OVERLAY (G_GINT64_CONSTANT(4) << 30)
/* A guest may print for ever. */
#define MOST_WORDS 4096
/* The kernel cuts its command line. */
#define MOST_NAMES 1200
#define FIRST_FD 10
/* What init.sh prints first. */
#define INIT_WORDS "guestctl: the kernel runs"

struct Machine {
    GSubprocess *process;
    GThread *reader;
    int end_fd;
    GMutex lock;
    GString *words;
};

/* In the child: it ends with guestctl, and reads nothing from the terminal. */
static void set_up_child(gpointer data)
{
    const struct rlimit overlay = { MOST_OVERLAY, MOST_OVERLAY };
    sigset_t none;

    (void)data;
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_FSIZE, &overlay);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void add(GPtrArray *argv, const char *option, char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    if (value)
        g_ptr_array_add(argv, value);
}

static void add_node(GPtrArray *argv, const char *driver, char *name, const char *below,
                     const char *below_name, const char *backing, gboolean writable)
{
    g_autoptr(JsonObject) node = jsonu_with("driver", driver);

    json_object_set_string_member(node, "node-name", name);
    json_object_set_boolean_member(node, "read-only", !writable);
    json_object_set_string_member(node, below, below_name);
    if (g_str_equal(driver, "qcow2"))
        json_object_set_string_member(node, "backing", backing);
    if (writable)
        json_object_set_string_member(node, "discard", "unmap");
    add(argv, "-blockdev", jsonu_format(node, FALSE));
    g_free(name);
}

/* A qcow2 file of @size bytes without a name; its descriptor, or -1 with @error set. */
static int make_overlay(gint64 size, int cancel_fd, GError **error)
{
    const char *place = g_getenv("TMPDIR");
    g_autofree char *path = g_build_filename(place && *place ? place : "/var/tmp",
                                             "guestctl-files.XXXXXX", NULL);
    g_autofree char *bytes = g_strdup_printf("%" G_GINT64_FORMAT, size);
    Deadline deadline = deadline_in(TOOL_CREATE_MS, cancel_fd);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        set_errno_error(error, errno, "%s", path);
        return -1;
    }
    if (!tool_run((const char *const[]){ "qemu-img", "create", "-q", "-f", "qcow2", path, bytes,
                                         NULL },
                  &deadline, NULL, error)) {
        close(fd);
        fd = -1;
    }
    g_unlink(path);
    return fd;
}

/* The chain is named by the caller, not by what is written in the files. */
static gboolean add_disk(GPtrArray *argv, GSubprocessLauncher *launcher, const MachineDisk *disk,
                         guint number, int cancel_fd, GError **error)
{
    g_autofree char *top = NULL, *set = NULL, *name = NULL;
    int fd = make_overlay(disk->disk->virtual_size, cancel_fd, error);

    if (fd < 0)
        return FALSE;
    g_subprocess_launcher_take_fd(launcher, fd, FIRST_FD + (gint)number);
    add(argv, "-add-fd", g_strdup_printf("fd=%u,set=%u", FIRST_FD + number, number + 1));
    for (guint i = 0; i < disk->paths->len; i++) {
        g_autofree char *file = g_strdup_printf("file-%u-%u", number, i);
        g_autofree char *node = g_strdup_printf("image-%u-%u", number, i);

        add_node(argv, "file", g_strdup(file), "filename", disk->paths->pdata[i], NULL, FALSE);
        add_node(argv, "qcow2", g_strdup(node), "file", file, top, FALSE);
        g_free(top);
        top = g_steal_pointer(&node);
    }
    set = g_strdup_printf("/dev/fdset/%u", number + 1);
    name = g_strdup_printf("overlay-file-%u", number);
    add_node(argv, "file", g_strdup(name), "filename", set, NULL, TRUE);
    add_node(argv, "qcow2", g_strdup_printf("overlay-%u", number), "file", name, top, TRUE);
    add(argv, "-device", g_strdup_printf("virtio-blk-pci,drive=overlay-%u,serial=%u", number,
                                         number));
    return TRUE;
}

/* How the VM calls its disks, for its fstab. */
static char *disk_names(const MachineSetup *setup)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < setup->disks->len; i++) {
        const MachineDisk *disk = setup->disks->pdata[i];
        g_autofree char *plain = plain_name(disk->disk->name);

        g_string_append_printf(names, "%s%s", i ? "," : "", plain);
    }
    return g_strdup(names->len < MOST_NAMES ? names->str : "");
}

static void add_socket(GPtrArray *argv, const char *name, const char *path)
{
    g_autoptr(GString) quoted = g_string_new(path);

    g_string_replace(quoted, ",", ",,", 0);
    add(argv, "-chardev", g_strdup_printf("socket,path=%s,server=on,wait=off,id=%s", quoted->str,
                                          name));
}

static void add_machine(GPtrArray *argv, const MachineSetup *setup)
{
    static const char *const fixed[] = {
        "-cpu", "max", "-m", MEMORY_MIB, "-nodefaults", "-no-user-config",
        "-display", "none", "-no-reboot", "-serial", "stdio", "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-device", "virtio-serial-pci", "-device",
        "virtserialport,nr=1,chardev=agent,name=org.qemu.guest_agent.0", "-device",
        "virtserialport,nr=2,chardev=data,name=guestctl.data",
    };
    g_autofree char *names = disk_names(setup);
    add(argv, QEMU, NULL);
    add(argv, "-accel", g_strdup(setup->kvm ? "kvm" : "tcg"));
    add_socket(argv, "agent", setup->agent);
    add_socket(argv, "data", setup->data);
    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        add(argv, fixed[i], NULL);
    add(argv, "-kernel", g_strdup(setup->kernel));
    add(argv, "-initrd", g_strdup(setup->image));
    add(argv, "-append", g_strdup_printf("console=ttyS0 panic=-1 quiet guestctl.disks=%s", names));
}

/* Keeps the end of what comes; a blocked QEMU would block the guest. */
static gpointer read_words(gpointer data)
{
    Machine *machine = data;
    GInputStream *stream = g_subprocess_get_stdout_pipe(machine->process);
    guint64 one = 1;
    char piece[1024];
    gssize n;

    while ((n = g_input_stream_read(stream, piece, sizeof piece, NULL, NULL)) > 0) {
        g_mutex_lock(&machine->lock);
        g_string_append_len(machine->words, piece, n);
        if (machine->words->len > MOST_WORDS)
            g_string_erase(machine->words, 0, (gssize)(machine->words->len - MOST_WORDS));
        g_mutex_unlock(&machine->lock);
    }
    (void)!write(machine->end_fd, &one, sizeof one);
    return NULL;
}

static Machine *follow(GSubprocess *process)
{
    Machine *machine = g_new0(Machine, 1);

    machine->process = process;
    machine->end_fd = eventfd(0, EFD_CLOEXEC);
    machine->words = g_string_new(NULL);
    g_mutex_init(&machine->lock);
    machine->reader = g_thread_new("words", read_words, machine);
    return machine;
}

Machine *machine_start(const MachineSetup *setup, int cancel_fd, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    GSubprocess *process;

    add_machine(argv, setup);
    for (guint i = 0; i < setup->disks->len; i++)
        if (!add_disk(argv, launcher, setup->disks->pdata[i], i, cancel_fd, error))
            return NULL;
    g_ptr_array_add(argv, NULL);
    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, error);
    if (!process) {
        g_prefix_error(error, QEMU " is required to read files out of a backup; install the "
                              "package qemu-system-x86: ");
        return NULL;
    }
    return follow(process);
}

int machine_end_fd(const Machine *machine)
{
    return machine->end_fd;
}

gboolean machine_has_spoken(Machine *machine)
{
    gboolean has;

    g_mutex_lock(&machine->lock);
    has = strstr(machine->words->str, INIT_WORDS) != NULL;
    g_mutex_unlock(&machine->lock);
    return has;
}

char *machine_words(Machine *machine)
{
    g_autofree char *text = NULL;
    char *line;

    g_mutex_lock(&machine->lock);
    g_strchomp(machine->words->str);
    machine->words->len = strlen(machine->words->str);
    line = strrchr(machine->words->str, '\n');
    text = g_strdup(line ? line + 1 : machine->words->str);
    g_mutex_unlock(&machine->lock);
    return harmless_text(text);
}

void machine_free(Machine *machine)
{
    if (!machine)
        return;
    g_subprocess_force_exit(machine->process);
    g_thread_join(machine->reader);
    g_subprocess_wait(machine->process, NULL, NULL);
    g_object_unref(machine->process);
    close(machine->end_fd);
    g_string_free(machine->words, TRUE);
    g_mutex_clear(&machine->lock);
    g_free(machine);
}
