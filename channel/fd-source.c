/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/fd-source.h"

struct FdSource {
    GSource base;
    int fd;
    gpointer tag; /* NULL while ignored */
    GIOCondition condition;
    gboolean due; /* to be dispatched regardless of the descriptor */
    FdSourceFunc func;
    gpointer data;
};

static gboolean prepare(GSource *base, gint *timeout)
{
    *timeout = -1;
    return ((FdSource *)base)->due;
}

static gboolean dispatch(GSource *base, GSourceFunc callback, gpointer data)
{
    FdSource *source = (FdSource *)base;

    (void)callback;
    (void)data;
    source->due = FALSE;
    source->func(source->tag ? g_source_query_unix_fd(base, source->tag) : 0, source->data);
    return G_SOURCE_CONTINUE;
}

FdSource *fd_source_new(int fd, GIOCondition condition, FdSourceFunc func, gpointer data)
{
    /* GLib takes a plain pointer, but does not write through it. */
    static const GSourceFuncs funcs = { .prepare = prepare, .dispatch = dispatch };
    FdSource *source = (FdSource *)g_source_new((GSourceFuncs *)&funcs, sizeof(FdSource));

    /* Callbacks never iterate the loop; GLib need not guard against recursion. */
    g_source_set_can_recurse(&source->base, TRUE);
    source->fd = fd;
    source->func = func;
    source->data = data;
    source->condition = condition;
    source->tag = g_source_add_unix_fd(&source->base, fd, condition);
    g_source_attach(&source->base, g_main_context_get_thread_default());
    return source;
}

void fd_source_free(FdSource *source)
{
    if (!source)
        return;
    g_source_destroy(&source->base);
    g_source_unref(&source->base);
}

void fd_source_watch(FdSource *source, GIOCondition condition)
{
    if (!source->tag)
        source->tag = g_source_add_unix_fd(&source->base, source->fd, condition);
    else if (source->condition != condition)
        g_source_modify_unix_fd(&source->base, source->tag, condition);
    source->condition = condition;
}

void fd_source_ignore(FdSource *source)
{
    if (source->tag)
        g_source_remove_unix_fd(&source->base, source->tag);
    source->tag = NULL;
}

void fd_source_wake(FdSource *source)
{
    source->due = TRUE;
}
