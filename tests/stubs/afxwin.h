#pragma once
#include <windows.h>
class CException {
public:
    void Delete();
};
class CUserException : public CException {};
class CFileException : public CException {};
[[noreturn]] void AfxThrowUserException();
class CFile {
public:
    void Write(const void *, UINT);
};
#define TRY try {
#define CATCH(type, name) } catch (type *name) {
#define AND_CATCH(type, name) } catch (type *name) {
#define CATCH_ALL(name) } catch (CException *name) {
#define END_CATCH }
#define END_CATCH_ALL }
#define THROW(object) throw object
#define THROW_LAST() throw
