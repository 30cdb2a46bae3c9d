#pragma once

namespace vault {

class Owner {
public:
    explicit Owner(HCRYPTKEY key);
    ~Owner();
};

template <typename Handle> class OwnerOf {
public:
    explicit OwnerOf(Handle handle);
    ~OwnerOf();
};

struct KeyOwner {
    KeyOwner();
    KeyOwner(HCRYPTKEY key);
    ~KeyOwner();
    HCRYPTKEY handle;
};

} // namespace vault
