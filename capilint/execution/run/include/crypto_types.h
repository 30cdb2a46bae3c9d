/* The structures and names of wincrypt.h beside handles, functions and numbers, which are
   generated. Facts: the SDK's pages of the structures. */
#ifndef CAPILINT_CRYPTO_TYPES_H
#define CAPILINT_CRYPTO_TYPES_H

typedef struct {
    BYTE bType, bVersion;
    WORD reserved;
    ALG_ID aiKeyAlg;
} BLOBHEADER, PUBLICKEYSTRUC;
typedef struct { DWORD magic, bitlen, pubexp; } RSAPUBKEY;
typedef struct { DWORD cbData; BYTE *pbData; } CRYPT_DATA_BLOB, DATA_BLOB, CRYPT_INTEGER_BLOB,
    CRYPT_OBJID_BLOB, CERT_NAME_BLOB, CRYPT_ATTR_BLOB, *PCRYPT_DATA_BLOB, *PCERT_NAME_BLOB;
typedef struct { DWORD cbData; BYTE *pbData; DWORD cUnusedBits; } CRYPT_BIT_BLOB;
typedef struct { LPSTR pszObjId; CRYPT_OBJID_BLOB Parameters; } CRYPT_ALGORITHM_IDENTIFIER;
typedef struct {
    CRYPT_ALGORITHM_IDENTIFIER Algorithm;
    CRYPT_BIT_BLOB PublicKey;
} CERT_PUBLIC_KEY_INFO, *PCERT_PUBLIC_KEY_INFO;
typedef struct {
    ALG_ID HashAlgid;
    BYTE *pbInnerString;
    DWORD cbInnerString;
    BYTE *pbOuterString;
    DWORD cbOuterString;
} HMAC_INFO, *PHMAC_INFO;
typedef struct {
    DWORD dwVersion;
    CRYPT_INTEGER_BLOB SerialNumber;
    CRYPT_ALGORITHM_IDENTIFIER SignatureAlgorithm;
    CERT_NAME_BLOB Issuer;
    FILETIME NotBefore, NotAfter;
    CERT_NAME_BLOB Subject;
    CERT_PUBLIC_KEY_INFO SubjectPublicKeyInfo;
} CERT_INFO, *PCERT_INFO;
typedef struct {
    DWORD dwCertEncodingType;
    BYTE *pbCertEncoded;
    DWORD cbCertEncoded;
    PCERT_INFO pCertInfo;
    PVOID hCertStore;
} CERT_CONTEXT, *PCERT_CONTEXT;
typedef const CERT_CONTEXT *PCCERT_CONTEXT;

#define X509_ASN_ENCODING 0x1
#define PKCS_7_ASN_ENCODING 0x10000
#define MS_DEF_PROV_A "Microsoft Base Cryptographic Provider v1.0"
#define MS_DEF_PROV_W L"Microsoft Base Cryptographic Provider v1.0"
#define MS_STRONG_PROV_A "Microsoft Strong Cryptographic Provider"
#define MS_STRONG_PROV_W L"Microsoft Strong Cryptographic Provider"
#define MS_ENHANCED_PROV_A "Microsoft Enhanced Cryptographic Provider v1.0"
#define MS_ENHANCED_PROV_W L"Microsoft Enhanced Cryptographic Provider v1.0"
#define MS_ENH_RSA_AES_PROV_A "Microsoft Enhanced RSA and AES Cryptographic Provider"
#define MS_ENH_RSA_AES_PROV_W L"Microsoft Enhanced RSA and AES Cryptographic Provider"
#ifdef UNICODE
#define MS_DEF_PROV MS_DEF_PROV_W
#define MS_STRONG_PROV MS_STRONG_PROV_W
#define MS_ENHANCED_PROV MS_ENHANCED_PROV_W
#define MS_ENH_RSA_AES_PROV MS_ENH_RSA_AES_PROV_W
#else
#define MS_DEF_PROV MS_DEF_PROV_A
#define MS_STRONG_PROV MS_STRONG_PROV_A
#define MS_ENHANCED_PROV MS_ENHANCED_PROV_A
#define MS_ENH_RSA_AES_PROV MS_ENH_RSA_AES_PROV_A
#endif

#endif
