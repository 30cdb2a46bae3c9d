#pragma once
namespace Loki {
struct ScopeGuardImplBase {
    void Dismiss() const;
};
typedef const ScopeGuardImplBase &ScopeGuard;
template <class F, class... A> ScopeGuardImplBase MakeGuard(F, A...);
}
#define LOKI_ON_BLOCK_EXIT Loki::ScopeGuard block_exit_guard = Loki::MakeGuard
