/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/reporter.h"
#include "host/vm/agent-channel.h"
#include "host/vm/condition.h"
#include "host/vm/disk.h"
#include "host/vm/vm.h"

/*
 * A kind of VM: how guestctl lists, opens and works on VMs of this kind. Each kind has a folder
 * below host/vm with one constant Backend and a line in host/vm/backends.c; docs/design.md has
 * the recipe.
 *
 * Members that are NULL are things that the kind does not offer; the functions of vm.h and
 * below then fail with "NAME offers no THING". Every function returns FALSE or NULL with @error
 * set, keeps to its deadline, and is called by one thread at a time for one Vm.
 */

/* A disk and the overlay that a snapshot puts on it. */
typedef struct {
    const Disk *disk;
    char *path; /* of the overlay, absolute */
    guint64 device, inode; /* of the file that guestctl created for it; inode 0: none */
    gboolean kept; /* QEMU may be unable to open it: it does not belong to the image's owner */
} Overlay;

/* The names of all jobs, nodes and bitmaps that guestctl makes begin with it. */
#define GUESTCTL_PREFIX "guestctl-"

/* A copy of a VM's disks into files, as a backup makes it. */
typedef struct {
    const char *prefix;       /* of the names of all jobs, nodes and bitmaps of the backup set */
    const char *dir;          /* where the files are */
    guint own_dirs;           /* how many directories from there upwards are guestctl's */
    const GPtrArray *disks;   /* of Disk */
    char **files;             /* each disk's qcow2 file, which exists; NULL-terminated */
    const char *point;        /* the name of the new point in the set; of a checkpoint */
    char **bitmaps;           /* of each disk, to be added when the copy begins; NULL: none */
    char **tags;              /* of each disk, to be added before; NULL: none */
    char **parents;           /* of each disk: copy only what this bitmap marks; NULL: all */
    gboolean compress;
    gint64 rate;              /* bytes a second; 0: no limit */
    gboolean was_halted;      /* QEMU had paused the VM on a disk error before the copy */
    gboolean held;            /* the backend's: the copy waits for the thaw */
} DiskCopy;

/* What backups leave in a VM: a bitmap of QEMU, or a checkpoint of libvirt. */
typedef struct {
    char *name;
    char *where; /* names of its disks, or the path of an image below a disk's */
    char *node;  /* the backend's; NULL: none */
} BackupMark;

/* A new one; its texts are taken. */
BackupMark *backup_mark_new(const char *name, char *where, char *node);
void backup_mark_free(gpointer mark);

/* The name of the job and of the target node of the disk with this index; the caller's. */
char *disk_copy_job(const DiskCopy *copy, guint index);

/* External snapshots. */
typedef struct {
    /*
     * Makes the VM write to all @overlays (of Overlay), whose files exist, from one point in time
     * on, or to none.
     */
    gboolean (*begin)(Vm *vm, const GPtrArray *overlays, const Deadline *deadline,
                      GError **error);
    /* Waits again for a begin() that failed with GUESTD_ERROR_TIMED_OUT. */
    gboolean (*follow)(Vm *vm, const Deadline *deadline, GError **error);
    /*
     * Writes the disk's image back into the one below it, which the disk uses from then on.
     * After a failure, or once @cancel_fd (-1: never) is readable, the disk uses its image on.
     */
    gboolean (*commit)(Vm *vm, const Disk *disk, Progress *progress, int cancel_fd,
                       GError **error);
} SnapshotOps;

