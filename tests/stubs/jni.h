#pragma once

typedef int jint;
typedef unsigned char jboolean;
typedef signed char jbyte;

class _jobject {};
typedef _jobject *jobject;
typedef jobject jclass;
typedef jobject jbyteArray;

struct JNIEnv
{
    jclass FindClass(const char *name);
    jint ThrowNew(jclass type, const char *message);
    jbyte *GetByteArrayElements(jbyteArray array, jboolean *copied);
    jint GetArrayLength(jbyteArray array);
};
