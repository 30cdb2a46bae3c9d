// As much of WIL's macros for results as the fixtures need.
#pragma once

#include <stdexcept>

#define THROW_IF_FAILED(hr)                         \
    do {                                            \
        if (FAILED(hr))                             \
            throw std::runtime_error("failed");     \
    } while (0)
#define THROW_IF_NTSTATUS_FAILED(status) THROW_IF_FAILED(static_cast<HRESULT>(status))
#define THROW_IF_WIN32_BOOL_FALSE(done) THROW_IF_FAILED((done) ? S_OK : E_FAIL)
#define THROW_LAST_ERROR_IF(failed) THROW_IF_FAILED((failed) ? E_FAIL : S_OK)
