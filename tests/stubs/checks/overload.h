// Macros that make the name of another one out of how many arguments they are given, up to two.
#pragma once

#define JOIN(a, b) JOINED(a, b)
#define JOINED(a, b) a##b
#define PICK_THIRD(a, b, c, ...) c
#define COUNT_OF(...) PICK_THIRD(__VA_ARGS__, 2, 1, 0)
#define OVERLOAD(prefix, ...) JOIN(prefix, COUNT_OF(__VA_ARGS__))
