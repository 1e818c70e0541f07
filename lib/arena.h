/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Memory that lives as long as one request: arguments, results and the value
 * tree are taken from it and released together, so a handler frees nothing.
 * An arena belongs to one thread at a time.
 */
typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *arena);

/* Returns @size zeroed bytes, aligned for any type; never NULL. */
void *arena_alloc(Arena *arena, gsize size);

/* Return NUL-terminated copies. */
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, gsize len);
char *arena_printf(Arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Makes @arena the owner of @block, which came from g_malloc(). */
void arena_adopt(Arena *arena, void *block);

/* A growing array in an arena; elements are of one size, known to its user. */
typedef struct {
    void *items;
    gsize len;
    gsize capacity;
} List;

/*
 * Appends one zeroed element of @item_size bytes and returns it. The pointers
 * to earlier elements are void afterwards.
 */
void *list_append(List *list, Arena *arena, gsize item_size);

/* Reverses the order of the elements. */
void list_reverse(List *list, gsize item_size);

/* The element at @index of a list of @T. */
#define list_at(list, T, index) (&((T *)(list)->items)[index])

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_free)
