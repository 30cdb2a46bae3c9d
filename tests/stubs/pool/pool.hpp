// A pool of keys that the linter does not see: its functions fill what they are given.
#pragma once

#include <windows.h>
#include <wincrypt.h>

struct Pool {
    bool next(HCRYPTKEY &key);
    void first(HCRYPTKEY &key);
    HCRYPTKEY &slot(int number);
};
bool next_key(Pool &pool, HCRYPTKEY &key);
void trace(const char *format, ...);
