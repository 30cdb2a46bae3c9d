// words: atlcrypt
// makes: CCryptProv CCryptDerivedKey CCryptRandomKey CCryptUserExKey CCryptUserSigKey CCryptImportKey
// ATL's atlcrypt.h. A failure is any HRESULT below zero.
namespace ATL {

class CCryptProv {
protected:
    HCRYPTPROV m_hProv;

public:
    CCryptProv() : m_hProv(0) {}
    CCryptProv(const CCryptProv &prov) : m_hProv(prov.m_hProv)
    {
        if (m_hProv)
            AddRef();
    }
    explicit CCryptProv(HCRYPTPROV hProv, BOOL bTakeOwnership = 0) : m_hProv(hProv)
    {
        if (m_hProv && !bTakeOwnership)
            AddRef();
    }
    ~CCryptProv() { Release(); }
    CCryptProv &operator=(const CCryptProv &prov)
    {
        if (this != &prov) {
            Release();
            m_hProv = prov.m_hProv;
            if (m_hProv)
                AddRef();
        }
        return *this;
    }

    HRESULT AddRef() { return CryptContextAddRef(m_hProv, 0, 0) ? 0 : -1; }
    void Attach(HCRYPTPROV hProv, BOOL bTakeOwnership = 0)
    {
        m_hProv = hProv;
        if (m_hProv && !bTakeOwnership)
            AddRef();
    }
    HCRYPTPROV Detach()
    {
        HCRYPTPROV hProv = m_hProv;
        m_hProv = 0;
        return hProv;
    }
    HRESULT Release()
    {
        if (m_hProv) {
            CryptReleaseContext(m_hProv, 0);
            m_hProv = 0;
        }
        return 0;
    }
    HRESULT Uninitialize() { return Release(); }
    HRESULT Initialize(DWORD dwProviderType = 1, LPCTSTR szContainer = 0, LPCTSTR szProvider = 0,
                       DWORD dwFlags = 0)
    {
        if (!CryptAcquireContext(&m_hProv, szContainer, szProvider, dwProviderType, dwFlags))
            return -1;
        return 0;
    }
    HRESULT InitVerifyContext(DWORD dwProviderType = 1, LPCTSTR szProvider = 0, DWORD dwFlags = 0)
    {
        if (!CryptAcquireContext(&m_hProv, 0, szProvider, dwProviderType, CRYPT_VERIFYCONTEXT))
            return -1;
        return 0;
    }
    HRESULT InitCreateKeySet(DWORD dwProviderType = 1, LPCTSTR szContainer = 0,
                             LPCTSTR szProvider = 0, DWORD dwFlags = 0)
    {
        if (!CryptAcquireContext(&m_hProv, szContainer, szProvider, dwProviderType, CRYPT_NEWKEYSET))
            return -1;
        return 0;
    }
    HRESULT GenRandom(ULONG nLength, BYTE *pbBuffer)
    {
        return CryptGenRandom(m_hProv, nLength, pbBuffer) ? 0 : -1;
    }
    HRESULT GetParam(DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags = 0)
    {
        return CryptGetProvParam(m_hProv, dwParam, pbData, pdwDataLen, dwFlags) ? 0 : -1;
    }
    HRESULT SetParam(DWORD dwParam, BYTE *pbData, DWORD dwFlags = 0)
    {
        return CryptSetProvParam(m_hProv, dwParam, pbData, dwFlags) ? 0 : -1;
    }
    HCRYPTPROV GetHandle() { return m_hProv; }
};

class CCryptHash {
protected:
    HCRYPTHASH m_hHash;

public:
    CCryptHash() : m_hHash(0) {}
    CCryptHash(const CCryptHash &hash) : m_hHash(hash.Duplicate()) {}
    explicit CCryptHash(HCRYPTHASH hHash, BOOL bTakeOwnership = 0) : m_hHash(0)
    {
        Attach(hHash, bTakeOwnership);
    }
    ~CCryptHash() { Destroy(); }

