/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/backup/set-check.h"
#include "host/base/table.h"
#include "host/cli/verb.h"
#include "host/files/appliance.h"
#include "host/files/into.h"
#include "host/files/listing.h"
#include "host/files/stream.h"
#include "host/files/tree.h"
#include "host/guest/copy.h"
#include "host/vm/backend.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl files: what is in the filesystems of a backup */

#define IDLE_S 300
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

typedef struct {
    Job *job;
    ApplianceSpec spec;
    Appliance appliance;
    const char *path; /* in the backup, absolute; NULL: none was given */
} Files;

typedef struct {
    const char *name;
    guint min_args, max_args; /* behind the word */
    gboolean (*run)(Files *files, GError **error); /* with the appliance open */
} Word;

static gboolean usage_error(GError **error, const char *text)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "files: %s", text);
    return FALSE;
}

static const char *argument(const Files *files, guint index)
{
    return index < files->job->call->n_args ? files->job->call->args[index] : NULL;
}

/* ---- Filesystems */

/* The disk of the device, such as "vda1", or NULL; belongs to the backup. */
static const char *disk_of(const Files *files, const char *device)
{
    guint index = g_str_has_prefix(device, "vd") ? (guint)(device[2] - 'a') : G_MAXUINT;

    for (guint i = 0; i < files->spec.point->disks->len; i++) {
        const ChainDisk *disk = files->spec.point->disks->pdata[i];

        if (!files->spec.disk && i == index)
            return disk->name;
        if (files->spec.disk && index == 0 && g_str_equal(disk->name, files->spec.disk))
            return disk->name;
    }
    return NULL;
}

/* All of a small file of the appliance; the caller's, or NULL with @error set. */
static char *read_own(const Files *files, const char *path, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    RemoteFile remote = { .vm = files->appliance.vm, .guestd = TRUE, .handle = -1 };
    const char *data = NULL;
    char *text = NULL;
    gboolean eof;
    gsize len;

    if (remote_file_open(&remote, path, "rb", -1, FALSE, error))
        data = remote_file_read(&remote, REMOTE_CHUNK, &len, &eof, arena, error);
    if (data)
        text = g_strndup(data, len);
    remote_file_close(&remote, TRUE, NULL);
    return text;
}

/* Where the device's filesystem is mounted; the caller's, or NULL. */
static char *mount_point(char **mounts, const char *device)
{
    g_autoptr(GString) points = g_string_new(NULL);

    for (char **line = mounts; *line; line++) {
        const char *blank = strchr(*line, ' ');

        if (blank && strlen(device) == (gsize)(blank - *line) &&
            strncmp(*line, device, strlen(device)) == 0)
            g_string_append_printf(points, "%s%s", points->len ? " " : "", blank + 1);
    }
    return points->len ? g_strdup(points->str) : NULL;
}

static const char *or_null(const char *text)
{
    return g_str_equal(text, "-") ? NULL : text;
}

static void add_member(GString *json, const char *name, const char *text)
{
    if (!text)
        return;
    g_string_append_printf(json, ", \"%s\": ", name);
    json_append_text(json, text, strlen(text));
}

/* @line: "DEVICE TYPE UUID LABEL PROBLEM". */
static void tell_filesystem(const Files *files, const char *line, char **mounts, Table *table)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 5);
    GString *json = files->job->json;
    g_autofree char *point = NULL;
    const char *disk;

    if (g_strv_length(words) != 5)
        return;
    point = mount_point(mounts, words[0]);
    disk = disk_of(files, words[0]);
    table_cell(table, words[0]);
    table_cell(table, disk);
    table_cell(table, words[1]);
    table_cell(table, or_null(words[3]));
    table_cell(table, or_null(words[2]));
    table_cell(table, point);
    table_cell(table, or_null(words[4]));
    g_string_append(json, json->len > 1 ? ", {" : "{");
    g_string_append(json, "\"device\": ");
    json_append_text(json, words[0], strlen(words[0]));
    add_member(json, "disk", disk);
    add_member(json, "type", words[1]);
    add_member(json, "label", or_null(words[3]));
    add_member(json, "uuid", or_null(words[2]));
    add_member(json, "mountpoint", point);
    add_member(json, "problem", or_null(words[4]));
    g_string_append_c(json, '}');
}

