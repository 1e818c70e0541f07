/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/listing.h"

#include <stdio.h>
#include <string.h>

#include "host/guest/program.h"
#include "lib/errors.h"

/* Of extended attributes; XATTR_LIST_MAX of Linux. */
#define MOST_NAMES 65536
/* Of an output, so that a name of a mebibyte in each entry is not kept. */
#define MOST_OUTPUT ((gsize)256 << 20)

void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry->target);
    g_free(entry);
}

/* Runs the appliance's own program; what it printed, the caller's, or NULL with @error set. */
static GString *walk(Vm *vm, const char *kind, const char *path, int most, GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-exec");
    g_autofree char *limit = g_strdup_printf("%d", most);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    Program program = { .vm = vm, .kept = { out, err } };
    char *newline;

    request_string(request, "path", "/dev/ld.so");
    request_strings(request, "arg", (const char *const[]){ "--inhibit-cache", "--library-path",
                                                           "/dev/lib", "/dev/walk", kind, path,
                                                           limit, NULL });
    request_bool(request, "capture-output", TRUE);
    if (!program_start(&program, request, error) || !program_follow(&program, error))
        return NULL;
    if (program.exitcode == 0 && !program.truncated && out->len <= MOST_OUTPUT)
        return g_steal_pointer(&out);
    newline = strchr(err->str, '\n');
    if (newline)
        *newline = '\0';
    set_error(error, "%s: %s", path, program.exitcode == 0 ? "too much to list" :
                                     *err->str             ? err->str : "cannot be listed");
    return NULL;
}

/* The text at *@at, which is moved behind its NUL; NULL: there is none. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = text < end ? memchr(text, '\0', (gsize)(end - text)) : NULL;

    if (!nul)
        return NULL;
    *at = nul + 1;
    return text;
}

static gboolean parse_problem(Entry *entry, const char *text)
{
    gint64 number;

    if (!g_ascii_string_to_signed(text, 10, 0, G_MAXINT, &number, NULL))
        return FALSE;
    entry->problem = (int)number;
    return TRUE;
}

/* "ERROR ERRNO", or what walk.c prints of a file. */
static gboolean parse_entry(Entry *entry, const char *line)
{
    gint64 *const members[] = { &entry->uid, &entry->gid, &entry->size, &entry->blocks,
                                &entry->modified, &entry->links };
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    guint64 mode;

    if (g_strv_length(words) == 2 && g_str_equal(words[0], "ERROR"))
        return parse_problem(entry, words[1]);
    if (g_strv_length(words) != 1 + G_N_ELEMENTS(members) ||
        !g_ascii_string_to_unsigned(words[0], 8, 0, G_MAXUINT, &mode, NULL))
        return FALSE;
    entry->mode = (guint)mode;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        if (!g_ascii_string_to_signed(words[1 + i], 10, G_MININT64, G_MAXINT64, members[i], NULL))
            return FALSE;
    return TRUE;
}

Entry *entry_take(const char **at, const char *end)
{
    const char *line = next_text(at, end);
    const char *name = line ? next_text(at, end) : NULL;
    const char *target = name ? next_text(at, end) : NULL;
    Entry *entry;

    if (!target)
        return NULL;
    entry = g_new0(Entry, 1);
    entry->name = g_strdup(name);
    entry->target = g_strdup(target);
    if (parse_entry(entry, line))
        return entry;
    entry_free(entry);
    return NULL;
}

GPtrArray *listing_read(Vm *vm, ListingKind kind, const char *path, gboolean *more, GError **error)
{
    static const char *const kinds[] = { "one", "list", "tree" };
    g_autoptr(GString) out = walk(vm, kinds[kind], path, LISTING_MOST, error);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    const char *at = out ? out->str : NULL;

    *more = FALSE;
    while (at && at < out->str + out->len) {
        Entry *entry;

        if (g_str_has_prefix(at, "MORE")) {
            *more = TRUE;
            break;
        }
        entry = entry_take(&at, out->str + out->len);
        if (!entry) {
            set_error(error, "%s: the appliance printed an invalid list", path);
            return NULL;
        }
        g_ptr_array_add(entries, entry);
    }
    return out ? g_steal_pointer(&entries) : NULL;
}

GPtrArray *listing_attributes(Vm *vm, const char *path, GError **error)
{
    g_autoptr(GString) out = walk(vm, "attributes", path, MOST_NAMES, error);
    GPtrArray *texts = out ? g_ptr_array_new_with_free_func(g_free) : NULL;
    const char *at = out ? out->str : NULL, *name, *value;

    while (at && (name = next_text(&at, out->str + out->len)) &&
           (value = next_text(&at, out->str + out->len))) {
        g_ptr_array_add(texts, g_strdup(name));
        g_ptr_array_add(texts, g_strdup(value));
    }
    return texts;
}
