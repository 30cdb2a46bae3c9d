// words: exchange swap pair make_pair in_place addressof std::ref std::cref
// The C++ standard, [utility], [pairs], [specialized.addressof] and [refwrap].
namespace std {

template <class T, class U> T exchange(T &object, U new_value)
{
    T old = std::move(object);
    object = std::move(new_value);
    return old;
}

template <class T> void swap(T &one, T &other)
{
    T kept = std::move(one);
    one = std::move(other);
    other = std::move(kept);
}

template <class First, class Second> struct pair {
    First first;
    Second second;
};

template <class First, class Second> pair<First, Second> make_pair(First first, Second second)
{
    return pair<First, Second>{std::move(first), std::move(second)};
}

// The element by its number, or by its type.
template <class N, class First, class Second> struct pair_element {
};
template <class First, class Second> struct pair_element<0, First, Second> {
    using type = First;
    static First &in(pair<First, Second> &both) { return both.first; }
};
template <class First, class Second> struct pair_element<First, First, Second> {
    using type = First;
    static First &in(pair<First, Second> &both) { return both.first; }
};
template <class First, class Second> struct pair_element<1, First, Second> {
    using type = Second;
    static Second &in(pair<First, Second> &both) { return both.second; }
};
template <class First, class Second> struct pair_element<Second, First, Second> {
    using type = Second;
    static Second &in(pair<First, Second> &both) { return both.second; }
};

template <size_t N, class First, class Second>
typename pair_element<N, First, Second>::type &get(pair<First, Second> &both)
{
    return pair_element<N, First, Second>::in(both);
}

template <class T> T *addressof(T &object) { return __builtin_addressof(object); }

template <class T> class reference_wrapper {
public:
    reference_wrapper(T &object) : object_(std::addressof(object)) {}
    operator T &() const { return *object_; }
    T &get() const { return *object_; }

private:
    T *object_;
};

template <class T> reference_wrapper<T> ref(T &object) { return reference_wrapper<T>(object); }
template <class T> reference_wrapper<T> cref(T &object) { return reference_wrapper<T>(object); }

struct in_place_t {
    int nothing;
};

}
