// words: MakeGuard MakeObjGuard ON_BLOCK_EXIT LOKI_ON_BLOCK_EXIT
// Loki's ScopeGuard.h: a function, and what it is called with at the end.
namespace Loki {

template <class F = any_function, class A = any_function> class ScopeGuard {
public:
    ScopeGuard(F function, A first) : function_(function), first_(first), runs_(true) {}
    ScopeGuard(ScopeGuard &&other)
        : function_(other.function_), first_(other.first_), runs_(other.runs_)
    {
        other.runs_ = false;
    }
    ~ScopeGuard()
    {
        if (runs_)
            function_(first_);
    }
    void Dismiss() const { runs_ = false; }

private:
    F function_;
    A first_;
    mutable bool runs_;
};

template <class F = any_function, class A = any_function, class B = any_function> class ScopeGuard2 {
public:
    ScopeGuard2(F function, A first, B second)
        : function_(function), first_(first), second_(second), runs_(true)
    {
    }
    ScopeGuard2(ScopeGuard2 &&other)
        : function_(other.function_), first_(other.first_), second_(other.second_),
          runs_(other.runs_)
    {
        other.runs_ = false;
    }
    ~ScopeGuard2()
    {
        if (runs_)
            function_(first_, second_);
    }
    void Dismiss() const { runs_ = false; }

private:
    F function_;
    A first_;
    B second_;
    mutable bool runs_;
};

template <class F, class A> ScopeGuard<F, A> MakeGuard(F function, A first)
{
    return ScopeGuard<F, A>(function, first);
}
template <class F, class A, class B> ScopeGuard2<F, A, B> MakeGuard(F function, A first, B second)
{
    return ScopeGuard2<F, A, B>(function, first, second);
}

}
using namespace Loki;

#define LOKI_ON_BLOCK_EXIT auto block_exit_guard = ::Loki::MakeGuard
#define ON_BLOCK_EXIT auto block_exit_guard = ::Loki::MakeGuard
