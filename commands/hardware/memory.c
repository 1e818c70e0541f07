/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>

#include "agent/schema/command.h"
#include "commands/hardware/sysfs-online.h"
#include "commands/parse/uevent.h"
#include "lib/errors.h"
#include "lib/numbers.h"

#define SIZE_FILE "block_size_bytes"

typedef struct {
    bool online;
    bool has_can_offline;
    bool can_offline;
    guint64 phys_index;
} MemoryBlock;

#define ONLINE                                                                                     \
    REQUIRED(MemoryBlock, online, "online", &type_bool, .doc = "whether it is in use")
#define CAN_OFFLINE                                                                                \
    OPTIONAL(MemoryBlock, can_offline, "can-offline", &type_bool,                                  \
             .doc = "whether it can be put offline; ignored as an argument")
#define PHYS_INDEX                                                                                 \
    REQUIRED(MemoryBlock, phys_index, "phys-index", &type_uint64,                                  \
             .doc = "its address divided by the block size")

static const Type memory_block = {
    .kind = TYPE_OBJECT,
    .name = "GuestMemoryBlock",
    .size = sizeof(MemoryBlock),
    .fields = (const Field[]){ ONLINE, CAN_OFFLINE, PHYS_INDEX, FIELDS_END },
};

/* Arguments are checked in the order of QEMU's schema. */
static const Type memory_block_given = {
    .kind = TYPE_OBJECT,
    .name = "GuestMemoryBlock",
    .size = sizeof(MemoryBlock),
    .fields = (const Field[]){ PHYS_INDEX, ONLINE, CAN_OFFLINE, FIELDS_END },
};

/* Ends with a slash, as in QEMU's error texts. */
static char *directory_of(guint64 block)
{
    return g_strdup_printf(MEMORY_DIR "/memory%" G_GUINT64_FORMAT "/", block);
}

/* A kernel that cannot put memory offline has no such file. */
static gboolean is_removable(const Sysroot *sysroot, const char *directory)
{
    g_autofree char *path = g_strconcat(directory, "removable", NULL);
    g_autofree char *text = NULL;

    return sysroot_read(sysroot, path, &text, NULL) && *text != '\0' && *text != '0';
}

static gboolean describe(const Sysroot *sysroot, MemoryBlock *block, GError **error)
{
    g_autofree char *directory = directory_of(block->phys_index);
    g_autofree char *path = g_strconcat(directory, "state", NULL);
    SwitchState state = memory_switch_read(sysroot, path);
    int failed = errno;
    int missing = state == SWITCH_ABSENT || state == SWITCH_FAILED
                      ? directory_errno(sysroot, directory)
                      : 0;

    if (missing)
        return set_errno_error(error, missing, "open(\"%s\")", directory);
    if (state == SWITCH_FAILED && failed)
        return set_errno_error(error, failed, "open sysfs file \"state\"");
    if (state == SWITCH_FAILED)
        return set_error(error, "pread sysfs file \"state\": unexpected EOF");
    block->online = state != SWITCH_OFFLINE;
    block->has_can_offline = true;
    block->can_offline = state != SWITCH_ABSENT && is_removable(sysroot, directory);
    return TRUE;
}

static gboolean get_memory_blocks_run(Call *call, GError **error)
{
    const Sysroot *sysroot = call->services->sysroot;
    g_auto(GStrv) names = sysroot_list_dir(sysroot, MEMORY_DIR, DT_UNKNOWN);
    List *blocks = call->result;
    guint64 number;

    if (!names && errno == ENOENT) /* a kernel without memory blocks */
        return TRUE;
    if (!names)
        return set_errno_error(error, errno, "Can't open directory\"%s/\"", MEMORY_DIR);
    for (gsize i = 0; names[i]; i++) {
        MemoryBlock *block;

        if (!pluggable_number(names[i], "memory", &number))
            continue;
        block = list_append(blocks, call->arena, sizeof *block);
        block->phys_index = number;
        if (!describe(sysroot, block, error))
            return FALSE;
    }
    return blocks->len > 0 || set_error(error, "guest reported zero memory blocks!");
}

static const Need memory_needs[] = { { NEED_FILE, MEMORY_DIR, "memory blocks" }, NEEDS_END };

static const Command guest_get_memory_blocks = {
    .name = "guest-get-memory-blocks",
    .rank = 28,
    .since = "2.3",
    .doc = "List the memory blocks, in the order of the kernel's directory",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &memory_block },
    .needs = memory_needs,
    .run = get_memory_blocks_run,
};

typedef struct {
    List mem_blks; /* of MemoryBlock */
} SetBlocksArgs;

static const Type set_blocks_args = {
    .kind = TYPE_OBJECT,
    .name = "guest-set-memory-blocks",
    .size = sizeof(SetBlocksArgs),
    .fields = (const Field[]){
        REQUIRED(SetBlocksArgs, mem_blks,
                 "mem-blks", &((const Type){ .kind = TYPE_LIST, .size = sizeof(List),
                                             .item = &memory_block_given }),
                 .flags = FIELD_AUDITED, .doc = "the blocks to put online or offline, in order"),
        FIELDS_END,
    },
};

/* In the order of the names below. */
typedef enum {
    RESPONSE_SUCCESS,
    RESPONSE_NOT_FOUND,
    RESPONSE_NOT_SUPPORTED,
    RESPONSE_FAILED,
} Response;

static const Type response_kind = {
    .kind = TYPE_ENUM,
    .name = "GuestMemoryBlockResponseType",
    .size = sizeof(int),
    .values = (const char *const[]){ "success", "not-found", "operation-not-supported",
                                     "operation-failed", NULL },
};

