// words: exchange swap pair make_pair in_place
// The C++ standard, [utility] and [pairs].
namespace std {

template <class T, class U> T exchange(T &object, U new_value)
{
    T old = object;
    object = new_value;
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

template <size_t N, class First, class Second> struct pair_element {
    using type = First;
};
template <class First, class Second> struct pair_element<1, First, Second> {
    using type = Second;
};

template <size_t N, class First, class Second>
typename pair_element<N, First, Second>::type &get(pair<First, Second> &both)
{
    if (N == 0)
        return both.first;
    return both.second;
}

struct in_place_t {
    int nothing;
};

}
