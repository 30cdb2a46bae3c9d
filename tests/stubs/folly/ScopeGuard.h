#pragma once
#include <utility>
namespace folly {
struct ScopeGuard {
    template <class F> ScopeGuard(F &&) {}
    ~ScopeGuard() {}
    void dismiss();
};
template <class F> ScopeGuard makeGuard(F &&f) { return ScopeGuard(f); }
}
#define FOLLY_JOINED(a, b) a##b
#define FOLLY_NAMED(a, b) FOLLY_JOINED(a, b)
#define SCOPE_EXIT ::folly::ScopeGuard FOLLY_NAMED(guard, __LINE__) = [&]() noexcept
#define SCOPE_FAIL ::folly::ScopeGuard FOLLY_NAMED(guard, __LINE__) = [&]() noexcept
#define SCOPE_SUCCESS ::folly::ScopeGuard FOLLY_NAMED(guard, __LINE__) = [&]()
