/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/fs-sizes.h"

/* A local filesystem responds in microseconds, unless its disk is dead. */
#define STATVFS_LIMIT_US (2 * G_USEC_PER_SEC)
#define STATVFS_SLOW_US (G_USEC_PER_SEC / 20)

/* A statvfs(3) call for one mount. */
typedef struct {
    PatientCall call;
    const SysOps *sysops;
    char *path;
    gboolean failed;
    struct statvfs sizes;
} SizeCall;

static void size_run(PatientCall *call)
{
    SizeCall *self = (SizeCall *)call;

    self->failed = self->sysops->statvfs(self->path, &self->sizes) < 0;
}

static void size_free(PatientCall *call)
{
    g_free(((SizeCall *)call)->path);
    g_free(call);
}

static PatientCall *size_call_new(const SysOps *sysops, const char *path)
{
    SizeCall *self = g_new0(SizeCall, 1);

    self->path = g_strdup(path);
    self->sysops = sysops;
    self->call = (PatientCall){ .what = self->path, .limit_us = STATVFS_LIMIT_US,
                                .slow_us = STATVFS_SLOW_US, .run = size_run,
                                .free = size_free };
    return &self->call;
}

void fs_sizes_read(Patience *patience, const SysOps *sysops, FsSizes *mounts, gsize len)
{
    g_autofree PatientCall **calls = g_new(PatientCall *, len);

    for (gsize i = 0; i < len; i++)
        calls[i] = size_call_new(sysops, mounts[i].path);
    patience_run(patience, calls, len);
    for (gsize i = 0; i < len; i++) {
        SizeCall *self = (SizeCall *)calls[i];

        if (!self)
            continue;
        mounts[i].known = self->call.state == PATIENT_DONE && !self->failed;
        mounts[i].sizes = self->sizes;
        size_free(&self->call);
    }
}
