/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/value.h"

Value *value_member(const Value *object, const char *name)
{
    for (Value *member = object->items.first; member; member = member->next)
        if (g_str_equal(member->name, name))
            return member;
    return NULL;
}

void value_append(Value *container, Value *item)
{
    if (container->items.last)
        container->items.last->next = item;
    else
        container->items.first = item;
    container->items.last = item;
    container->items.len++;
}