static gboolean list_filesystems(Files *files, GError **error)
{
    static const char *const heads[] = { "DEVICE", "DISK", "TYPE", "LABEL", "UUID", "MOUNTED ON",
                                         "PROBLEM", NULL };
    g_autofree char *text = read_own(files, APPLIANCE_FILESYSTEMS, error);
    g_autofree char *mounted = text ? read_own(files, APPLIANCE_MOUNTS, error) : NULL;
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
    g_auto(GStrv) mounts = mounted ? g_strsplit(mounted, "\n", -1) : NULL;
    g_autoptr(Table) table = table_new(heads);

    if (!lines || !mounts)
        return FALSE;
    g_string_assign(files->job->json, "[");
    for (char **line = lines; *line; line++)
        tell_filesystem(files, *line, mounts, table);
    g_string_append_c(files->job->json, ']');
    table_print(table, "no filesystem found", files->job->text);
    return TRUE;
}

/* ---- Lists of files */

static const char *type_name(guint mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "regular";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFBLK: return "block";
    case S_IFCHR: return "character";
    default: return "unknown";
    }
}

/* As ls -l writes it. */
static void mode_text(guint mode, char text[11])
{
    static const char letters[] = "rwxrwxrwx";
    const char *type = type_name(mode);

    text[0] = S_ISREG(mode) ? '-' : S_ISFIFO(mode) ? 'p' : *type == 's' && !S_ISSOCK(mode) ? 'l'
                                                                                          : *type;
    for (int i = 0; i < 9; i++)
        text[i + 1] = mode & (0400u >> i) ? letters[i] : '-';
    if (mode & S_ISUID)
        text[3] = mode & 0100 ? 's' : 'S';
    if (mode & S_ISGID)
        text[6] = mode & 0010 ? 's' : 'S';
    if (mode & S_ISVTX)
        text[9] = mode & 0001 ? 't' : 'T';
    text[10] = '\0';
}

static char *time_text(gint64 ns)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(ns / NS_PER_S);

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}

static void tell_json(GString *json, const Entry *entry)
{
    g_string_append(json, "{\"name\": ");
    json_append_text(json, entry->name, strlen(entry->name));
    if (entry->problem) {
        add_member(json, "error", g_strerror(entry->problem));
    } else {
        g_string_append_printf(json, ", \"type\": \"%s\", \"mode\": \"%04o\", \"uid\": %"
                               G_GINT64_FORMAT ", \"gid\": %" G_GINT64_FORMAT ", \"size\": %"
                               G_GINT64_FORMAT ", \"allocated\": %" G_GINT64_FORMAT
                               ", \"links\": %" G_GINT64_FORMAT ", \"modified\": %"
                               G_GINT64_FORMAT, type_name(entry->mode), entry->mode & 07777,
                               entry->uid, entry->gid, entry->size, entry->blocks * 512,
                               entry->links, entry->modified);
        if (S_ISLNK(entry->mode))
            add_member(json, "target", entry->target);
    }
    g_string_append_c(json, '}');
}

static void tell_row(Table *table, const Entry *entry)
{
    g_autofree char *name = entry->problem       ? g_strdup_printf("%s (%s)", entry->name,
                                                                   g_strerror(entry->problem))
                            : *entry->target ? g_strdup_printf("%s -> %s", entry->name,
                                                               entry->target)
                                             : g_strdup(entry->name);
    g_autofree char *modified = time_text(entry->modified);
    char mode[11] = "?";

    if (!entry->problem)
        mode_text(entry->mode, mode);
    table_cell(table, mode);
    table_cellf(table, "%" G_GINT64_FORMAT, entry->uid);
    table_cellf(table, "%" G_GINT64_FORMAT, entry->gid);
    table_cellf(table, "%" G_GINT64_FORMAT, entry->size);
    table_cell(table, modified);
    table_cell(table, name);
}

static gboolean too_many(const Files *files, gboolean more, GError **error)
{
    return !more || set_error(error, "%s: the list ends after %d files; name a directory further "
                                     "below", files->path, LISTING_MOST);
}

static gboolean ls_run(Files *files, GError **error)
{
    static const char *const heads[] = { "MODE", ">UID", ">GID", ">SIZE", "MODIFIED", "NAME",
                                         NULL };
    g_autoptr(Table) table = table_new(heads);
    g_autoptr(GPtrArray) entries = NULL;
    gboolean more;

    if (!files->path)
        return list_filesystems(files, error);
    entries = listing_read(files->appliance.vm, LISTING_LIST, files->path, &more, error);
    if (!entries)
        return FALSE;
    g_string_assign(files->job->json, "[");
    for (guint i = 0; i < entries->len; i++) {
        tell_row(table, entries->pdata[i]);
        g_string_append(files->job->json, i ? ",\n " : "");
        tell_json(files->job->json, entries->pdata[i]);
    }
    g_string_append_c(files->job->json, ']');
    table_print(table, "", files->job->text);
    return too_many(files, more, error);
}

