// words: END_CATCH END_CATCH_ALL END_TRY AfxThrowMemoryException AfxThrowNotSupportedException
// words: AfxThrowInvalidArgException AfxThrowResourceException AfxThrowUserException
// words: AfxThrowFileException AfxThrowArchiveException AfxThrowOleException
// The exceptions macros and functions of MFC's afx.h: what they throw are pointers.
class CException {
public:
    void Delete();
};
class CSimpleException : public CException {
};
class CMemoryException : public CSimpleException {
};
class CNotSupportedException : public CSimpleException {
};
class CInvalidArgException : public CSimpleException {
};
class CResourceException : public CSimpleException {
};
class CUserException : public CSimpleException {
};
class CFileException : public CException {
};
class CArchiveException : public CException {
};
class COleException : public CException {
};
class CDBException : public CException {
};
class CInternetException : public CException {
};

inline void AfxThrowMemoryException() { throw new CMemoryException(); }
inline void AfxThrowNotSupportedException() { throw new CNotSupportedException(); }
inline void AfxThrowInvalidArgException() { throw new CInvalidArgException(); }
inline void AfxThrowResourceException() { throw new CResourceException(); }
inline void AfxThrowUserException() { throw new CUserException(); }
inline void AfxThrowFileException(int cause, LONG error = -1, LPCTSTR name = 0) { throw new CFileException(); }
inline void AfxThrowArchiveException(int cause, LPCTSTR name = 0) { throw new CArchiveException(); }
inline void AfxThrowOleException(LONG code) { throw new COleException(); }

#define TRY try {
#define CATCH(type, name) } catch (type *name) {
#define AND_CATCH(type, name) } catch (type *name) {
#define CATCH_ALL(name) } catch (CException *name) {
#define AND_CATCH_ALL(name) } catch (CException *name) {
#define END_CATCH }
#define END_CATCH_ALL }
#define END_TRY } catch (CException *) { }
#define THROW(object) throw object
#define THROW_LAST() throw
