/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/backup/readers.h"
#include "host/backup/set-check.h"
#include "host/files/image.h"
#include "host/files/machine.h"
#include "host/files/place.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

#define KEY_DIGITS 16
/* A large journal takes its time to be replayed, more so emulated. */
#define START_MS (3 * 60 * 1000)
/* The kernel takes less than a second under a KVM that works. */
#define KVM_MS 8000
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static void shown_free(gpointer data)
{
    MachineDisk *disk = data;

    g_ptr_array_unref(disk->paths);
    g_free(disk);
}

char *appliance_key(const ApplianceSpec *spec)
{
    g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n%s\n%s", PACKAGE_VERSION,
                                            spec->chain->dir, spec->point->id,
                                            spec->disk ? spec->disk : "",
                                            spec->kernel ? spec->kernel : "");
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    return g_strndup(sum, KEY_DIGITS);
}

static gboolean add_disk(const ApplianceSpec *spec, const ChainDisk *disk, GPtrArray *disks,
                         GError **error)
{
    g_autoptr(GPtrArray) files = chain_files(spec->chain, spec->point, disk->name, error);
    MachineDisk *shown;

    for (guint i = 0; files && i < files->len; i++)
        if (!chain_check_shape(spec->chain, files->pdata[i], error))
            return FALSE;
    if (!files)
        return FALSE;
    shown = g_new0(MachineDisk, 1);
    shown->disk = disk;
    shown->paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < files->len; i++)
        g_ptr_array_add(shown->paths,
                        chain_path(spec->chain, ((const ChainDisk *)files->pdata[i])->file));
    g_ptr_array_add(disks, shown);
    return TRUE;
}

/* The disks to show; the caller's array of MachineDisk. NULL with @error set. */
static GPtrArray *find_disks(const ApplianceSpec *spec, GError **error)
{
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(shown_free);

    for (guint i = 0; i < spec->point->disks->len; i++) {
        const ChainDisk *disk = spec->point->disks->pdata[i];

        if ((!spec->disk || g_str_equal(spec->disk, disk->name)) &&
            !add_disk(spec, disk, disks, error))
            return NULL;
    }
    if (disks->len > 0 && disks->len <= MACHINE_DISKS)
        return g_steal_pointer(&disks);
    set_error(error, disks->len ? "the backup has more than %d disks; choose one with --disk"
                                : "the backup has none of the disks", MACHINE_DISKS);
    return NULL;
}

/* So that others can ask for this process. FALSE with @error set if another one has it. */
static gboolean sign(const ApplianceSpec *spec, const Place *place, int *fd, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n", spec->chain->dir, spec->point->id,
                                            spec->disk ? spec->disk : "");

    *fd = g_open(place->keeper, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return set_errno_error(error, errno, "%s", place->keeper);
    if (fcntl(*fd, F_SETLK, &lock) < 0)
        return set_error(error, "process %d keeps this appliance already", place_keeper(place));
    (void)!ftruncate(*fd, 0);
    (void)!pwrite(*fd, text, strlen(text), 0); /* only for appliance_end() */
    return TRUE;
}

Context appliance_reach(const Context *context, const Place *place)
{
    Context reach = *context;

    reach.uri = reach.qmp = NULL;
    reach.images = NULL;
    reach.agent = place->agent;
    return reach;
}

/* Whether the agent answers before QEMU ends. A guest under a KVM that does not work prints nothing. */
static gboolean await_agent(Machine *machine, const MachineSetup *setup, const Place *place,
                            const Context *context, GError **error)
{
    Deadline deadline = deadline_in(START_MS, context->cancel_fd);
    gint64 mute_until = g_get_monotonic_time() + KVM_MS * 1000;
    g_autoptr(GError) problem = NULL;
    Context reach = appliance_reach(context, place);
    g_autoptr(Vm) vm = backends_open(&reach, NULL, NULL, error);
    gboolean ok = FALSE;

    if (!vm)
        return FALSE;
    while (!ok && deadline_left_ms(&deadline) > 0 &&
           !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
        struct pollfd ended = { .fd = machine_end_fd(machine), .events = POLLIN };
        g_autoptr(Arena) arena = arena_new();

        if (poll(&ended, 1, 10) > 0) {
            g_autofree char *words = machine_words(machine);

            return set_error(error, "the appliance ended when it started: %s", words);
        }
        if (setup->kvm && !machine_has_spoken(machine) && g_get_monotonic_time() > mute_until)
            return set_error(error, "KVM does not work");
        g_clear_error(&problem);
        ok = vm_ask_plain(vm, "guest-ping", arena, &problem) != NULL;
    }
    if (problem)
        g_propagate_prefixed_error(error, g_steal_pointer(&problem),
                                   "the appliance did not start: ");
    return ok;
}

