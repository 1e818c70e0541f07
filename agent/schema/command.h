/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/log.h"
#include "agent/base/settings.h"
#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"
#include "agent/schema/schema.h"

/* What a command is: one constant row, from which everything else is derived. */
typedef struct Command Command;
typedef struct Family Family;
typedef struct Call Call;
typedef struct Event Event;

typedef enum {
    COMMAND_WHILE_FROZEN = 1 << 0,     /* served while filesystems are frozen */
    COMMAND_NO_SUCCESS_REPLY = 1 << 1, /* only its failure is answered */
    COMMAND_BLOCKING = 1 << 2,         /* may wait for the system: runs on a worker */
    COMMAND_MUTATING = 1 << 3,         /* changes the guest: leaves an audit line */
    COMMAND_ROOT_EQUIVALENT = 1 << 4,  /* gives the host all of root's powers */
    COMMAND_BARRIER = 1 << 5,          /* answered at once, voids all earlier replies */
    COMMAND_DELIMITED = 1 << 6,        /* a 0xFF byte goes before its reply */
    /* Its class, of which a command has one; profiles are sets of classes. */
    COMMAND_SESSION = 1 << 16,  /* host and agent find each other */
    COMMAND_READS = 1 << 17,    /* tells of the system, and changes nothing */
    COMMAND_QUIESCE = 1 << 18,  /* freezes, thaws or trims filesystems */
    COMMAND_SHUTDOWN = 1 << 19, /* ends the guest in order */
    COMMAND_SUSPEND = 1 << 20,  /* puts it to sleep */
    COMMAND_TIME = 1 << 21,     /* sets the clock */
    COMMAND_HOTPLUG = 1 << 22,  /* puts CPUs and memory online or offline */
    COMMAND_EXEC = 1 << 23,     /* programs */
    COMMAND_FILES = 1 << 24,    /* files */
    COMMAND_ACCOUNTS = 1 << 25, /* passwords and keys */
} CommandFlags;

#define COMMAND_ANY_CLASS (0x3ffu << 16)

/* What a command needs of the system, for --self-test. */
typedef enum {
    NEED_FILE,    /* readable */
    NEED_PROGRAM, /* in PATH or at that path */
    NEED_ROOT,    /* effective user 0; @what says for which part */
} NeedKind;

typedef struct {
    NeedKind kind;
    const char *what;
    const char *without; /* what is missing without it; NULL: the command itself */
} Need;

struct Command {
    const char *name;
    int rank; /* place in qemu-ga's list, which -b help prints; ours follow from 1000 */
    const char *since;
    const char *doc;
    guint flags;
    const Type *args;    /* of an object; NULL: takes none */
    const Type *returns; /* NULL: {} */
    const Need *needs;   /* ends with a @what of NULL; NULL: none */
    /*
     * Does the work. Arguments are in call->args; the result goes to
     * call->result, zeroed and of the type @returns. On failure returns FALSE
     * with @error set. A blocking command runs outside the main thread.
     */
    gboolean (*run)(Call *call, GError **error);
};

#define NEEDS_END { .what = NULL }

/*
 * What hosts that subscribed to it are told unasked, as a line of its own:
 * {"event": NAME, "data": ..., "timestamp": ...}.
 */
struct Event {
    const char *name; /* as QMP writes them: in capitals, with underscores */
    const char *since;
    const char *doc;
    const Type *data; /* an object */
    const Need *needs;
};

/* A command as guest-info shows it. */
typedef struct {
    const Command *command;
    gboolean enabled;
} CommandState;

/* The agent's own figures, for guestd-info. */
typedef struct {
    const char *channel_method;
    const char *channel_path;
    gint64 started;        /* seconds since the epoch */
    guint64 connections;   /* hosts connected now */
    guint64 requests;      /* since the start */
    guint64 errors;        /* of them answered with an error */
    guint64 voided;        /* replies dropped by a barrier or a host that left */
    guint64 running;       /* commands under way on workers */
    guint64 lost_events;   /* not sent because a host did not read */
    const char *profile;   /* its name */
    guint classes;         /* of commands in that profile */
    gboolean frozen;
    gint64 thaw_deadline_us; /* CLOCK_BOOTTIME; 0: none */
} AgentFigures;

/* What the agent offers to families. */
typedef struct {
    /*
     * Answers @call, whose handler has deferred it, from its result or with
     * @error, which it takes. Main thread only, once, not from within the handler.
     */
    void (*complete)(Call *call, GError *error);
    const Sysroot *sysroot;
    const SysOps *sysops;
    const Settings *settings;
    gpointer agent;
    /* The state of the @index-th command, in order of rank; FALSE past the end. */
    gboolean (*command_state)(gpointer agent, gsize index, CommandState *state);
    void (*figures)(gpointer agent, AgentFigures *figures);
    Log *log;
    /*
     * While @frozen, only the commands for that state are served. @deadline_us is
     * when the freeze ends by itself, CLOCK_BOOTTIME in microseconds, or 0. From any thread.
     */
    void (*set_frozen)(gpointer agent, gboolean frozen, gint64 deadline_us);
    /* The @index-th event of all families, or NULL past the end. */
    const Event *(*event_at)(gpointer agent, gsize index);
    /*
     * Subscribes the host that made @call to the @n @events, instead of what it was
     * subscribed to before, until it leaves. Main thread only, from within the handler.
     */
    void (*subscribe)(Call *call, const Event *const *events, gsize n);
    /*
     * Tells the hosts that subscribed to @event; costs nothing where there are none. @data is
     * a C value of its type, which stays the caller's. From any thread, never waits.
     */
    void (*emit)(gpointer agent, const Event *event, const void *data);
    /*
     * The number of the next file handle, one that no agent of this guest has given out
     * before. Returns FALSE with QEMU's text in @error. From any thread but the main one: writes a file.
     */
    gboolean (*next_handle)(gpointer agent, gint64 *handle, GError **error);
} Services;

/* One request on its way through its handler. */
struct Call {
    const Services *services;
    void *state; /* of the family */
    Arena *arena;
    const void *args;
    void *result;
    /*
     * For handlers of the main thread that wait for an event: one that cannot
     * answer yet sets @deferred, returns TRUE and completes the call later. Until
     * then the call and its arena stay. @abandon, if set, is called once when
     * nobody will hear the answer any more; the call must be completed all the same,
     * and may be from there.
     */
    gboolean deferred;
    void (*abandon)(Call *call);
    gpointer waiting; /* the handler's own, while deferred */
};

/* Commands that share state and a file. */
struct Family {
    const char *name;
    const Command *const *commands; /* NULL-terminated */
    const Event *const *events;     /* NULL-terminated; NULL: none */
    /* Makes the family's state, or returns NULL with @error set. May be NULL. */
    void *(*init)(const Services *services, GError **error);
    /* The service ends: undoes what must not outlive it. May be NULL and may block. */
    void (*stop)(void *state);
    /* Whether a thread of its own is at work for a command; then nothing is freed. May be NULL. */
    gboolean (*busy)(const void *state);
    void (*free)(void *state);
    /*
     * The first host has subscribed to @event of this family, or (@wanted is FALSE) the
     * last one has gone, perhaps after stop(). What is only needed to notice the event
     * lives in between. Main thread; may be NULL.
     */
    void (*listen)(void *state, const Event *event, gboolean wanted);
};
