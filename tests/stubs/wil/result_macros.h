#pragma once

#include <stdexcept>

#define RETURN_IF_FAILED(hr)      \
    do {                          \
        const HRESULT hr_ = (hr); \
        if (FAILED(hr_))          \
            return hr_;           \
    } while (0)
#define RETURN_IF_WIN32_BOOL_FALSE(done) RETURN_IF_FAILED((done) ? S_OK : E_FAIL)
#define RETURN_HR_IF(hr, failed) RETURN_IF_FAILED((failed) ? (hr) : S_OK)
#define THROW_IF_NTSTATUS_FAILED(status)            \
    do {                                            \
        if ((status) < 0)                           \
            throw std::runtime_error("failed");     \
    } while (0)