static gboolean stat_run(Files *files, GError **error)
{
    g_autoptr(GPtrArray) entries = NULL;
    g_autofree char *name = NULL, *target = NULL, *modified = NULL;
    const Entry *entry;
    gboolean more;
    char mode[11];

    entries = listing_read(files->appliance.vm, LISTING_ONE, files->path, &more, error);
    if (!entries)
        return FALSE;
    entry = entries->len ? entries->pdata[0] : NULL;
    if (!entry || entry->problem)
        return set_error(error, "%s: %s", files->path, g_strerror(entry ? entry->problem : EIO));
    name = harmless_text(entry->name);
    target = harmless_text(entry->target);
    modified = time_text(entry->modified);
    mode_text(entry->mode, mode);
    job_print(files->job, "%s%s%s\ntype:      %s\nmode:      %04o (%s)\nowner:     %"
              G_GINT64_FORMAT ":%" G_GINT64_FORMAT "\nsize:      %" G_GINT64_FORMAT
              "\nallocated: %" G_GINT64_FORMAT "\nlinks:     %" G_GINT64_FORMAT
              "\nmodified:  %s\n", name, *target ? " -> " : "", target, type_name(entry->mode),
              entry->mode & 07777, mode, entry->uid, entry->gid, entry->size, entry->blocks * 512,
              entry->links, modified);
    tell_json(files->job->json, entry);
    return TRUE;
}

static gboolean matches(const Entry *entry, const char *glob)
{
    const char *slash = strrchr(entry->name, '/');

    return !glob || fnmatch(glob, slash && slash[1] ? slash + 1 : entry->name, 0) == 0;
}

static gboolean find_run(Files *files, GError **error)
{
    g_autoptr(GPtrArray) entries = NULL;
    const char *glob = argument(files, 2);
    GString *json = files->job->json;
    gboolean more;

    entries = listing_read(files->appliance.vm, LISTING_TREE, files->path, &more, error);
    if (!entries)
        return FALSE;
    g_string_assign(json, "[");
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];
        g_autofree char *name = harmless_text(entry->name);

        if (!matches(entry, glob))
            continue;
        job_print(files->job, "%s%s%s\n", name, entry->problem ? ": " : "",
                  entry->problem ? g_strerror(entry->problem) : "");
        g_string_append(json, json->len > 1 ? ",\n " : "");
        tell_json(json, entry);
    }
    g_string_append_c(json, ']');
    return too_many(files, more, error);
}

/* ---- Contents */

static gboolean cat_run(Files *files, GError **error)
{
    RemoteFile remote = { .vm = files->appliance.vm, .guestd = TRUE, .handle = -1 };
    RemoteStat info;
    gint64 done;

    if (files->job->context->json)
        return usage_error(error, "cat has no JSON");
    if (!remote_file_stat(&remote, files->path, FALSE, &info, error))
        return FALSE;
    if (!info.exists)
        return set_error(error, "no file %s in the backup", files->path);
    if (!g_str_equal(info.type, "regular"))
        return set_error(error, "%s is not a regular file but a %s", files->path, info.type);
    return stream_file(files->appliance.vm, files->appliance.place.data, files->path,
                       STDOUT_FILENO, FALSE, info.size, NULL, &done, error);
}

static gboolean receive(Copy *copy, int fd, gboolean regular, GError **error)
{
    const Appliance *appliance = copy->receive_data;

    return stream_file(appliance->vm, appliance->place.data, copy->path, fd, regular, copy->total,
                       &copy->progress, &copy->done, error);
}