    void Attach(HCRYPTHASH hHash, BOOL bTakeOwnership = 0)
    {
        if (bTakeOwnership)
            m_hHash = hHash;
        else if (!CryptDuplicateHash(hHash, 0, 0, &m_hHash))
            m_hHash = 0;
    }
    void Destroy()
    {
        if (m_hHash) {
            CryptDestroyHash(m_hHash);
            m_hHash = 0;
        }
    }
    HCRYPTHASH Detach()
    {
        HCRYPTHASH hHash = m_hHash;
        m_hHash = 0;
        return hHash;
    }
    HRESULT Detach(HCRYPTHASH *phHash)
    {
        *phHash = m_hHash;
        m_hHash = 0;
        return 0;
    }
    HCRYPTHASH Duplicate() const
    {
        HCRYPTHASH hHash = 0;
        if (!CryptDuplicateHash(m_hHash, 0, 0, &hHash))
            return 0;
        return hHash;
    }
    HRESULT Uninitialize()
    {
        Destroy();
        return 0;
    }
    HRESULT AddData(const BYTE *pbData, DWORD dwDataLen, DWORD dwFlags = 0)
    {
        return CryptHashData(m_hHash, pbData, dwDataLen, dwFlags) ? 0 : -1;
    }
    HRESULT GetParam(DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags = 0)
    {
        return CryptGetHashParam(m_hHash, dwParam, pbData, pdwDataLen, dwFlags) ? 0 : -1;
    }
    HRESULT SetParam(DWORD dwParam, BYTE *pbData, DWORD dwFlags = 0)
    {
        return CryptSetHashParam(m_hHash, dwParam, pbData, dwFlags) ? 0 : -1;
    }
    HRESULT GetValue(BYTE *pBuf, DWORD *pdwSize)
    {
        return CryptGetHashParam(m_hHash, HP_HASHVAL, pBuf, pdwSize, 0) ? 0 : -1;
    }
    HCRYPTHASH GetHandle() { return m_hHash; }
};

class CCryptKey {
protected:
    HCRYPTKEY m_hKey;

public:
    CCryptKey() : m_hKey(0) {}
    CCryptKey(const CCryptKey &key) : m_hKey(key.Duplicate()) {}
    explicit CCryptKey(HCRYPTKEY hKey, BOOL bTakeOwnership = 0) : m_hKey(0)
    {
        Attach(hKey, bTakeOwnership);
    }
    ~CCryptKey() { Destroy(); }

    void Attach(HCRYPTKEY hKey, BOOL bTakeOwnership = 0)
    {
        if (bTakeOwnership)
            m_hKey = hKey;
        else if (!CryptDuplicateKey(hKey, 0, 0, &m_hKey))
            m_hKey = 0;
    }
    void Destroy()
    {
        if (m_hKey) {
            CryptDestroyKey(m_hKey);
            m_hKey = 0;
        }
    }
    HCRYPTKEY Detach()
    {
        HCRYPTKEY hKey = m_hKey;
        m_hKey = 0;
        return hKey;
    }
    HCRYPTKEY Duplicate() const
    {
        HCRYPTKEY hKey = 0;
        if (!CryptDuplicateKey(m_hKey, 0, 0, &hKey))
            return 0;
        return hKey;
    }
    HRESULT Uninitialize()
    {
        Destroy();
        return 0;
    }
    HRESULT Encrypt(BOOL final, BYTE *pbData, DWORD *pdwDataLen, DWORD dwBufLen)
    {
        return CryptEncrypt(m_hKey, 0, final, 0, pbData, pdwDataLen, dwBufLen) ? 0 : -1;
    }
    HRESULT Encrypt(BOOL final, BYTE *pbData, DWORD *pdwDataLen, DWORD dwBufLen, CCryptHash &Hash)
    {
        HCRYPTHASH hHash = Hash.GetHandle();
        return CryptEncrypt(m_hKey, hHash, final, 0, pbData, pdwDataLen, dwBufLen) ? 0 : -1;
    }
    HRESULT Decrypt(BOOL final, BYTE *pbData, DWORD *pdwDataLen)
    {
        return CryptDecrypt(m_hKey, 0, final, 0, pbData, pdwDataLen) ? 0 : -1;
    }
    HRESULT Decrypt(BOOL final, BYTE *pbData, DWORD *pdwDataLen, CCryptHash &Hash)
    {
        HCRYPTHASH hHash = Hash.GetHandle();
        return CryptDecrypt(m_hKey, hHash, final, 0, pbData, pdwDataLen) ? 0 : -1;
    }
    HRESULT GetParam(DWORD dwParam, BYTE *pbData, DWORD *pdwDataLen, DWORD dwFlags = 0)
    {
        return CryptGetKeyParam(m_hKey, dwParam, pbData, pdwDataLen, dwFlags) ? 0 : -1;
    }
    HRESULT SetParam(DWORD dwParam, BYTE *pbData, DWORD dwFlags = 0)
    {
        return CryptSetKeyParam(m_hKey, dwParam, pbData, dwFlags) ? 0 : -1;
    }
    HCRYPTKEY GetHandle() { return m_hKey; }
};

class CCryptDerivedKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &Prov, CCryptHash &Hash, ALG_ID algid = 0, DWORD dwFlags = 1)
    {
        if (!CryptDeriveKey(Prov.GetHandle(), algid, Hash.GetHandle(), dwFlags, &m_hKey))
            return -1;
        return 0;
    }
};

class CCryptRandomKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &Prov, ALG_ID algid = 0, DWORD dwFlags = 1)
    {
        if (!CryptGenKey(Prov.GetHandle(), algid, dwFlags, &m_hKey))
            return -1;
        return 0;
    }
};

class CCryptUserExKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &Prov)
    {
        if (!CryptGetUserKey(Prov.GetHandle(), AT_KEYEXCHANGE, &m_hKey))
            return -1;
        return 0;
    }
    HRESULT Create(CCryptProv &Prov)
    {
        if (!CryptGenKey(Prov.GetHandle(), AT_KEYEXCHANGE, 0, &m_hKey))
            return -1;
        return 0;
    }
};

class CCryptUserSigKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &Prov)
    {
        if (!CryptGetUserKey(Prov.GetHandle(), AT_SIGNATURE, &m_hKey))
            return -1;
        return 0;
    }
    HRESULT Create(CCryptProv &Prov)
    {
        if (!CryptGenKey(Prov.GetHandle(), AT_SIGNATURE, 0, &m_hKey))
            return -1;
        return 0;
    }
};

class CCryptImportKey : public CCryptKey {
public:
    HRESULT Initialize(CCryptProv &Prov, BYTE *pbData, DWORD dwDataLen, CCryptKey &PubKey,
                       DWORD dwFlags)
    {
        HCRYPTKEY hPubKey = PubKey.GetHandle();
        if (!CryptImportKey(Prov.GetHandle(), pbData, dwDataLen, hPubKey, dwFlags, &m_hKey))
            return -1;
        return 0;
    }
};

class CCryptKeyedHash : public CCryptHash {
public:
    HRESULT Initialize(CCryptProv &Prov, ALG_ID Algid, CCryptKey &Key, DWORD dwFlags)
    {
        if (!CryptCreateHash(Prov.GetHandle(), Algid, Key.GetHandle(), dwFlags, &m_hHash))
            return -1;
        return 0;
    }
};

class CCryptPlainHash : public CCryptHash {
public:
    HRESULT Initialize(CCryptProv &Prov, LPCTSTR szText = 0)
    {
        if (!CryptCreateHash(Prov.GetHandle(), CALG_MD5, 0, 0, &m_hHash))
            return -1;
        return 0;
    }
};
class CCryptMD5Hash : public CCryptPlainHash {
};
class CCryptMD4Hash : public CCryptPlainHash {
};
class CCryptMD2Hash : public CCryptPlainHash {
};
class CCryptSHAHash : public CCryptPlainHash {
};
typedef CCryptSHAHash CCryptSHA1Hash;

class CCryptHMACHash : public CCryptHash {
public:
    HRESULT Initialize(CCryptProv &Prov, CCryptKey &Key, LPCTSTR szText = 0)
    {
        if (!CryptCreateHash(Prov.GetHandle(), CALG_HMAC, Key.GetHandle(), 0, &m_hHash))
            return -1;
        return 0;
    }
};
class CCryptMACHash : public CCryptHMACHash {
};
class CCryptSSL3SHAMD5Hash : public CCryptHMACHash {
};

}
using namespace ATL;
