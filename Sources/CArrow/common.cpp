#include "internal.hpp"

#include <arrow/config.h>
#include <arrow/util/io_util.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace carrow {

void report(int32_t kind, const char *message, carrow_error *error) {
    error->kind = kind;
    error->system_error = 0;
    error->message = strdup(message);
}

void report(const arrow::Status &status, carrow_error *error) {
    int32_t kind = status.IsIOError()          ? CARROW_IO
                   : status.IsInvalid()        ? CARROW_INVALID
                   : status.IsSerializationError() ? CARROW_INVALID
                   : status.IsTypeError()      ? CARROW_UNSUPPORTED
                   : status.IsNotImplemented() ? CARROW_UNSUPPORTED
                   : status.IsOutOfMemory()    ? CARROW_MEMORY
                   : status.IsCapacityError()  ? CARROW_MEMORY
                                               : CARROW_OTHER;
    report(kind, status.message().c_str(), error);
    error->system_error = arrow::internal::ErrnoFromStatus(status);
}

// Pools with a limit live as long as the program: buffers from them may.
static std::atomic<arrow::MemoryPool *> current{nullptr};

arrow::MemoryPool *pool() {
    arrow::MemoryPool *chosen = current.load();
    return chosen ? chosen : arrow::default_memory_pool();
}

arrow::Compression::type compression(const char *name) {
    if (strcmp(name, "none") == 0) return arrow::Compression::UNCOMPRESSED;
    return value(arrow::util::Codec::GetCompressionType(name));
}

}  // namespace carrow

extern "C" {

void carrow_free(void *memory) { free(memory); }

int64_t carrow_memory_bytes(void) { return arrow::default_memory_pool()->bytes_allocated(); }
int64_t carrow_memory_peak_bytes(void) { return arrow::default_memory_pool()->max_memory(); }

void carrow_memory_limit(int64_t bytes) {
    carrow::current.store(
        bytes == 0 ? nullptr : new arrow::CappedMemoryPool(arrow::default_memory_pool(), bytes));
}

const char *carrow_version(void) { return ARROW_VERSION_STRING; }
}
