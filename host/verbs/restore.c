/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/backup/set-check.h"
#include "host/backup/target.h"
#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/plain-name.h"
#include "host/base/table.h"
#include "host/base/rename-new.h"
#include "host/cli/verb.h"
#include "host/vm/disk.h"
#include "lib/errors.h"

/* guestctl restore: an image of each disk, from a backup and those it depends on */

#define UNFINISHED ".restoring"

typedef struct {
    const ChainDisk *disk;
    char *source;     /* path of the disk's file */
    char *path;       /* of the image to make */
    char *unfinished; /* its name until all are whole */
} Image;

typedef struct {
    Job *job;
    Chain *chain;
    const ChainPoint *point;
    const char *to;
    gboolean into;   /* @to is a directory */
    gboolean device; /* @to is a block device, and then @target */
    Target target;
    const char *format;
    GPtrArray *images; /* of Image */
} Restore;

static void image_free(gpointer data)
{
    Image *image = data;

    g_free(image->source);
    g_free(image->path);
    g_free(image->unfinished);
    g_free(image);
}

static gboolean usage_error(GError **error, const char *text)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "restore: %s", text);
    return FALSE;
}

static gboolean wrong_disk(const Restore *restore, const char *what, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < restore->point->disks->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               ((const ChainDisk *)restore->point->disks->pdata[i])->name);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "restore: %s: %s", what, names->str);
    return FALSE;
}

static char *image_path(const Restore *restore, const ChainDisk *disk)
{
    g_autofree char *plain = plain_name(disk->name);
    g_autofree char *name = g_strconcat(plain, ".", restore->format, NULL);

    return restore->into ? g_build_filename(restore->to, name, NULL) : g_strdup(restore->to);
}

static gboolean add_image(Restore *restore, const ChainDisk *disk, GError **error)
{
    Image *image = g_new0(Image, 1);

    image->disk = disk;
    image->source = chain_path(restore->chain, disk->file);
    image->path = image_path(restore, disk);
    image->unfinished = restore->device ? g_strdup(image->path)
                                        : g_strconcat(image->path, UNFINISHED, NULL);
    for (guint i = 0; i < restore->images->len; i++) {
        const Image *other = restore->images->pdata[i];

        if (g_str_equal(other->path, image->path)) {
            set_error(error, "the disks %s and %s would both be %s; restore each with --disk",
                      other->disk->name, disk->name, image->path);
            image_free(image);
            return FALSE;
        }
    }
    g_ptr_array_add(restore->images, image);
    return restore->device || access(image->path, F_OK) != 0 ||
           set_error(error, "%s exists already; move it away, or restore beside it", image->path);
}

