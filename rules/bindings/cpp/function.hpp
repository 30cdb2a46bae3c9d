// words: function
// The C++ standard, [func.wrap.func]: what it holds is seen where it is made of a lambda.
namespace std {

template <class S, class F = any_function> class function {
public:
    function() : filled_(false) {}
    function(nullptr_t) : filled_(false) {}
    function(F callable) : callable_(callable), filled_(true) {}

    function &operator=(nullptr_t)
    {
        filled_ = false;
        return *this;
    }
    explicit operator bool() const { return filled_; }
    void operator()() const { callable_(); }
    template <class A> void operator()(A &&a) const { callable_(a); }
    template <class A, class B> void operator()(A &&a, B &&b) const { callable_(a, b); }

private:
    F callable_;
    bool filled_;
};

}
