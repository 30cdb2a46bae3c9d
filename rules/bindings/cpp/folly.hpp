// words: SCOPE_EXIT SCOPE_FAIL SCOPE_SUCCESS makeGuard makeDismissedGuard
// Folly's ScopeGuard.h.
namespace folly {

template <class F = any_function> class ScopeGuard {
public:
    ScopeGuard(F action) : action_(action), runs_(true) {}
    ScopeGuard(ScopeGuard &&other) : action_(other.action_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    ScopeGuard(const ScopeGuard &) = delete;
    ~ScopeGuard()
    {
        if (runs_)
            action_();
    }
    void dismiss() { runs_ = false; }
    void rehire() { runs_ = true; }

private:
    F action_;
    bool runs_;
};

template <class F> ScopeGuard<F> makeGuard(F action) { return ScopeGuard<F>(action); }
template <class F> ScopeGuard<F> makeDismissedGuard(F action)
{
    ScopeGuard<F> guard(action);
    guard.dismiss();
    return guard;
}

template <class F = any_function> class ScopeFail {
public:
    typedef int ends_by_exception_only;
    ScopeFail(F action) : action_(action) {}
    ~ScopeFail() { action_(); }

private:
    F action_;
};

template <class F = any_function> class ScopeSuccess {
public:
    typedef int ends_without_exception_only;
    ScopeSuccess(F action) : action_(action) {}
    ~ScopeSuccess() { action_(); }

private:
    F action_;
};

}

#define SCOPE_EXIT ::folly::ScopeGuard<> scope_exit_guard = [&]() noexcept
#define SCOPE_FAIL ::folly::ScopeFail<> scope_fail_guard = [&]() noexcept
#define SCOPE_SUCCESS ::folly::ScopeSuccess<> scope_success_guard = [&]()
