#pragma once
#include <windows.h>
#include <wincrypt.h>
namespace wil {
namespace details {
template <typename P, typename C, C close_fn> struct resource_policy { typedef P pointer; };
template <typename P> struct unique_storage { typedef typename P::pointer pointer; };
inline void release_prov(HCRYPTPROV prov) { CryptReleaseContext(prov, 0); }
}
template <typename S> struct unique_any_t {
    typedef typename S::pointer pointer;
    unique_any_t();
    explicit unique_any_t(pointer);
    unique_any_t(unique_any_t &&);
    ~unique_any_t();
    unique_any_t &operator=(unique_any_t &&);
    pointer get() const;
    pointer release();
    void reset(pointer = pointer());
    pointer *addressof();
    pointer *put();
    pointer *operator&();
    explicit operator bool() const;
    void swap(unique_any_t &);
};
template <typename P, typename C, C close_fn>
using unique_any = unique_any_t<details::unique_storage<details::resource_policy<P, C, close_fn>>>;
typedef unique_any<HCRYPTKEY, decltype(&::CryptDestroyKey), ::CryptDestroyKey> unique_hcryptkey;
typedef unique_any<HCRYPTHASH, decltype(&::CryptDestroyHash), ::CryptDestroyHash> unique_hcrypthash;
typedef unique_any<HCRYPTPROV, decltype(&details::release_prov), details::release_prov>
    unique_hcryptprov;
template <typename T> typename T::pointer *out_param(T &);
template <typename F> struct lambda_call {
    ~lambda_call() {}
    void reset() {}
    void release() {}
};
template <typename F> lambda_call<F> scope_exit(F &&) { return lambda_call<F>(); }
}
