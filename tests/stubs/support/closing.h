#pragma once

#include <cstdlib>
#include <memory>

#define CLOSING_JOIN(a, b) a##b
#define CLOSING_AT(line, ...) \
    auto CLOSING_JOIN(run_, line) = [&] { __VA_ARGS__; }; \
    std::unique_ptr<decltype(CLOSING_JOIN(run_, line)), \
                    void (*)(decltype(CLOSING_JOIN(run_, line)) *)> \
        CLOSING_JOIN(guard_, line)(&CLOSING_JOIN(run_, line), [](auto *run) { (*run)(); })
#define AUTO_CLOSE(...) CLOSING_AT(__LINE__, __VA_ARGS__)
#define CHECK_CALL(condition) ((condition) ? (void)0 : std::abort())
