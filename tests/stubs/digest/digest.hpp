// Classes that the linter does not see: it knows of their members what it sees methods do.
#pragma once

#include <windows.h>
#include <wincrypt.h>

class Digest {
public:
    Digest();
    ~Digest();
    void start(HCRYPTPROV prov);

private:
    void reset();

    HCRYPTHASH m_hash = 0;
};

class Session {
public:
    explicit Session(HCRYPTPROV prov);
    void encrypt(BYTE *data, DWORD *length, DWORD room);

protected:
    HCRYPTPROV m_prov;
    HCRYPTKEY m_key = 0;
};
