// Macros that throw by their names, which the linter does not see.
#pragma once

#include <stdexcept>

#define THROW_IF_NEGATIVE(hr)                       \
    do {                                            \
        if ((hr) < 0)                               \
            throw std::runtime_error("failed");     \
    } while (0)
#define THROW_IF_STATUS_BAD(status) THROW_IF_NEGATIVE(status)
#define THROW_IF_NOT_DONE(done) THROW_IF_NEGATIVE((done) ? 0 : -1)
#define THROW_IF_TRUE(failed) THROW_IF_NEGATIVE((failed) ? -1 : 0)
