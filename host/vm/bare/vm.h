/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/backend.h"
#include "host/wire/qmp.h"

/* A QEMU that is reached by the sockets of its agent and its monitor, without libvirt. */
extern const Backend bare_backend;

/*
 * A bare QEMU by its sockets, with addresses as for wire_open(); each may be NULL. Connects
 * when a socket is first needed.
 */
Vm *bare_new(const char *name, const char *agent, const char *qmp, const Context *context);

/*
 * A VM of @backend, whose functions are this file's below, with the connection @qmp, which is taken
 * and not made again. @more: the backend's own, for bare_more(). bare_free() frees neither.
 */
Vm *bare_new_on(const Backend *backend, const char *name, Qmp *qmp, gpointer more,
                const Context *context);
gpointer bare_more(const Vm *vm);
void bare_free(Vm *vm);

/* Backend.list and .open: the VMs of --agent and --qmp, else of the files vms.ini. */
GPtrArray *bare_list(gpointer link, const Context *context, Reporter *reporter, GError **error);
Vm *bare_open(gpointer link, const char *name, const Context *context, Reporter *reporter,
              GError **error);

/* The connection to the VM's monitor, which the VM owns; NULL with @error set. */
Qmp *bare_qmp(Vm *vm, const Deadline *deadline, GError **error);

/* After a failure: the next bare_qmp() connects again. */
void bare_disconnect(Vm *vm);

/*
 * The disk of an argument of --image, "[NAME=]FILE[,format=FORMAT]"; without a name it is called as
 * the file without its extension. NULL with @error set if it needs to be given a format.
 */
Disk *bare_image_disk(const char *text, GError **error);
/* FILE of such an argument as an absolute path; the caller's. */
char *bare_image_path(const char *text);

/* ---- Members of the table in files of their own. */

GPtrArray *bare_disks(Vm *vm, guint details, const Deadline *deadline, GError **error);
gboolean bare_channel_find(Vm *vm, AgentChannel *channel, const Deadline *deadline,
                           GError **error);
const char *bare_agent_address(const Vm *vm); /* NULL: not known */

gboolean bare_snapshot_begin(Vm *vm, const GPtrArray *overlays, const Deadline *deadline,
                             GError **error);
gboolean bare_transaction_follow(Vm *vm, const Deadline *deadline, GError **error);
gboolean bare_commit(Vm *vm, const Disk *disk, Progress *progress, int cancel_fd,
                     GError **error);

extern const BackupOps bare_backup;

/* Sends @actions, an array that is taken, as one transaction. */
gboolean bare_transaction(Qmp *qmp, JsonArray *actions, const Deadline *deadline,
                          GError **error);
/* Adds to @actions one of this @type with @data, which is taken. */
void bare_add_action(JsonArray *actions, const char *type, JsonObject *data);

/* The reply to query-named-block-nodes, without the nodes' trees; the caller's. */
JsonNode *bare_nodes(Qmp *qmp, const Deadline *deadline, GError **error);
/* A row of query-named-block-nodes with its tree as a disk of its name; the caller's. */
Disk *bare_read_node(JsonObject *row);
/* The node whose image is the file @path with @format; the caller's. NULL with @error set. */
char *bare_node_of(Qmp *qmp, const char *path, const char *format, const Deadline *deadline,
                   GError **error);