static gboolean copy_one(Files *files, Copy *copy, GError **error)
{
    gint64 began = g_get_monotonic_time();
    g_autofree char *size = NULL;
    Job *job = files->job;
    gboolean ok;

    progress_begin(&copy->progress, copy->local, job->context->json || isatty(STDERR_FILENO) <= 0);
    ok = copy_to_host(copy, error);
    progress_end(&copy->progress);
    if (!ok)
        return FALSE;
    size = size_text(copy->done);
    job_print(job, "copied %s in %.1f s\n", size,
              (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    g_string_append_printf(job->json, "{\"bytes\": %" G_GINT64_FORMAT "}", copy->done);
    return TRUE;
}

static gboolean copy_tree(Files *files, GError **error)
{
    gint64 began = g_get_monotonic_time();
    Job *job = files->job;
    g_autofree char *size = NULL;
    TreeCopy copy;
    gboolean ok = tree_copy(&files->appliance, files->path, argument(files, 2), &copy, error);

    if (ok) {
        size = size_text(copy.bytes);
        job_print(job, "copied %" G_GUINT64_FORMAT " files, %s, to %s in %.1f s\n", copy.files, size,
                  copy.path, (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
        if (copy.left_out)
            job_print(job, "left out: %" G_GUINT64_FORMAT " devices, sockets or fifos\n",
                      copy.left_out);
        g_string_append_printf(job->json, "{\"files\": %" G_GUINT64_FORMAT ", \"bytes\": %"
                               G_GINT64_FORMAT ", \"left-out\": %" G_GUINT64_FORMAT "}", copy.files,
                               copy.bytes, copy.left_out);
    }
    g_free(copy.path);
    return ok;
}

/* --into VM:PATH. */
static gboolean copy_into(Files *files, GError **error)
{
    const char *given = job_option(files->job, "into");
    const char *path = strstr(given, ":/");
    g_autofree char *name = path ? g_strndup(given, (gsize)(path - given)) : NULL;
    g_autofree char *made = NULL, *shown = NULL, *size = NULL;
    g_autoptr(Vm) vm = NULL;
    Job *job = files->job;
    gint64 bytes;

    vm = backends_open(job->context, name, &job->reporter, error);
    if (!vm || !into_vm(&files->appliance, files->path, vm, path + 1, &bytes, &made, error))
        return FALSE;
    shown = harmless_text(made);
    size = size_text(bytes);
    job_print(job, "copied %s to %s in %s\n", size, shown, vm->name);
    g_string_append_printf(job->json, "{\"bytes\": %" G_GINT64_FORMAT, bytes);
    add_member(job->json, "path", made);
    g_string_append_c(job->json, '}');
    return TRUE;
}

/* FILE and --into VM:PATH exclude each other. */
static gboolean check_target(const Files *files, GError **error)
{
    const char *into = job_option(files->job, "into");

    if (!into)
        return argument(files, 2) || usage_error(error, "cp: missing FILE, or --into VM:PATH");
    if (argument(files, 2) || job_flag(files->job, "recursive"))
        return usage_error(error, "--into takes one file, and no FILE on this host");
    return strstr(into, ":/") ||
           usage_error(error, "--into must be VM:PATH, with an absolute path in the VM");
}

static gboolean cp_run(Files *files, GError **error)
{
    Copy copy = { .receive = receive, .receive_data = &files->appliance };
    gboolean ok;

    if (job_flag(files->job, "into"))
        return copy_into(files, error);
    if (job_flag(files->job, "recursive"))
        return copy_tree(files, error);
    copy.remote = (RemoteFile){ .vm = files->appliance.vm, .guestd = TRUE, .handle = -1 };
    copy.local = g_strdup(argument(files, 2));
    copy.path = g_strdup(files->path);
    ok = copy_one(files, &copy, error);
    g_free(copy.local);
    g_free(copy.path);
    return ok;
}

/* ---- The verb */

static gboolean keep(Files *files, GError **error)
{
    gint64 idle_s;

    return job_number(files->job, "idle", IDLE_S, &idle_s, error) &&
           keeper_run(&files->spec, idle_s, files->job->context, error);
}

/* Without --at, those of all points. */
static gboolean end(Files *files, GError **error)
{
    guint ended;

    if (!job_option(files->job, "at"))
        files->spec.point = NULL;
    if (!appliance_end(&files->spec, files->job->context, &ended, error))
        return FALSE;
    if (ended == 0)
        job_print(files->job, "no appliance runs\n");
    else
        job_print(files->job, "%u appliance%s ended\n", ended, ended == 1 ? "" : "s");
    g_string_append_printf(files->job->json, "{\"ended\": %u}", ended);
    return TRUE;
}

static const Word words[] = {
    { "ls", 0, 1, ls_run },     { "cat", 1, 1, cat_run }, { "cp", 1, 2, cp_run },
    { "find", 1, 2, find_run }, { "stat", 1, 1, stat_run },
};

static gboolean run_word(Files *files, const Word *word, GError **error)
{
    g_autofree char *path = NULL;
    const char *given = argument(files, 1);
    guint n = files->job->call->n_args - 1;
    gboolean ok;

    if (n < word->min_args || n > word->max_args)
        return usage_error(error, "wrong number of arguments");
    if (word->run == cp_run && !check_target(files, error))
        return FALSE;
    if (word->run == cp_run && files->job->context->dry_run) {
        job_print(files->job, "would do: files cp %s\n", given);
        return TRUE;
    }
    if (given) {
        path = given[0] == '/' ? g_strdup(given) : g_strconcat("/", given, NULL);
        files->path = path;
    }
    if (!appliance_open(&files->appliance, &files->spec, files->job->context, error))
        return FALSE;
    ok = word->run(files, error);
    appliance_close(&files->appliance);
    return ok;
}

static gboolean choose(Files *files, Chain *chain, GError **error)
{
    const char *at = job_option(files->job, "at");

    files->spec.chain = chain;
    files->spec.disk = job_option(files->job, "disk");
    files->spec.kernel = job_option(files->job, "kernel");
    files->spec.point = at ? chain_at(chain, at, error) : chain_newest(chain);
    if (!files->spec.point)
        return FALSE;
    if (!files->spec.disk || chain_point_disk(files->spec.point, files->spec.disk))
        return TRUE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "files: no disk %s in the backup %s",
                files->spec.disk, files->spec.point->id);
    return FALSE;
}

static gboolean run_on(Files *files, const char *name, GError **error)
{
    if (!name)
        return usage_error(error, "missing one of: ls, cat, cp, find, stat, keep, end");
    if (files->job->context->dry_run && (g_str_equal(name, "keep") || g_str_equal(name, "end"))) {
        job_print(files->job, "would do: files %s\n", name);
        return TRUE;
    }
    if (g_str_equal(name, "keep"))
        return keep(files, error);
    if (g_str_equal(name, "end"))
        return end(files, error);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i].name, name))
            return run_word(files, &words[i], error);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "files: '%s' must be one of: ls, cat, cp, find, stat, keep, end", name);
    return FALSE;
}

