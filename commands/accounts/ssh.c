/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/base/deadline.h"
#include "agent/schema/command.h"
#include "commands/accounts/authorized-keys-file.h"
#include "commands/accounts/user-thread.h"
#include "commands/parse/authorized-keys.h"
#include "lib/errors.h"

/* A home may be on a dead server; the client does not wait longer for it. */
#define LIMIT_S 30

typedef struct {
    const char *username;
} GetArgs;

typedef struct {
    const char *username;
    List keys; /* of const char * */
} RemoveArgs;

typedef struct {
    const char *username;
    List keys; /* of const char * */
    bool has_reset;
    bool reset;
} AddArgs;

static const Type get_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(GetArgs),
    .fields = (const Field[]){
        REQUIRED(GetArgs, username, "username", &type_string, .flags = FIELD_AUDITED,
                 .doc = "name of the user", .rules = RULE_BIT(RULE_KEY_USERS)),
        FIELDS_END,
    },
};

static const Type remove_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(RemoveArgs),
    .fields = (const Field[]){
        REQUIRED(RemoveArgs, username, "username", &type_string, .flags = FIELD_AUDITED,
                 .doc = "name of the user", .rules = RULE_BIT(RULE_KEY_USERS)),
        REQUIRED(RemoveArgs, keys, "keys", &type_string_list, .flags = FIELD_AUDITED,
                 .doc = "the lines to remove"),
        FIELDS_END,
    },
};

static const Type add_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(AddArgs),
    .fields = (const Field[]){
        REQUIRED(AddArgs, username, "username", &type_string, .flags = FIELD_AUDITED,
                 .doc = "name of the user", .rules = RULE_BIT(RULE_KEY_USERS)),
        REQUIRED(AddArgs, keys, "keys", &type_string_list, .flags = FIELD_AUDITED,
                 .doc = "the keys, as lines of authorized_keys"),
        { .name = "reset", .type = &type_bool, .offset = offsetof(AddArgs, reset),
          .has_offset = offsetof(AddArgs, has_reset), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "whether all other lines are removed", .fallback = "false" },
        FIELDS_END,
    },
};

typedef struct {
    List keys; /* of const char * */
} Keys;

static const Type keys_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestAuthorizedKeys",
    .size = sizeof(Keys),
    .fields = (const Field[]){
        REQUIRED(Keys, keys, "keys", &type_string_list,
                 .doc = "lines of authorized_keys, the last first, without comments"),
        FIELDS_END,
    },
};

/* The users whose file a thread works on. Outlives the family if a thread hangs. */
typedef struct {
    GMutex lock;
    GCond changed;
    GHashTable *busy; /* of user ids */
} State;

/* A change of a user's file, on a thread which may be left behind. */
typedef struct {
    State *state;
    const SysOps *sysops;
    gboolean (*work)(const KeyFileOwner *owner, gpointer job, GError **error);
    char *username;
    char **keys; /* to be added or removed */
    gboolean reset;
    gint64 until;     /* monotonic microseconds */
    GPtrArray *found; /* the keys in the file */
    GError *error;
} Job;

static void state_clear(gpointer data)
{
    State *state = data;

    g_hash_table_unref(state->busy);
    g_mutex_clear(&state->lock);
    g_cond_clear(&state->changed);
}

static void state_unref(void *state)
{
    g_atomic_rc_box_release_full(state, state_clear);
}

static void job_free(gpointer data)
{
    Job *job = data;

    state_unref(job->state);
    g_free(job->username);
    g_strfreev(job->keys);
    if (job->found)
        g_ptr_array_unref(job->found);
    g_clear_error(&job->error);
    g_free(job);
}

/*
 * Waits until no other job works on the file of @uid: of two keys added at the same time one
 * would be lost.
 */
static gboolean claim(Job *job, uid_t uid)
{
    State *state = job->state;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&state->lock);
    gboolean mine = TRUE;

    while (mine && g_hash_table_contains(state->busy, GUINT_TO_POINTER(uid)))
        mine = g_cond_wait_until(&state->changed, &state->lock, job->until);
    if (mine)
        g_hash_table_add(state->busy, GUINT_TO_POINTER(uid));
    return mine || set_error(&job->error, "an earlier request for user '%s' has not finished",
                             job->username);
}

static void release(Job *job, uid_t uid)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&job->state->lock);

    g_hash_table_remove(job->state->busy, GUINT_TO_POINTER(uid));
    g_cond_broadcast(&job->state->changed);
}

static void job_run(gpointer data, gpointer unused)
{
    Job *job = data;
    User user = { NULL };

    (void)unused;
    if (user_lookup(job->sysops, job->username, &user, &job->error) && claim(job, user.uid)) {
        KeyFileOwner owner = { user.home, user.uid, user.gid };

        if (user_become(&user, &job->error))
            job->work(&owner, job, &job->error);
        release(job, user.uid);
    }
    user_clear(&user);
}

static gboolean get_work(const KeyFileOwner *owner, gpointer data, GError **error)
{
    g_auto(KeyFile) file = { NULL };
    Job *job = data;

    if (!key_file_read(owner, FALSE, &file, error))
        return FALSE;
    if (file.missing)
        return key_file_missing(owner, &file, error);
    job->found = authorized_keys_list(file.text);
    return TRUE;
}

static gboolean write_work(const KeyFileOwner *owner, const KeyFile *old, GString *text,
                           GError **error)
{
    gboolean ok = key_file_write(owner, old, text, error);

    g_string_free(text, TRUE);
    return ok;
}