static gboolean add_images(Restore *restore, GError **error)
{
    const char *name = job_option(restore->job, "disk");
    const GPtrArray *disks = restore->point->disks;
    const ChainDisk *disk = name ? chain_point_disk(restore->point, name) : NULL;

    if (name && !disk)
        return wrong_disk(restore, "no such disk in the backup; use --disk with one of",
                          error);
    if (name)
        return add_image(restore, disk, error);
    if (disks->len > 1 && !restore->into)
        return wrong_disk(restore, "the backup has several disks; use --to with a directory for all "
                                   "of them, or --disk with one of", error);
    for (guint i = 0; i < disks->len; i++)
        if (!add_image(restore, disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean pick(Restore *restore, GError **error)
{
    const char *at = job_option(restore->job, "at");

    restore->point = at ? chain_at(restore->chain, at, error) : chain_newest(restore->chain);
    return restore->point && add_images(restore, error);
}

static void add_advice(GError **error)
{
    g_autofree char *text = NULL;

    if (g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
        return;
    text = g_strdup((*error)->message);
    g_free((*error)->message);
    (*error)->message = g_strdup_printf("%s; \"backup verify\" lists the intact backups, which --at "
                                        "can choose", text);
}

/* Whether the files look right that the image is made from; reads little of them. */
static gboolean check_shape(const Restore *restore, const Image *image, GError **error)
{
    g_autoptr(GPtrArray) files = chain_files(restore->chain, restore->point, image->disk->name,
                                             error);

    for (guint i = 0; files && i < files->len; i++)
        if (!chain_check_shape(restore->chain, files->pdata[i], error)) {
            add_advice(error);
            return FALSE;
        }
    return files != NULL;
}

/* Whether they are what was written. */
static gboolean check_files(const Restore *restore, const Image *image, int cancel_fd,
                            GError **error)
{
    g_autoptr(GPtrArray) files = chain_files(restore->chain, restore->point, image->disk->name,
                                             error);

    for (guint i = 0; files && i < files->len; i++)
        if (!chain_check_file(restore->chain, files->pdata[i], cancel_fd, error)) {
            add_advice(error);
            return FALSE;
        }
    return files != NULL;
}

/* Adds to @need the bytes that the image will take. */
static gboolean measure(const Restore *restore, const Image *image, gint64 *need, GError **error)
{
    Deadline deadline = deadline_in(TOOL_MEASURE_MS, restore->job->context->cancel_fd);
    g_autoptr(JsonNode) told = NULL;
    GString *output = NULL;

    if (!tool_run((const char *const[]){ "qemu-img", "measure", "--output=json", "-f", "qcow2",
                                         "-O", restore->format, image->source, NULL },
                  &deadline, &output, error))
        return FALSE;
    told = json_from_string(output->str, NULL);
    g_string_free(output, TRUE);
    if (told && JSON_NODE_HOLDS_OBJECT(told))
        *need += jsonu_int(json_node_get_object(told), "required", 0);
    return TRUE;
}

/* Also FALSE, and what is wrong with the files in @error, if they cannot be measured. */
static gboolean measure_checked(const Restore *restore, const Image *image, gint64 *need,
                                GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!check_shape(restore, image, error))
        return FALSE;
    if (measure(restore, image, need, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED) ||
        check_files(restore, image, restore->job->context->cancel_fd, error))
        g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* A raw image has to fit with its holes, which become zeros. */
static gboolean check_device(Restore *restore, GError **error)
{
    const Image *image = restore->images->pdata[0];
    gint64 need = 0;

    if (!measure_checked(restore, image, &need, error))
        return FALSE;
    if (g_str_equal(restore->format, "raw"))
        need = image->disk->virtual_size;
    return target_open(&restore->target, image->path, need, job_flag(restore->job, "force"),
                       restore->job->context->cancel_fd, error);
}

static gboolean check_room(const Restore *restore, GError **error)
{
    g_autofree char *dir = restore->into ? g_strdup(restore->to) : g_path_get_dirname(restore->to);
    gint64 need = 0, free_bytes;
    g_autofree char *need_text = NULL;
    g_autofree char *free_text = NULL;

    if (!tool_free_space(dir, &free_bytes, error))
        return FALSE;
    for (guint i = 0; i < restore->images->len; i++)
        if (!measure_checked(restore, restore->images->pdata[i], &need, error))
            return FALSE;
    if (free_bytes >= need)
        return TRUE;
    need_text = size_text(need);
    free_text = size_text(free_bytes);
    return set_error(error, "%s has %s free, but %s are needed", dir, free_text, need_text);
}

static gboolean check(const Restore *restore, GError **error)
{
    for (guint i = 0; i < restore->images->len; i++)
        if (!check_files(restore, restore->images->pdata[i], restore->job->context->cancel_fd,
                         error))
            return FALSE;
    return TRUE;
}

/*
 * Requests in flight, in any order: 16 is the most that qemu-img offers. A device is not known to be
 * zero: with -n and without --target-is-zero qemu-img writes zeros, too.
 */
static gboolean convert(const Restore *restore, const Image *image, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(TOOL_COPY_MS, cancel_fd);
    const char *argv[] = { "qemu-img", "convert", "-f", "qcow2", "-W", "-m", "16", "-O",
                           restore->format, image->source, image->unfinished, NULL, NULL };

    if (restore->device && g_str_equal(restore->format, "raw"))
        argv[G_N_ELEMENTS(argv) - 2] = "-n";
    return tool_run(argv, &deadline, NULL, error) &&
           tool_sync(image->unfinished, cancel_fd, error);
}

/* One image, which is made while its files are checked: they are read once, and warm then. */
typedef struct {
    const Restore *restore;
    const Image *image;
    int stop;   /* eventfd: either of the two has failed */
    int either; /* epoll: readable once stop is, or the user has cancelled */
    GError *error; /* of the check */
} Work;

static gboolean work_open(Work *work, GError **error)
{
    int cancel_fd = work->restore->job->context->cancel_fd;
    struct epoll_event event = { .events = EPOLLIN };

    work->stop = eventfd(0, EFD_CLOEXEC);
    work->either = epoll_create1(EPOLL_CLOEXEC);
    return (work->stop >= 0 && work->either >= 0 &&
            epoll_ctl(work->either, EPOLL_CTL_ADD, work->stop, &event) == 0 &&
            (cancel_fd < 0 ||
             epoll_ctl(work->either, EPOLL_CTL_ADD, cancel_fd, &event) == 0)) ||
           set_errno_error(error, errno, "epoll");
}

static void work_close(Work *work)
{
    if (work->stop >= 0)
        close(work->stop);
    if (work->either >= 0)
        close(work->either);
    g_clear_error(&work->error);
}

static void work_stop(const Work *work)
{
    guint64 one = 1;

    (void)!write(work->stop, &one, sizeof one); /* the first write to an eventfd succeeds */
}

static gpointer perform_check(gpointer data)
{
    Work *work = data;

    if (!check_files(work->restore, work->image, work->either, &work->error))
        work_stop(work);
    return NULL;
}

/* Of the two failures, the one that ended the other counts; damaged files explain any other. */
static gboolean convert_checked(const Restore *restore, const Image *image, GError **error)
{
    Work work = { .restore = restore, .image = image, .stop = -1, .either = -1 };
    g_autoptr(GError) problem = NULL;
    GThread *check = work_open(&work, &problem)
                         ? g_thread_try_new("check", perform_check, &work, &problem)
                         : NULL;

    if (check && !convert(restore, image, work.either, &problem))
        work_stop(&work);
    if (check)
        g_thread_join(check);
    if (work.error && (!problem || !g_error_matches(work.error, GUESTD_ERROR,
                                                    GUESTD_ERROR_CANCELLED))) {
        g_clear_error(&problem);
        problem = g_steal_pointer(&work.error);
    }
    work_close(&work);
    if (!problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean name_all(const Restore *restore, GError **error)
{
    for (guint i = 0; i < restore->images->len; i++) {
        const Image *image = restore->images->pdata[i];

        if (rename_new(image->unfinished, image->path, error))
            continue;
        while (i-- > 0)
            unlink(((const Image *)restore->images->pdata[i])->path);
        return FALSE;
    }
    return TRUE;
}

/* The images have their names only once all are whole, and made of files that are intact. */
static gboolean make(const Restore *restore, GError **error)
{
    gboolean ok = TRUE;

    for (guint i = 0; ok && i < restore->images->len; i++)
        ok = convert_checked(restore, restore->images->pdata[i], error);
    if (ok && name_all(restore, error))
        return TRUE;
    for (guint i = 0; i < restore->images->len; i++)
        unlink(((const Image *)restore->images->pdata[i])->unfinished);
    return FALSE;
}

/* The files are checked before the first byte of a device is overwritten. */
static gboolean make_device(const Restore *restore, GError **error)
{
    const Image *image = restore->images->pdata[0];

    if (!check(restore, error))
        return FALSE;
    if (convert(restore, image, restore->job->context->cancel_fd, error))
        return TRUE;
    g_prefix_error(error, "%s: restored in part only, restore again with --force: ", image->path);
    return FALSE;
}

static gboolean perform(const Restore *restore, GError **error)
{
    if (restore->job->context->dry_run)
        return check(restore, error);
    return restore->device ? make_device(restore, error) : make(restore, error);
}

/* qcow2 says itself where the disk ends. */
static void tell_rest(const Restore *restore, const Image *image, JsonObject *told)
{
    gint64 rest = restore->target.size - image->disk->virtual_size;

    if (!restore->device || !g_str_equal(restore->format, "raw"))
        return;
    json_object_set_int_member(told, "device-size", restore->target.size);
    if (rest > 0)
        job_print(restore->job, "%s is larger than the disk: its last %" G_GINT64_FORMAT
                                " bytes stay as they were\n", image->path, rest);
}

static void tell_image(const Restore *restore, const Image *image)
{
    const ChainPoint *point = restore->point;
    g_autofree char *when = chain_point_when(point);
    g_autoptr(JsonObject) told = jsonu_with("image", image->path);
    g_autofree char *json = NULL;

    json_object_set_string_member(told, "disk", image->disk->name);
    json_object_set_string_member(told, "backup", point->id);
    json_object_set_string_member(told, "label", chain_point_label(point));
    json_object_set_int_member(told, "virtual-size", image->disk->virtual_size);
    job_print(restore->job, "%s%s is the disk %s of %s as it was at %s (%s)\n",
              restore->job->context->dry_run ? "would do: " : "", image->path, image->disk->name,
              point->vm, when, chain_point_label(point));
    tell_rest(restore, image, told);
    json = jsonu_format(told, FALSE);
    g_string_append(restore->job->json, json);
}

/* A directory has a list of images, however many disks there are. */
static void tell_success(const Restore *restore)
{
    GString *json = restore->job->json;

    for (guint i = 0; i < restore->images->len; i++) {
        if (restore->into)
            g_string_append(json, i ? ", " : "[");
        tell_image(restore, restore->images->pdata[i]);
    }
    if (restore->into)
        g_string_append_c(json, ']');
}

static gboolean restore_run(Job *job, GError **error)
{
    const char *format = job_option(job, "format");
    g_autofree char *to = NULL;
    Restore restore = { .job = job, .to = job_option(job, "to"), .target = { .fd = -1 } };
    gboolean ok;

    if (!job_option(job, "from") || !restore.to)
        return usage_error(error, "missing --from DIR and --to IMAGE (or DIR)");
    if (format && !g_str_equal(format, "qcow2") && !g_str_equal(format, "raw"))
        return usage_error(error, "--format must be qcow2 or raw");
    restore.into = g_file_test(restore.to, G_FILE_TEST_IS_DIR);
    if (!restore.into && g_str_has_suffix(restore.to, "/"))
        return set_error(error, "%s is not a directory; create it first", restore.to);
    /* qemu-img takes what is before a colon for a protocol, unless the path begins with a slash. */
    to = g_canonicalize_filename(restore.to, NULL);
    restore.to = to;
    if (!target_is_device(to, &restore.device, error))
        return FALSE;
    if (job_flag(job, "force") && !restore.device)
        return usage_error(error, "--force requires --to with a block device");
    restore.format = format ? format : restore.device ? "raw" : "qcow2";
    restore.images = g_ptr_array_new_with_free_func(image_free);
    restore.chain = chain_open(job_option(job, "from"), NULL, CHAIN_LOOK, error);
    ok = restore.chain && pick(&restore, error) &&
         (restore.device ? check_device(&restore, error) : check_room(&restore, error)) &&
         perform(&restore, error);
    if (ok)
        tell_success(&restore);
    target_close(&restore.target);
    g_ptr_array_unref(restore.images);
    g_clear_pointer(&restore.chain, chain_free);
    return ok;
}

const Verb verb_restore = {
    .name = "restore",
    .summary = "Makes images of disks from their backups",
    .doc = "Each image stands alone; the backups stay as they are, and are checked before. In a directory,\n"
           "all disks are made, each as DISK.FORMAT, or none. A block device must be unused, large enough, and\n"
           "without content, unless --force is given; what a larger one has after the disk's end stays.",
    .options = (const VerbOption[]){
        { "from", "DIR", "where the backups are" },
        { "to", "IMAGE|DIR|DEVICE", "the file to make, the directory for all disks, or an existing "
                                    "block device such as an LV" },
        { "disk", "NAME", "only this disk; needed for one IMAGE if the backup has several" },
        { "at", "TIME", "as it was then: the newest backup that is not younger, or a backup's "
                        "name; default: the newest" },
        { "format", "qcow2|raw", "of the image; default qcow2, and raw for a block device" },
        { "force", NULL, "overwrite a block device that has content" },
        { NULL },
    },
    .flags = VERB_NO_VM | VERB_CHANGES | VERB_DRY_ITSELF,
    .run = restore_run,
};
