// words: BOOST_SCOPE_EXIT BOOST_SCOPE_EXIT_ALL BOOST_SCOPE_EXIT_TPL
// Boost.ScopeExit. What is captured by value is seen as it then is.
namespace boost {

template <class F = any_function> class scope_exit_guard {
public:
    scope_exit_guard(F action) : action_(action) {}
    scope_exit_guard(const scope_exit_guard &) = delete;
    ~scope_exit_guard() { action_(); }

private:
    F action_;
};

}

#define BOOST_SCOPE_EXIT(...) ::boost::scope_exit_guard<> scope_exit_guard = [&]()
#define BOOST_SCOPE_EXIT_TPL(...) ::boost::scope_exit_guard<> scope_exit_guard = [&]()
#define BOOST_SCOPE_EXIT_END ;
#define BOOST_SCOPE_EXIT_ALL(...) ::boost::scope_exit_guard<> scope_exit_guard = [__VA_ARGS__]()