static gboolean add_work(const KeyFileOwner *owner, gpointer data, GError **error)
{
    g_auto(KeyFile) file = { NULL };
    Job *job = data;

    return key_file_read(owner, job->reset, &file, error) &&
           write_work(owner, &file, authorized_keys_add(file.text, job->keys), error);
}

static gboolean remove_work(const KeyFileOwner *owner, gpointer data, GError **error)
{
    g_auto(KeyFile) file = { NULL };
    Job *job = data;

    if (!key_file_read(owner, FALSE, &file, error))
        return FALSE;
    return file.missing ||
           write_work(owner, &file, authorized_keys_remove(file.text, job->keys), error);
}

/*
 * Copies @keys, as the thread may outlive the request. Returns NULL with @error set if one is
 * not a valid key.
 */
static char **copy_keys(const List *keys, GError **error)
{
    g_auto(GStrv) copies = g_new0(char *, keys->len + 1);

    for (gsize i = 0; i < keys->len; i++) {
        const char *key = *list_at(keys, const char *, i);

        if (!authorized_key_check(key, error))
            return NULL;
        copies[i] = g_strdup(key);
    }
    return g_steal_pointer(&copies);
}

static Job *job_new(Call *call, const char *username)
{
    Job *job = g_new0(Job, 1);

    job->state = g_atomic_rc_box_acquire(call->state);
    job->sysops = call->services->sysops;
    job->username = g_strdup(username);
    job->until = g_get_monotonic_time() + LIMIT_S * (gint64)G_USEC_PER_SEC;
    return job;
}

/* Does the work and frees @job; *@keys, unless NULL, gets the keys that were found. */
static gboolean job_finish(Job *job, List *keys, Arena *arena, GError **error)
{
    g_autofree char *username = g_strdup(job->username);
    Deadline *deadline = deadline_start(job_run, job, job_free);
    gboolean ok;

    if (!deadline) {
        job_free(job);
        return set_error(error, "no thread available for the files of user '%s'; try again later",
                         username);
    }
    if (!deadline_wait(deadline, job->until))
        return set_error(error, "the files of user '%s' did not respond for %d seconds; a change "
                                "may still be made", username, LIMIT_S);
    for (guint i = 0; keys && job->found && i < job->found->len; i++)
        *(const char **)list_append(keys, arena, sizeof(char *)) =
            arena_strdup(arena, g_ptr_array_index(job->found, i));
    ok = job->error == NULL;
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&job->error));
    job_free(job);
    return ok;
}

static gboolean get_run(Call *call, GError **error)
{
    const GetArgs *args = call->args;
    Keys *keys = call->result;
    Job *job = job_new(call, args->username);

    job->work = get_work;
    return job_finish(job, &keys->keys, call->arena, error);
}

static gboolean add_run(Call *call, GError **error)
{
    const AddArgs *args = call->args;
    char **keys = copy_keys(&args->keys, error);
    Job *job;

    if (!keys)
        return FALSE;
    job = job_new(call, args->username);
    job->work = add_work;
    job->keys = keys;
    job->reset = args->reset;
    return job_finish(job, NULL, NULL, error);
}

static gboolean remove_run(Call *call, GError **error)
{
    const RemoveArgs *args = call->args;
    char **keys = copy_keys(&args->keys, error);
    Job *job;

    if (!keys)
        return FALSE;
    job = job_new(call, args->username);
    job->work = remove_work;
    job->keys = keys;
    return job_finish(job, NULL, NULL, error);
}

static const Need ssh_needs[] = {
    { NEED_ROOT, "the keys of other users", NULL },
    NEEDS_END,
};

static const Command guest_ssh_get_authorized_keys = {
    .name = "guest-ssh-get-authorized-keys",
    .rank = 38,
    .since = "5.2",
    .doc = "Return the keys in a user's ~/.ssh/authorized_keys",
    .flags = COMMAND_ACCOUNTS | COMMAND_BLOCKING,
    .args = &get_args,
    .returns = &keys_type,
    .needs = ssh_needs,
    .run = get_run,
};

static const Command guest_ssh_add_authorized_keys = {
    .name = "guest-ssh-add-authorized-keys",
    .rank = 39,
    .since = "5.2",
    .doc = "Add keys to a user's ~/.ssh/authorized_keys",
    .flags = COMMAND_ACCOUNTS | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &add_args,
    .needs = ssh_needs,
    .run = add_run,
};

static const Command guest_ssh_remove_authorized_keys = {
    .name = "guest-ssh-remove-authorized-keys",
    .rank = 40,
    .since = "5.2",
    .doc = "Remove keys from a user's ~/.ssh/authorized_keys",
    .flags = COMMAND_ACCOUNTS | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &remove_args,
    .needs = ssh_needs,
    .run = remove_run,
};

static void *ssh_init(const Services *services, GError **error)
{
    State *state = g_atomic_rc_box_new0(State);

    (void)services;
    (void)error;
    g_mutex_init(&state->lock);
    g_cond_init(&state->changed);
    state->busy = g_hash_table_new(NULL, NULL);
    return state;
}

const Family family_ssh = {
    .name = "ssh",
    .commands = (const Command *const[]){ &guest_ssh_get_authorized_keys,
                                          &guest_ssh_add_authorized_keys,
                                          &guest_ssh_remove_authorized_keys, NULL },
    .init = ssh_init,
    .free = state_unref,
};
