"""crypt32's functions that take a context: the model knows what they do to handles only.

A replay needs no more; a program that really calls one is told so.
"""

from __future__ import annotations

from typing import NoReturn

from capilint.model.errors import NotSupported
from capilint.model.signature import Body, Call, register

_FUNCTIONS = {
    "CryptImportPKCS8": "sPrivateKeyAndParams:information dwFlags:number phCryptProv:new-context"
    " pvAuxInfo:reserved",
    "CryptExportPKCS8": "hCryptProv:context dwKeySpec:number pszPrivateKeyObjId:text"
    " dwFlags:number pvAuxInfo:reserved pbPrivateKeyBlob:memory pcbPrivateKeyBlob:cell",
    "CryptExportPublicKeyInfo": "hCryptProvOrNCryptKey:context dwKeySpec:number"
    " dwCertEncodingType:number pInfo:memory pcbInfo:cell",
    "CryptExportPublicKeyInfoEx": "hCryptProvOrNCryptKey:context dwKeySpec:number"
    " dwCertEncodingType:number pszPublicKeyObjId:text dwFlags:number pvAuxInfo:reserved"
    " pInfo:memory pcbInfo:cell",
    "CryptHashCertificate": "hCryptProv:context? Algid:number dwFlags:number pbEncoded:memory"
    " cbEncoded:number pbComputedHash:memory pcbComputedHash:cell",
    "CryptHashPublicKeyInfo": "hCryptProv:context? Algid:number dwFlags:number"
    " dwCertEncodingType:number pInfo:information pbComputedHash:memory pcbComputedHash:cell",
    "CryptHashToBeSigned": "hCryptProv:context? dwCertEncodingType:number pbEncoded:memory"
    " cbEncoded:number pbComputedHash:memory pcbComputedHash:cell",
    "CryptSignCertificate": "hCryptProvOrNCryptKey:context dwKeySpec:number"
    " dwCertEncodingType:number pbEncodedToBeSigned:memory cbEncodedToBeSigned:number"
    " pSignatureAlgorithm:information pvHashAuxInfo:reserved pbSignature:memory pcbSignature:cell",
    "CryptSignAndEncodeCertificate": "hCryptProvOrNCryptKey:context dwKeySpec:number"
    " dwCertEncodingType:number lpszStructType:text pvStructInfo:information"
    " pSignatureAlgorithm:information pvHashAuxInfo:reserved pbEncoded:memory pcbEncoded:cell",
    "CryptVerifyCertificateSignature": "hCryptProv:context? dwCertEncodingType:number"
    " pbEncoded:memory cbEncoded:number pPublicKey:information",
    "CryptVerifyCertificateSignatureEx": "hCryptProv:context? dwCertEncodingType:number"
    " dwSubjectType:number pvSubject:information dwIssuerType:number pvIssuer:information"
    " dwFlags:number pvExtra:reserved",
    "CertCreateSelfSignCertificate": "hCryptProvOrNCryptKey:context? pSubjectIssuerBlob:memory"
    " dwFlags:number pKeyProvInfo:information pSignatureAlgorithm:information"
    " pStartTime:information pEndTime:information pExtensions:information",
    "CertOpenStore": "lpszStoreProvider:text dwEncodingType:number hCryptProv:context?"
    " dwFlags:number pvPara:information",
    "CertOpenSystemStore": "hProv:context? szSubsystemProtocol:text",
    "CryptMsgOpenToDecode": "dwMsgEncodingType:number dwFlags:number dwMsgType:number"
    " hCryptProv:context? pRecipientInfo:reserved pStreamInfo:information",
    "CryptGetMessageCertificates": "dwMsgAndCertEncodingType:number hCryptProv:context?"
    " dwFlags:number pbSignedBlob:memory cbSignedBlob:number",
    "CryptMsgVerifyCountersignatureEncoded": "hCryptProv:context? dwEncodingType:number"
    " pbSignerInfo:memory cbSignerInfo:number pbSignerInfoCountersignature:memory"
    " cbSignerInfoCountersignature:number pciCountersigner:information",
    "CryptMsgVerifyCountersignatureEncodedEx": "hCryptProv:context? dwEncodingType:number"
    " pbSignerInfo:memory cbSignerInfo:number pbSignerInfoCountersignature:memory"
    " cbSignerInfoCountersignature:number dwSignerType:number pvSigner:information"
    " dwFlags:number pvExtra:reserved",
    "CryptInstallDefaultContext": "hCryptProv:context dwDefaultType:number"
    " pvDefaultPara:information dwFlags:number pvReserved:reserved phDefaultContext:cell",
}


def _refusal(name: str) -> Body:
    def refuse(call: Call) -> NoReturn:
        raise NotSupported(f"the model knows what {name} does to handles, but cannot run it")

    return refuse


for _name, _parameters in _FUNCTIONS.items():
    register(_name, _parameters, _refusal(_name), computed=False)
