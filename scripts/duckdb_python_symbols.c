// Stand-ins for the CPython symbols that DuckDB's library asks for, because it comes out of the Python wheel.
// The C API never calls Python, but the loader wants every data symbol (and, when it binds eagerly, every function).
// The lists are all of `nm -D --undefined-only` that begins with Py or _Py; scripts/bootstrap checks that none is missing.
#include <stdio.h>
#include <stdlib.h>

// Only addresses are taken of these; 1 KiB is larger than any object or type they stand for.
#define PYTHON_DATA \
    X(PyBaseObject_Type) X(PyBool_Type) X(PyByteArray_Type) X(PyBytes_Type) X(PyCFunction_Type) X(PyCapsule_Type) \
    X(PyDict_Type) X(PyExc_AttributeError) X(PyExc_BufferError) X(PyExc_Exception) X(PyExc_ImportError) \
    X(PyExc_IndexError) X(PyExc_KeyError) X(PyExc_MemoryError) X(PyExc_ModuleNotFoundError) \
    X(PyExc_NotImplementedError) X(PyExc_OverflowError) X(PyExc_ResourceWarning) X(PyExc_RuntimeError) \
    X(PyExc_RuntimeWarning) X(PyExc_StopIteration) X(PyExc_SystemError) X(PyExc_TypeError) \
    X(PyExc_UnicodeEncodeError) X(PyExc_ValueError) X(PyFloat_Type) X(PyList_Type) X(PyLong_Type) \
    X(PyMemoryView_Type) X(PyModule_Type) X(PyProperty_Type) X(PyTuple_Type) X(PyType_Type) X(PyUnicode_Type) \
    X(Py_GenericAliasType) X(_PyWeakref_RefType) X(_Py_FalseStruct) X(_Py_NoneStruct) X(_Py_NotImplementedStruct) \
    X(_Py_TrueStruct)