/* The boot of the host in which KVM was seen not to work; the caller's. */
static char *kvm_note(void)
{
    return g_build_filename(g_get_user_cache_dir(), "guestctl", "no-kvm", NULL);
}

static gboolean tries_kvm(void)
{
    g_autofree char *note = kvm_note();
    g_autofree char *seen = NULL, *boot = NULL;
    int fd = g_open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return FALSE;
    close(fd);
    return !g_file_get_contents(note, &seen, NULL, NULL) ||
           !g_file_get_contents(BOOT_ID, &boot, NULL, NULL) || !g_str_equal(seen, boot);
}

static void note_kvm(void)
{
    g_autofree char *note = kvm_note();
    g_autofree char *dir = g_path_get_dirname(note);
    g_autofree char *boot = NULL;

    if (g_file_get_contents(BOOT_ID, &boot, NULL, NULL) && g_mkdir_with_parents(dir, 0700) == 0)
        g_file_set_contents(note, boot, -1, NULL); /* else it is tried again */
}

/* The appliance, running: under KVM, or emulated where KVM does not work. NULL with @error set. */
static Machine *start(MachineSetup *setup, const Place *place, const Context *context,
                      GError **error)
{
    setup->kvm = tries_kvm();
    for (;;) {
        g_autoptr(Machine) machine = NULL;
        g_autoptr(GError) problem = NULL;

        g_unlink(place->agent);
        g_unlink(place->data);
        machine = machine_start(setup, context->cancel_fd, &problem);
        if (machine && await_agent(machine, setup, place, context, &problem))
            return g_steal_pointer(&machine);
        if (!machine || !setup->kvm || machine_has_spoken(machine) ||
            g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
        note_kvm();
        setup->kvm = FALSE;
    }
}

/* Until QEMU ends, the user cancels, or the appliance was idle for long enough. */
static gboolean keep(Machine *machine, Place *place, gint64 idle_s, int cancel_fd, GError **error)
{
    for (;;) {
        gint64 until = place_last_use(place) + idle_s * G_USEC_PER_SEC;
        gint64 left = (until - g_get_real_time()) / 1000;
        struct pollfd ends[] = {
            { .fd = machine_end_fd(machine), .events = POLLIN },
            { .fd = cancel_fd, .events = POLLIN },
        };
        int n = poll(ends, G_N_ELEMENTS(ends), (int)CLAMP(left, 1000, G_MAXINT32));

        if (n > 0 && ends[0].revents) {
            g_autofree char *words = machine_words(machine);

            return set_error(error, "the appliance ended: %s", words);
        }
        if (n > 0)
            return TRUE;
        if (place_last_use(place) + idle_s * G_USEC_PER_SEC <= g_get_real_time() &&
            place_take(place, 0, -1, NULL))
            return TRUE;
    }
}

static gboolean run(const ApplianceSpec *spec, Place *place, gint64 idle_s,
                    const Context *context, GError **error)
{
    g_auto(Kernel) kernel = { NULL };
    g_autofree char *image = NULL;
    g_autoptr(GPtrArray) disks = find_disks(spec, error);
    g_autoptr(Machine) machine = NULL;
    MachineSetup setup = { .agent = place->agent, .data = place->data,
                           .disks = disks };

    if (!disks || !kernel_find(spec->kernel, &kernel, error))
        return FALSE;
    image = image_get(&kernel, context->cancel_fd, error);
    if (!image)
        return FALSE;
    setup.kernel = kernel.path;
    setup.image = image;
    machine = start(&setup, place, context, error);
    if (!machine)
        return FALSE;
    fputs(KEEPER_READY, stdout);
    fflush(stdout);
    return keep(machine, place, idle_s, context->cancel_fd, error);
}

gboolean keeper_run(const ApplianceSpec *spec, gint64 idle_s, const Context *context,
                    GError **error)
{
    g_autofree char *key = appliance_key(spec);
    Place place;
    int keeper = -1, reader = -1;
    gboolean ok = place_init(&place, key, error) && sign(spec, &place, &keeper, error) &&
                  readers_join(spec->chain, spec->point, &reader, error);

    if (ok) {
        ok = run(spec, &place, idle_s, context, error);
        g_unlink(place.agent);
        if (place_take(&place, 0, -1, NULL))
            place_remove(&place);
    }
    if (reader >= 0)
        close(reader);
    if (keeper >= 0)
        close(keeper);
    place_clear(&place);
    return ok;
}