static gboolean files_run(Job *job, GError **error)
{
    Files files = { .job = job };
    g_autoptr(Chain) chain = NULL;

    if (!job_option(job, "from"))
        return usage_error(error, "missing --from DIR");
    chain = chain_open(job_option(job, "from"), NULL, CHAIN_LOOK, error);
    return chain && choose(&files, chain, error) && run_on(&files, argument(&files, 0), error);
}

const Verb verb_files = {
    .name = "files",
    .usage = "ls [PATH] | cat PATH | cp PATH [FILE] | find PATH [GLOB] | stat PATH | keep | end",
    .summary = "Read files out of a backup",
    .doc = "The filesystems of a backup are mounted as the VM's fstab has them, with their journals\n"
           "replayed, in an appliance: a small VM of guestctl's own, which has nothing but the backup's\n"
           "disks and opens them read-only. The first call for a point in time starts it; it stays for\n"
           "further ones and ends when it was idle. ls without a PATH lists the filesystems; one that the\n"
           "fstab does not name is below /dev/fs. keep starts the appliance and waits for its end; end\n"
           "ends the appliances of all backups in DIR, or of those that --at and --disk choose.",
    .options = (const VerbOption[]){
        { "from", "DIR", "where the backups are" },
        { "at", "TIME", "as it was then: the newest backup that is not younger, or a backup's "
                        "name; default: the newest" },
        { "disk", "NAME", "show only this disk; default: all disks of the backup" },
        { "recursive", NULL, "cp: a directory and all below it, with modes and times; FILE must not "
                             "exist, or be a directory to copy into" },
        { "into", "VM:PATH", "cp: put the file into this VM through its agent, with owner, mode, time and "
                             "extended attributes" },
        { "kernel", "FILE", "Linux kernel of the appliance; default: $GUESTCTL_KERNEL, or one of "
                            "this host" },
        { "idle", "SECONDS", "keep: end the appliance that was not used so long; default 300" },
        { NULL },
    },
    .flags = VERB_NO_VM | VERB_CHANGES | VERB_DRY_ITSELF,
    .min_args = 1,
    .max_args = 3,
    .run = files_run,
};
