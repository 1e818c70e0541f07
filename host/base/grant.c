/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/grant.h"

#include <acl/libacl.h>
#include <errno.h>
#include <sys/acl.h>
#include <sys/stat.h>

#include "lib/errors.h"

static const acl_perm_t all_perms[] = { ACL_READ, ACL_WRITE, ACL_EXECUTE };

static void acl_clear(acl_t *acl)
{
    if (*acl)
        acl_free(*acl);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(acl_t, acl_clear)

/* NULL: there is none. */
static acl_entry_t find_entry(acl_t acl, acl_tag_t wanted, uid_t uid)
{
    acl_entry_t entry;
    acl_tag_t tag;

    for (int more = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); more == 1;
         more = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
        uid_t *owner;
        gboolean same;

        if (acl_get_tag_type(entry, &tag) < 0 || tag != wanted)
            continue;
        if (tag != ACL_USER)
            return entry;
        owner = acl_get_qualifier(entry);
        same = owner && *owner == uid;
        acl_free(owner);
        if (same)
            return entry;
    }
    return NULL;
}

/* What the mask takes from an entry is really taken from it. */
static void bound(acl_t acl)
{
    acl_entry_t mask = find_entry(acl, ACL_MASK, 0), entry;
    acl_permset_t allowed, perms;
    acl_tag_t tag;

    if (!mask || acl_get_permset(mask, &allowed) < 0)
        return;
    for (int more = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry); more == 1;
         more = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
        if (acl_get_tag_type(entry, &tag) < 0 || acl_get_permset(entry, &perms) < 0 ||
            (tag != ACL_USER && tag != ACL_GROUP && tag != ACL_GROUP_OBJ))
            continue;
        for (gsize i = 0; i < G_N_ELEMENTS(all_perms); i++)
            if (acl_get_perm(allowed, all_perms[i]) == 0)
                acl_delete_perm(perms, all_perms[i]);
    }
}

static gboolean add_entry(acl_t *acl, uid_t uid, guint permissions)
{
    acl_entry_t entry = find_entry(*acl, ACL_USER, uid);
    acl_permset_t perms;

    if (!entry && (acl_create_entry(acl, &entry) < 0 || acl_set_tag_type(entry, ACL_USER) < 0 ||
                   acl_set_qualifier(entry, &uid) < 0))
        return FALSE;
    if (acl_get_permset(entry, &perms) < 0)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(all_perms); i++)
        if ((permissions & 1u << i) && acl_add_perm(perms, all_perms[i]) < 0)
            return FALSE;
    return TRUE;
}

gboolean grant_user(const char *path, uid_t uid, guint permissions, GError **error)
{
    g_auto(acl_t) acl = acl_get_file(path, ACL_TYPE_ACCESS);

    if (acl)
        bound(acl);
    return (acl && add_entry(&acl, uid, permissions) && acl_calc_mask(&acl) == 0 &&
            acl_set_file(path, ACL_TYPE_ACCESS, acl) == 0) ||
           set_errno_error(error, errno, "ACL of %s", path);
}

gboolean grant_none(const char *path, GError **error)
{
    struct stat info;
    g_auto(acl_t) acl = stat(path, &info) == 0 ? acl_from_mode(info.st_mode & S_IRWXU) : NULL;

    return (acl && acl_set_file(path, ACL_TYPE_ACCESS, acl) == 0) ||
           (acl && errno == EOPNOTSUPP && chmod(path, info.st_mode & S_IRWXU) == 0) ||
           set_errno_error(error, errno, "ACL of %s", path);
}