/* Copies of disks with bitmaps. */
typedef struct {
    gboolean compresses; /* honours compress of a DiskCopy */
    /*
     * Each disk's bitmap has a name of its own, and images of any format have one, until QEMU
     * ends. If not, all are called as the point, only images that keep them have them, and each
     * image is recognised by its tag, a bitmap that attach() makes for it alone.
     */
    gboolean own_bitmaps;
    gboolean kept_only; /* with own bitmaps: only images that keep them have them, too */
    /*
     * Before the freeze: opens the file of the disk with this index or sees to it that QEMU can,
     * makes its tag. NULL: not needed.
     */
    gboolean (*attach)(Vm *vm, const DiskCopy *copy, guint index, const Deadline *deadline,
                       GError **error);
    /* Begins the copies of all disks at one point in time, held back until follow(). */
    gboolean (*begin)(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error);
    /* Waits again for a begin() that failed with GUESTD_ERROR_TIMED_OUT. */
    gboolean (*begin_late)(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error);
    /* Lets the copies run and waits for their end. */
    gboolean (*follow)(Vm *vm, DiskCopy *copy, Progress *progress, int cancel_fd,
                       GError **error);
    /* Ends all copies of the set, done or not, and closes their files. */
    gboolean (*finish)(Vm *vm, const DiskCopy *copy, const Deadline *deadline, GError **error);
    /*
     * With the VM's lock held: ends what a guestctl that was killed left, whatever set it was for,
     * and closes its files. @ended: how many jobs. Bitmaps stay: they are points of other sets.
     * NULL: not needed.
     */
    gboolean (*end_left)(Vm *vm, guint *ended, const Deadline *deadline, GError **error);
    /* Removes the bitmaps of the set from all disks, but for those named in @keep. */
    gboolean (*forget)(Vm *vm, const DiskCopy *copy, const char *const *keep,
                       const Deadline *deadline, GError **error);
    /* All bitmaps and checkpoints that the VM has: an array of BackupMark. */
    GPtrArray *(*marks)(Vm *vm, const Deadline *deadline, GError **error);
    /* Removes it. Sets @note to what is left of it all the same, the caller's; or leaves it. */
    gboolean (*unmark)(Vm *vm, const BackupMark *mark, char **note, const Deadline *deadline,
                       GError **error);
} BackupOps;

/*
 * What a backend knows of a VM that is off; its disks are copied by off.h, for VMs of all kinds.
 * NULL: not needed.
 */
typedef struct {
    gboolean own_bitmaps; /* as in BackupOps */
    /*
     * The disk of an argument of --image. NULL: the backend knows the disks of a VM that is off by
     * itself.
     */
    Disk *(*image)(const char *text, GError **error);
    /* How the VM was ended otherwise than by its guest, the caller's; NULL: not so, or not known. */
    char *(*force)(Vm *vm, const Deadline *deadline);
    /* Before a bitmap called @name is added to the images of @disks (names; NULL-terminated). */
    gboolean (*note_bitmap)(Vm *vm, const char *name, char **disks, const Deadline *deadline,
                            GError **error);
    /*
     * After the bitmaps whose names begin with @prefix were removed from the images of @disks, but
     * for those named in @keep.
     */
    gboolean (*forget_bitmaps)(Vm *vm, const char *prefix, const char *const *keep, char **disks,
                               const Deadline *deadline, GError **error);
} OffOps;

struct Backend {
    const char *name;  /* in messages: "bare QEMU", "libvirt" */
    const char *where; /* its VMs are known from: "vms.ini", "libvirt" */

    /*
     * A link that all VMs of one run share, such as a connection; NULL: needs none.
     * Both are called by the main thread; stop() may not block.
     */
    gpointer (*start)(const Context *context);
    void (*stop)(gpointer link);

    /*
     * All VMs: an array of Vm. GUESTD_ERROR_UNREACHABLE: the place where they are known from
     * could not be asked, which is not fatal if other kinds have VMs. Both may be called by
     * several threads at a time.
     */
    GPtrArray *(*list)(gpointer link, const Context *context, Reporter *reporter,
                       GError **error);
    /*
     * The VM called @name (NULL: the one of --agent and --qmp). NULL without @error: this
     * kind has no such VM.
     */
    Vm *(*open)(gpointer link, const char *name, const Context *context, Reporter *reporter,
                GError **error);
    void (*free)(Vm *vm);

    /* Drops a connection that may be broken, so that the next call makes a new one. NULL: none. */
    void (*disconnect)(Vm *vm);

