/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/reporter.h"
#include "host/vm/vm.h"

/* A verb of guestctl is one constant row; help, manual and completion follow from it. */
typedef struct Verb Verb;
typedef struct Job Job;

typedef struct {
    const char *name; /* without the dashes */
    const char *value; /* what follows it, for help; NULL: a flag. "X…": may be repeated, "[=X]": may lack */
    const char *doc;
} VerbOption;

typedef enum {
    VERB_CHANGES = 1 << 0,   /* the guest or the VM: --dry-run only says so */
    VERB_DRY_ITSELF = 1 << 1, /* knows --dry-run itself */
    VERB_ALL_BY_DEFAULT = 1 << 2, /* needs no VM named: asks all */
    VERB_NO_VM = 1 << 3,     /* is about none */
    VERB_ONE_VM = 1 << 4,    /* output or arguments make sense for one only */
    VERB_GROUP_PRINTS = 1 << 5, /* its run_group has printed what people are to see */
} VerbFlags;

struct Verb {
    const char *name;
    const char *usage; /* its own arguments, such as "-- CMD [ARG]…"; may be NULL */
    const char *summary;
    const char *doc; /* more, for the manual; may be NULL */
    const VerbOption *options; /* the last one has no name; NULL: none */
    const char *const *words; /* first arguments with which it is about no VM; NULL: none */
    const char *const *named_words; /* those of them that are about VMs if VMs are named; NULL: none */
    guint flags;
    int min_args, max_args; /* of its own; -1: any number */
    /* For one VM, in a thread of its own. */
    gboolean (*run)(Job *job, GError **error);
    /* Instead of @run: for all at once, in the main thread. @jobs has @n elements. */
    gboolean (*run_group)(Job **jobs, guint n, GError **error);
};

/* A verb's command line. */
typedef struct {
    const Verb *verb;
    GHashTable *options; /* name -> GPtrArray of values, as often as it was given; flags have "" */
    const char *spec; /* the VMs that were named, or NULL */
    char **args;
    guint n_args;
} VerbCall;

/* A verb at work on one VM. */
struct Job {
    const VerbCall *call;
    const Context *context;
    Vm *vm;        /* NULL with VERB_NO_VM */
    gboolean alone; /* the only one: output may be written at once */
    GString *text; /* for people */
    GString *json; /* for programs; empty: none */
    Reporter reporter; /* for library code: collects in @text and @json */
    int status;    /* the exit status to ask for besides failure (exec); 0: none */
    GError *error;
    gpointer data; /* the verb's own, between the steps of a group */
};

/* NULL if it was not given; what was given last counts. */
const char *job_option(const Job *job, const char *name);
/* All values of an option that may be given several times: strings, or NULL. */
const GPtrArray *job_options(const Job *job, const char *name);
/*
 * The names in an option that may be given several times, and separates names by commas; the
 * caller's, or NULL.
 */
GPtrArray *job_option_names(const Job *job, const char *name);
gboolean job_flag(const Job *job, const char *name);

/* The number given with the option, or @fallback. FALSE with GUESTD_ERROR_USAGE if it is none. */
gboolean job_number(const Job *job, const char *name, gint64 fallback, gint64 *number,
                    GError **error);

/*
 * Takes the lock of the job's VM for @activity. Waits as long as --wait says, which is WAIT_OPTION;
 * without it for ever if @patient. A dry run needs no lock.
 */
gboolean job_lock(Job *job, const char *activity, gboolean patient, GError **error);
#define WAIT_OPTION \
    { "wait", "SECONDS", "at most, for another guestctl at work on the VM; 0: fail at once" }

void job_print(Job *job, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Output for programs is the value as it came. */
void job_json_value(Job *job, const Value *value);

/* All verbs in the order of the help, NULL-terminated. */
extern const Verb *const verbs[];

const Verb *verb_find(const char *name);

/*
 * Reads the verb's part of the command line (behind its name, NULL-terminated). FALSE with
 * GUESTD_ERROR_USAGE in @error.
 */
gboolean verb_parse(const Verb *verb, const char *const *argv, VerbCall *call, GError **error);
void verb_call_clear(VerbCall *call);

/* Whether @word makes it a call that is about no VM. */
gboolean verb_has_word(const Verb *verb, const char *word);
/* Whether the call is about VMs. */
gboolean verb_call_needs_vm(const VerbCall *call);
