#pragma once

#include <cstdlib>
#include <memory>

#define SCOPE_JOIN(a, b) a##b
#define SCOPE_GUARD_AT(line, ...) \
    auto SCOPE_JOIN(run_, line) = [&] { __VA_ARGS__; }; \
    std::unique_ptr<decltype(SCOPE_JOIN(run_, line)), void (*)(decltype(SCOPE_JOIN(run_, line)) *)> \
        SCOPE_JOIN(guard_, line)(&SCOPE_JOIN(run_, line), [](auto *run) { (*run)(); })
#define ON_SCOPE_EXIT(...) SCOPE_GUARD_AT(__LINE__, __VA_ARGS__)
#define ON_OUT_OF_SCOPE(...) SCOPE_GUARD_AT(__LINE__, __VA_ARGS__)
#define DEFER(...) SCOPE_GUARD_AT(__LINE__, __VA_ARGS__)
#define VERIFY_TRUE(condition) ((condition) ? (void)0 : std::abort())
