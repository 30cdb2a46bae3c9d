#pragma once
#include <windows.h>
#include <wincrypt.h>
namespace ATL {
class CCryptProv {
public:
    CCryptProv();
    CCryptProv(const CCryptProv &);
    ~CCryptProv();
    HRESULT Initialize(DWORD = PROV_RSA_FULL, LPCTSTR = 0, LPCTSTR = 0, DWORD = 0);
    HRESULT InitVerifyContext(DWORD = PROV_RSA_FULL, LPCTSTR = 0, DWORD = 0);
    HRESULT Uninitialize();
    HCRYPTPROV Detach();
    HCRYPTPROV GetHandle();
};
class CCryptHash {
public:
    CCryptHash();
    ~CCryptHash();
    HRESULT AddData(const BYTE *, DWORD, DWORD = 0);
    HRESULT GetValue(BYTE *, DWORD *);
    void Destroy();
    HCRYPTHASH GetHandle();
    static CCryptHash EmptyHash;
};
class CCryptKey {
public:
    CCryptKey();
    CCryptKey(const CCryptKey &);
    explicit CCryptKey(HCRYPTKEY, BOOL = FALSE);
    ~CCryptKey();
    void Attach(HCRYPTKEY, BOOL = FALSE);
    void Destroy();
    HCRYPTKEY Detach();
    HRESULT Encrypt(BOOL, BYTE *, DWORD *, DWORD, CCryptHash & = CCryptHash::EmptyHash);
    HRESULT Decrypt(BOOL, BYTE *, DWORD *, CCryptHash & = CCryptHash::EmptyHash);
    HCRYPTKEY GetHandle();
};
class CCryptDerivedKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &, CCryptHash &, ALG_ID = CALG_RC4, DWORD = CRYPT_EXPORTABLE);
};
class CCryptRandomKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &, ALG_ID = CALG_RC4, DWORD = CRYPT_EXPORTABLE);
};
class CCryptMD5Hash : public CCryptHash {
public:
    HRESULT Initialize(CCryptProv &, LPCTSTR = 0);
};
}
using namespace ATL;
