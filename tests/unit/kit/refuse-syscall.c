/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/refuse-syscall.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
    long number;
    int errnum;
    GThreadFunc func;
    gpointer data;
} Refusal;

static gpointer run_refused(gpointer data)
{
    const Refusal *refusal = data;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (guint32)refusal->number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (guint32)refusal->errnum),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { G_N_ELEMENTS(filter), filter };

    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
    g_assert_cmpint(syscall(refusal->number, 0, 0, 0, 0, 0, 0), ==, -1);
    g_assert_cmpint(errno, ==, refusal->errnum);
    return refusal->func(refusal->data);
}

void kit_run_refused(long number, int errnum, GThreadFunc func, gpointer data)
{
    Refusal refusal = { number, errnum, func, data };

    g_thread_join(g_thread_new("refused", run_refused, &refusal));
}