    /* Sends the line @text to the agent and waits for the @reply, as agent_client_ask(). */
    gboolean (*ask)(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                    GError **error);
    gsize ask_max; /* bytes of data that fit into one request; 0: as many as the agent takes */

    /*
     * What tells the VM from all others of this host, whatever it is called, as part of a file's
     * name; the caller's. NULL with @error set. NULL: its VMs have no lock.
     */
    char *(*identity)(Vm *vm, const Deadline *deadline, GError **error);
    /* The VM's UUID, the caller's; NULL with @error set. */
    char *(*uuid)(Vm *vm, const Deadline *deadline, GError **error);

    gboolean (*state)(Vm *vm, VmState *state, const Deadline *deadline, GError **error);
    gboolean state_is_shared; /* asking for it keeps no other program out */
    gboolean (*act)(Vm *vm, VmAction action, const Deadline *deadline, GError **error);
    /* NULL: no more than the state is known. */
    gboolean (*condition)(Vm *vm, VmCondition *condition, const Deadline *deadline,
                          GError **error);
    /* Whether QEMU paused the VM because a disk failed. */
    gboolean (*halted)(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error);

    /* expect() is called before whatever leads to the @end, so that await() does not miss it. */
    gboolean (*expect)(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);
    gboolean (*await)(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);

    /* Every disk with a medium: an array of Disk with @details (DISK_SIZES, DISK_BITMAPS). */
    GPtrArray *(*disks)(Vm *vm, guint details, const Deadline *deadline, GError **error);
    /* Fills in @channel, which is zeroed. */
    gboolean (*channel_find)(Vm *vm, AgentChannel *channel, const Deadline *deadline,
                             GError **error);

    const SnapshotOps *snapshot;
    const BackupOps *backup;
    const OffOps *off; /* NULL: the disks of a VM that is off cannot be copied */
};

/* The list of all kinds, in the order in which they are asked; ends with NULL. */
extern const Backend *const backend_list[];

/* A new Vm of @backend with @data; @name is copied, @context is kept. */
Vm *vm_new(const Backend *backend, const char *name, const Context *context, gpointer data);

/*
 * TRUE if @member, else FALSE with @error "BACKEND offers no THING", where @thing is such as
 * "backup jobs". The one place where a missing member of the table becomes an error.
 */
gboolean backend_offers(const Backend *backend, gboolean member, const char *thing,
                        GError **error);

/* ---- The kinds of VM of one run. */

/* @list as backend_list; for @context->backends, which must outlive all VMs. */
Backends *backends_start(const Backend *const *list, const Context *context);
void backends_stop(Backends *backends);

/* All VMs of all kinds; of several with one name, the first. Sorted by name. */
GPtrArray *backends_list(const Context *context, Reporter *reporter, GError **error);

/* The VM called @name (NULL: the one of --agent and --qmp), of the first kind that has it. */
Vm *backends_open(const Context *context, const char *name, Reporter *reporter, GError **error);

/* Whether --match, if given, matches @name. */
gboolean vm_matches(const char *name, const Context *context);

/* The Vm called @name in the array @vms; NULL: there is none. */
Vm *vms_find(const GPtrArray *vms, const char *name);

/* ---- What a Vm's backend does; each fails with backend_offers() if it does not. */

gboolean vm_expect(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);
gboolean vm_await(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);
gboolean vm_halted(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error);
/* The caller's; NULL: not known. */
char *vm_uuid(Vm *vm, const Deadline *deadline);
/* Also fills in what disks_look() sees. */
GPtrArray *vm_disks(Vm *vm, guint details, const Deadline *deadline, GError **error);
gboolean vm_channel_find(Vm *vm, AgentChannel *channel, const Deadline *deadline,
                         GError **error);
void vm_disconnect(Vm *vm);

/* How the backend takes snapshots or backups; NULL with @error set. */
const SnapshotOps *vm_snapshot_ops(const Vm *vm, GError **error);
const BackupOps *vm_backup_ops(const Vm *vm, GError **error);
