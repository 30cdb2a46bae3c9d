// words: unique_any unique_any_t unique_hcryptkey unique_hcryptprov unique_hcrypthash resource_policy
// WIL's wil/resource.h: unique_any and its names for handles of the CryptoAPI.
namespace wil {
namespace details {

template <class T, class C, C close_fn> struct resource_policy {
    typedef T pointer;
    static void close(T value) { close_fn(value); }
};

template <class P> struct unique_storage {
    typedef P policy;
    typedef typename P::pointer pointer;
};

inline void release_crypt_prov(HCRYPTPROV value) { CryptReleaseContext(value, 0); }

}

template <class S> class unique_any_t {
public:
    typedef typename S::policy policy;
    typedef typename S::pointer pointer;

    unique_any_t() : m_ptr(0) {}
    unique_any_t(nullptr_t) : m_ptr(0) {}
    explicit unique_any_t(pointer value) : m_ptr(value) {}
    unique_any_t(unique_any_t &&other) : m_ptr(other.m_ptr) { other.m_ptr = 0; }
    unique_any_t(const unique_any_t &) = delete;
    ~unique_any_t()
    {
        if (m_ptr)
            policy::close(m_ptr);
    }

    unique_any_t &operator=(unique_any_t &&other)
    {
        reset(other.release());
        return *this;
    }
    unique_any_t &operator=(nullptr_t)
    {
        reset();
        return *this;
    }
    unique_any_t &operator=(const unique_any_t &) = delete;

    pointer get() const { return m_ptr; }
    pointer release()
    {
        pointer old = m_ptr;
        m_ptr = 0;
        return old;
    }
    void reset(pointer value = 0)
    {
        if (m_ptr)
            policy::close(m_ptr);
        m_ptr = value;
    }
    pointer *addressof() { return &m_ptr; }
    pointer *put()
    {
        reset();
        return &m_ptr;
    }
    pointer *operator&()
    {
        reset();
        return &m_ptr;
    }
    explicit operator bool() const { return m_ptr != 0; }
    bool is_valid() const { return m_ptr != 0; }
    void swap(unique_any_t &other)
    {
        pointer kept = m_ptr;
        m_ptr = other.m_ptr;
        other.m_ptr = kept;
    }

private:
    pointer m_ptr;
};

template <class T, class C, C close_fn>
using unique_any = unique_any_t<details::unique_storage<details::resource_policy<T, C, close_fn>>>;

typedef unique_any<HCRYPTKEY, decltype(&::CryptDestroyKey), ::CryptDestroyKey> unique_hcryptkey;
typedef unique_any<HCRYPTHASH, decltype(&::CryptDestroyHash), ::CryptDestroyHash> unique_hcrypthash;
typedef unique_any<HCRYPTPROV, decltype(&details::release_crypt_prov), details::release_crypt_prov>
    unique_hcryptprov;

template <class T> typename T::pointer *out_param(T &holder) { return holder.put(); }

}
