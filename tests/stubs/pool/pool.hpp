// A pool of keys that the linter does not see: its functions fill what they are given.
#pragma once

#include <windows.h>
#include <wincrypt.h>

struct Pool {
    bool next(HCRYPTKEY &key);
    void first(HCRYPTKEY &key);
    HCRYPTKEY &slot(int number);
    Pool &operator<<(HCRYPTKEY key);
    Pool &operator+=(HCRYPTKEY key);
};
Pool &operator&(Pool &pool, HCRYPTKEY &key);
bool operator>>(Pool &pool, HCRYPTKEY &key);
extern Pool spare;

struct Log {
    Log &operator<<(const char *text);
    Log &operator<<(HCRYPTKEY key);
};
bool next_key(Pool &pool, HCRYPTKEY &key);
void trace(const char *format, ...);

namespace pool {
template <class F> struct Later {
    template <class A> Later(A) {}
    ~Later() {}
};
}
