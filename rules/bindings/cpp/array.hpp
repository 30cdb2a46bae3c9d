// words: array
// The C++ standard, [array]: it is to its elements what an array is.
namespace std {

template <class T, size_t N> using array = T[N];

}
