/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

/* Most requests fit in the first block, so one malloc() serves a whole call. */
#define ARENA_FIRST_BLOCK 1024
#define ARENA_MAX_BLOCK (64 * 1024)

typedef struct Block Block;
struct Block {
    Block *next;
    gsize used;
    gsize size;
    alignas(max_align_t) char data[];
};

struct Arena {
    Block *blocks;
    GPtrArray *adopted;
};

static Block *block_new(gsize size, Block *next)
{
    Block *block = g_malloc(sizeof(Block) + size);

    block->next = next;
    block->used = 0;
    block->size = size;
    return block;
}

Arena *arena_new(void)
{
    Arena *arena = g_new0(Arena, 1);

    arena->blocks = block_new(ARENA_FIRST_BLOCK, NULL);
    return arena;
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    while (arena->blocks) {
        Block *next = arena->blocks->next;

        g_free(arena->blocks);
        arena->blocks = next;
    }
    if (arena->adopted)
        g_ptr_array_free(arena->adopted, TRUE);
    g_free(arena);
}

/* A separate block for a request that would waste most of a shared one. */
static void *alloc_alone(Arena *arena, gsize size)
{
    Block *block = block_new(size, arena->blocks->next);

    arena->blocks->next = block;
    block->used = size;
    return memset(block->data, 0, size);
}

void *arena_alloc(Arena *arena, gsize size)
{
    gsize rounded;
    Block *block = arena->blocks;

    if (size > G_MAXSIZE - alignof(max_align_t) - sizeof(Block))
        g_error("arena: cannot allocate %" G_GSIZE_FORMAT " bytes", size);
    rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (block->size - block->used < rounded) {
        gsize next_size = MIN(block->size * 2, (gsize)ARENA_MAX_BLOCK);

        if (rounded > next_size / 4)
            return alloc_alone(arena, rounded);
        block = arena->blocks = block_new(next_size, block);
    }
    block->used += rounded;
    return memset(block->data + block->used - rounded, 0, rounded);
}

char *arena_strndup(Arena *arena, const char *text, gsize len)
{
    char *copy = arena_alloc(arena, len + 1);

    memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(Arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return arena_strdup(arena, text);
}

void arena_adopt(Arena *arena, void *block)
{
    if (!arena->adopted)
        arena->adopted = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(arena->adopted, block);
}

void *list_append(List *list, Arena *arena, gsize item_size)
{
    if (list->len == list->capacity) {
        gsize capacity = list->capacity ? list->capacity * 2 : 8;
        void *items = arena_alloc(arena, capacity * item_size);

        if (list->len)
            memcpy(items, list->items, list->len * item_size);
        list->items = items;
        list->capacity = capacity;
    }
    return (char *)list->items + list->len++ * item_size;
}

void list_reverse(List *list, gsize item_size)
{
    char *low = list->items;
    char *high = low;

    if (list->len == 0)
        return;
    for (high += (list->len - 1) * item_size; low < high; low += item_size, high -= item_size) {
        for (gsize i = 0; i < item_size; i++) {
            char byte = low[i];

            low[i] = high[i];
            high[i] = byte;
        }
    }
}
