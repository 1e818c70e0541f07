/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/errors.h"
#include "host/chain-check.h"
#include "host/json.h"
#include "host/table.h"
#include "host/tool.h"
#include "host/verb.h"

/* guestctl restore: one image of a disk, from a backup and those it stands on */

#define UNFINISHED ".restoring"

typedef struct {
    Job *job;
    Chain *chain;
    const ChainPoint *point;
    const ChainDisk *disk;
    const char *image;
    const char *format;
    char *source; /* path of the disk's file */
} Restore;

static gboolean usage_error(GError **error, const char *text)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "restore: %s", text);
    return FALSE;
}

static gboolean pick_disk(Restore *restore, GError **error)
{
    const char *name = job_option(restore->job, "disk");
    g_autoptr(GString) names = g_string_new(NULL);

    restore->disk = name ? chain_point_disk(restore->point, name) : restore->point->disks->pdata[0];
    if (restore->disk && (name || restore->point->disks->len == 1))
        return TRUE;
    for (guint i = 0; i < restore->point->disks->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               ((const ChainDisk *)restore->point->disks->pdata[i])->name);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "restore: %s; say --disk with one of: %s",
                name ? "there is no such disk in the backup" : "the backup has several disks",
                names->str);
    return FALSE;
}

static gboolean pick(Restore *restore, GError **error)
{
    const char *at = job_option(restore->job, "at");

    restore->point = at ? chain_at(restore->chain, at, error) : chain_newest(restore->chain);
    if (!restore->point || !pick_disk(restore, error))
        return FALSE;
    restore->source = chain_path(restore->chain, restore->disk->file);
    if (access(restore->image, F_OK) == 0)
        return set_error(error, "%s exists already; move it away, or restore beside it",
                         restore->image);
    return TRUE;
}

/* All that the image will be read from must be what was written. */
static gboolean check_files(const Restore *restore, GError **error)
{
    g_autoptr(GPtrArray) line = chain_line(restore->chain, restore->point, error);

    for (guint i = 0; line && i < line->len; i++) {
        const ChainPoint *point = line->pdata[i];
        const ChainDisk *disk = chain_point_disk(point, restore->disk->name);

        if (!disk)
            return set_error(error, "its chain is broken: %s has no disk %s", point->id,
                             restore->disk->name);
        if (!chain_check_file(restore->chain, disk, restore->job->context->cancel_fd, error))
            return FALSE;
    }
    return line != NULL;
}

static gboolean check_room(const Restore *restore, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(restore->image);
    g_autoptr(JsonNode) told = NULL;
    GString *output = NULL;
    gint64 need, free_bytes;
    g_autofree char *need_text = NULL;
    g_autofree char *free_text = NULL;

    if (!tool_free_space(dir, &free_bytes, error) ||
        !tool_run((const char *const[]){ "qemu-img", "measure", "--output=json", "-f", "qcow2",
                                         "-O", restore->format, restore->source, NULL },
                  restore->job->context->cancel_fd, &output, error))
        return FALSE;
    told = json_from_string(output->str, NULL);
    g_string_free(output, TRUE);
    need = told && JSON_NODE_HOLDS_OBJECT(told)
               ? json_number(json_node_get_object(told), "required", 0) : 0;
    if (free_bytes >= need)
        return TRUE;
    need_text = size_text(need);
    free_text = size_text(free_bytes);
    return set_error(error, "%s has %s free, and the image needs %s", dir, free_text, need_text);
}

/* The image has its name only once it is whole. */
static gboolean convert(const Restore *restore, GError **error)
{
    g_autofree char *path = g_strconcat(restore->image, UNFINISHED, NULL);

    if (tool_run((const char *const[]){ "qemu-img", "convert", "-f", "qcow2", "-O",
                                        restore->format, restore->source, path, NULL },
                 restore->job->context->cancel_fd, NULL, error) &&
        tool_sync(path, error)) {
        if (rename(path, restore->image) == 0)
            return TRUE;
        set_errno_error(error, errno, "%s", restore->image);
    }
    unlink(path);
    return FALSE;
}

static void tell_success(const Restore *restore)
{
    const ChainPoint *point = restore->point;
    g_autofree char *when = chain_point_when(point);
    g_autoptr(JsonNode) told =
        json_make("{'image': %s, 'disk': %s, 'backup': %s, 'label': %s, 'virtual-size': %d}",
                  restore->image, restore->disk->name, point->id, chain_point_label(point),
                  restore->disk->virtual_size);
    g_autofree char *json = json_to_string(told, FALSE);

    job_print(restore->job, "%s%s is the disk %s of %s as it was at %s (%s)\n",
              restore->job->context->dry_run ? "would do: " : "", restore->image,
              restore->disk->name, point->vm, when, chain_point_label(point));
    g_string_assign(restore->job->json, json);
}

static gboolean restore_run(Job *job, GError **error)
{
    const char *format = job_option(job, "format");
    Restore restore = { .job = job, .image = job_option(job, "to"),
                        .format = format ? format : "qcow2" };
    gboolean ok;

    if (!job_option(job, "from") || !restore.image)
        return usage_error(error, "say from where and to where: --from DIR --to IMAGE");
    if (!g_str_equal(restore.format, "qcow2") && !g_str_equal(restore.format, "raw"))
        return usage_error(error, "--format is qcow2 or raw");
    restore.chain = chain_open(job_option(job, "from"), NULL, CHAIN_LOOK, error);
    ok = restore.chain && pick(&restore, error) && check_files(&restore, error) &&
         check_room(&restore, error) && (job->context->dry_run || convert(&restore, error));
    if (ok)
        tell_success(&restore);
    g_clear_pointer(&restore.chain, chain_free);
    g_free(restore.source);
    return ok;
}

const Verb verb_restore = {
    .name = "restore",
    .summary = "Makes one image of a disk from its backups",
    .doc = "The image stands alone; the backups stay as they are, and are checked before.",
    .options = (const VerbOption[]){
        { "from", "DIR", "where the backups are" },
        { "to", "IMAGE", "the file to make" },
        { "disk", "NAME", "which disk; needed if the backup has several" },
        { "at", "TIME", "as it was then: the newest backup that is not younger, or a backup's "
                        "name; default: the newest" },
        { "format", "qcow2|raw", "of the image; default qcow2" },
        { NULL },
    },
    .flags = VERB_NO_VM | VERB_CHANGES | VERB_DRY_ITSELF,
    .run = restore_run,
};