typedef struct {
    int response;
    bool has_error_code;
    gint64 error_code;
    guint64 phys_index;
} BlockResponse;

static const Type block_response = {
    .kind = TYPE_OBJECT,
    .name = "GuestMemoryBlockResponse",
    .size = sizeof(BlockResponse),
    .fields = (const Field[]){
        REQUIRED(BlockResponse, response, "response", &response_kind, .doc = "result for this "
                                                                             "block"),
        OPTIONAL(BlockResponse, error_code, "error-code", &type_int, .doc = "errno of the failed "
                                                                            "call"),
        REQUIRED(BlockResponse, phys_index, "phys-index", &type_uint64, .doc = "the block"),
        FIELDS_END,
    },
};

static void respond(BlockResponse *response, Response what, int failed)
{
    response->response = what;
    response->has_error_code = true;
    response->error_code = failed;
}

/* Responds for a block whose state cannot be read. */
static void respond_without_state(const Sysroot *sysroot, const char *directory, gboolean online,
                                  BlockResponse *response)
{
    int missing = directory_errno(sysroot, directory);

    if (directory_errno(sysroot, MEMORY_DIR) == ENOENT)
        respond(response, RESPONSE_NOT_SUPPORTED, ENOENT);
    else if (missing == ENOENT)
        respond(response, RESPONSE_NOT_FOUND, ENOENT);
    else if (missing)
        respond(response, RESPONSE_FAILED, missing);
    else /* always online; QEMU also reports the missing file for a success */
        respond(response, online ? RESPONSE_SUCCESS : RESPONSE_NOT_SUPPORTED, ENOENT);
}

static void set_block(const Services *services, const MemoryBlock *block, BlockResponse *response)
{
    g_autofree char *directory = directory_of(block->phys_index);
    g_autofree char *path = g_strconcat(directory, "state", NULL);
    SwitchState state = memory_switch_read(services->sysroot, path);
    int failed = errno;

    response->phys_index = block->phys_index;
    if (state == SWITCH_ABSENT || (state == SWITCH_FAILED && failed == ENOTDIR))
        respond_without_state(services->sysroot, directory, block->online, response);
    else if (state == SWITCH_FAILED)
        respond(response, RESPONSE_FAILED, failed);
    else if ((state == SWITCH_ONLINE) != block->online &&
             !switch_write(services->sysroot, services->sysops, path,
                           memory_switch_word(block->online)))
        respond(response, RESPONSE_FAILED, errno);
}

static gboolean set_memory_blocks_run(Call *call, GError **error)
{
    const SetBlocksArgs *args = call->args;

    (void)error;
    for (gsize i = 0; i < args->mem_blks.len; i++)
        set_block(call->services, list_at(&args->mem_blks, MemoryBlock, i),
                  list_append(call->result, call->arena, sizeof(BlockResponse)));
    return TRUE;
}

static const Need set_memory_needs[] = {
    { NEED_FILE, MEMORY_DIR, "memory blocks" },
    { NEED_ROOT, "changing memory blocks", NULL },
    NEEDS_END,
};

static const Command guest_set_memory_blocks = {
    .name = "guest-set-memory-blocks",
    .rank = 29,
    .since = "2.3",
    .doc = "Put memory blocks online or offline; returns a result for each",
    .flags = COMMAND_HOTPLUG | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &set_blocks_args,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &block_response },
    .needs = set_memory_needs,
    .run = set_memory_blocks_run,
};

typedef struct {
    guint64 size;
} BlockInfo;

static const Type block_info = {
    .kind = TYPE_OBJECT,
    .name = "GuestMemoryBlockInfo",
    .size = sizeof(BlockInfo),
    .fields = (const Field[]){
        REQUIRED(BlockInfo, size, "size", &type_uint64, .doc = "size of each block in bytes"),
        FIELDS_END,
    },
};

static gboolean get_memory_block_info_run(Call *call, GError **error)
{
    const Sysroot *sysroot = call->services->sysroot;
    BlockInfo *info = call->result;
    g_autofree char *text = NULL;
    char *end;
    int missing;

    if (!sysroot_read(sysroot, MEMORY_DIR "/" SIZE_FILE, &text, NULL)) {
        int failed = errno;

        missing = directory_errno(sysroot, MEMORY_DIR);
        return missing ? set_errno_error(error, missing, "open(\"%s/\")", MEMORY_DIR)
                       : set_errno_error(error, failed, "open sysfs file \"%s\"", SIZE_FILE);
    }
    g_strchomp(text);
    if (!numbers_uint64(text, &end, 16, &info->size) || end == text || *end != '\0')
        return set_error(error, "sysfs file \"%s\" reads '%s'", SIZE_FILE, text);
    return TRUE;
}

static const Need block_info_needs[] = {
    { NEED_FILE, MEMORY_DIR "/" SIZE_FILE, "memory blocks" },
    NEEDS_END,
};

static const Command guest_get_memory_block_info = {
    .name = "guest-get-memory-block-info",
    .rank = 30,
    .since = "2.3",
    .doc = "Return the size of the memory blocks",
    .flags = COMMAND_READS,
    .returns = &block_info,
    .needs = block_info_needs,
    .run = get_memory_block_info_run,
};

const Family family_memory = {
    .name = "memory",
    .commands = (const Command *const[]){ &guest_get_memory_blocks, &guest_set_memory_blocks,
                                          &guest_get_memory_block_info, NULL },
};