#define PYTHON_FUNCTIONS \
    X(PyBuffer_Release) X(PyByteArray_AsString) X(PyByteArray_FromStringAndSize) X(PyByteArray_Size) \
    X(PyBytes_AsString) X(PyBytes_AsStringAndSize) X(PyBytes_FromObject) X(PyBytes_FromStringAndSize) \
    X(PyBytes_Size) X(PyCMethod_New) X(PyCallable_Check) X(PyCapsule_GetContext) X(PyCapsule_GetName) \
    X(PyCapsule_GetPointer) X(PyCapsule_IsValid) X(PyCapsule_New) X(PyCapsule_SetContext) X(PyDict_Contains) \
    X(PyDict_DelItem) X(PyDict_GetItem) X(PyDict_GetItemString) X(PyDict_GetItemWithError) X(PyDict_New) \
    X(PyDict_Next) X(PyDict_SetItem) X(PyDict_SetItemString) X(PyDict_Update) X(PyErr_CheckSignals) \
    X(PyErr_Clear) X(PyErr_ExceptionMatches) X(PyErr_Fetch) X(PyErr_Format) X(PyErr_FormatV) \
    X(PyErr_GivenExceptionMatches) X(PyErr_NewException) X(PyErr_NoMemory) X(PyErr_NormalizeException) \
    X(PyErr_Occurred) X(PyErr_Print) X(PyErr_PrintEx) X(PyErr_Restore) X(PyErr_SetObject) X(PyErr_SetString) \
    X(PyErr_WarnEx) X(PyErr_WarnFormat) X(PyErr_WriteUnraisable) X(PyEval_EvalCode) X(PyEval_RestoreThread) \
    X(PyEval_SaveThread) X(PyException_GetTraceback) X(PyException_SetCause) X(PyException_SetContext) \
    X(PyException_SetTraceback) X(PyFloat_AsDouble) X(PyFloat_FromDouble) X(PyFrame_GetBack) X(PyFrame_GetCode) \
    X(PyFrame_GetLineNumber) X(PyGILState_Ensure) X(PyGILState_GetThisThreadState) X(PyGILState_Release) \
    X(PyImport_AddModule) X(PyImport_GetModule) X(PyImport_GetModuleDict) X(PyImport_ImportModule) \
    X(PyInterpreterState_Get) X(PyInterpreterState_GetDict) X(PyIter_Next) X(PyList_Append) X(PyList_GetItem) \
    X(PyList_New) X(PyLong_AsLong) X(PyLong_AsLongLongAndOverflow) X(PyLong_AsUnsignedLongLong) \
    X(PyLong_AsUnsignedLongLongMask) X(PyLong_FromLong) X(PyLong_FromLongLong) X(PyLong_FromSize_t) \
    X(PyLong_FromString) X(PyLong_FromUnsignedLong) X(PyLong_FromUnsignedLongLong) X(PyLong_FromVoidPtr) \
    X(PyMem_Calloc) X(PyMem_Free) X(PyMem_Malloc) X(PyModuleDef_Init) X(PyModule_AddObjectRef) X(PyModule_GetDef) \
    X(PyModule_GetDict) X(PyModule_GetName) X(PyModule_GetState) X(PyModule_NewObject) X(PyNumber_InPlaceOr) \
    X(PyNumber_Index) X(PyNumber_Long) X(PyNumber_Lshift) X(PyNumber_Subtract) X(PyObject_CallFunctionObjArgs) \
    X(PyObject_CallNoArgs) X(PyObject_CallObject) X(PyObject_ClearWeakRefs) X(PyObject_Free) X(PyObject_GC_Del) \
    X(PyObject_GC_Track) X(PyObject_GC_UnTrack) X(PyObject_GenericGetAttr) X(PyObject_GenericGetDict) \
    X(PyObject_GenericSetDict) X(PyObject_GetAttr) X(PyObject_GetAttrString) X(PyObject_GetBuffer) \
    X(PyObject_GetItem) X(PyObject_GetIter) X(PyObject_HasAttr) X(PyObject_Hash) X(PyObject_Init) \
    X(PyObject_IsInstance) X(PyObject_IsSubclass) X(PyObject_IsTrue) X(PyObject_Malloc) X(PyObject_Realloc) \
    X(PyObject_Repr) X(PyObject_RichCompareBool) X(PyObject_SetAttr) X(PyObject_SetAttrString) X(PyObject_Size) \
    X(PyObject_Str) X(PyObject_Vectorcall) X(PyObject_VectorcallMethod) X(PySequence_Check) \
    X(PySequence_Contains) X(PySequence_GetItem) X(PySequence_List) X(PySequence_Size) X(PySequence_Tuple) \
    X(PySet_Add) X(PySet_New) X(PySys_GetObject) X(PyTuple_GetItem) X(PyTuple_New) X(PyTuple_Pack) \
    X(PyTuple_SetItem) X(PyTuple_Size) X(PyType_FromSpec) X(PyType_GenericAlloc) X(PyType_GenericNew) \
    X(PyType_GetFlags) X(PyType_GetName) X(PyType_GetSlot) X(PyType_IsSubtype) X(PyType_Ready) \
    X(PyUnicodeEncodeError_GetStart) X(PyUnicode_AsEncodedString) X(PyUnicode_AsUTF8AndSize) \
    X(PyUnicode_FromFormat) X(PyUnicode_FromString) X(PyUnicode_FromStringAndSize) X(PyUnicode_InternFromString) \
    X(PyUnicode_InternInPlace) X(PyUnicode_ReadChar) X(PyVectorcall_Call) X(PyWeakref_NewRef) X(Py_AtExit) \
    X(Py_BuildValue) X(Py_CompileStringExFlags) X(Py_GenericAlias) X(_PyObject_GC_New) X(_PyObject_LookupAttr) \
    X(_PyObject_New) X(_PyThreadState_UncheckedGet) X(_PyType_Lookup) X(_Py_Dealloc)
#define X(name) __attribute__((aligned(16))) char name[1024];
PYTHON_DATA
#undef X

static _Noreturn void calledPython(const char *name) {
    fprintf(stderr, "gariep: DuckDB called %s, but there is no Python in this program. Please report this query.\n", name);
    abort();
}

#define X(name) \
    void name(void) { calledPython(#name); }
PYTHON_FUNCTIONS
#undef X
