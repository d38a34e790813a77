// What the files of this shim share.
#pragma once
#include <CArrow.h>
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <parquet/metadata.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace carrow {

// Thrown inside the shim only, caught by `guarded`.
struct Failure {
    arrow::Status status;
};

inline void check(const arrow::Status &status) {
    if (!status.ok()) throw Failure{status};
}

template <typename T>
T value(arrow::Result<T> result) {
    check(result.status());
    return std::move(result).ValueUnsafe();
}

void report(const arrow::Status &status, carrow_error *error);
void report(int32_t kind, const char *message, carrow_error *error);

// Runs `body`; what it throws becomes `error`, and the result `failed`.
template <typename R, typename Body>
R guarded(carrow_error *error, R failed, Body body) {
    try {
        return body();
    } catch (const Failure &failure) {
        report(failure.status, error);
    } catch (const std::bad_alloc &) {
        report(CARROW_MEMORY, "out of memory", error);
    } catch (const std::exception &exception) {
        report(CARROW_OTHER, exception.what(), error);
    } catch (...) {
        report(CARROW_OTHER, "an exception of an unknown kind", error);
    }
    return failed;
}

arrow::MemoryPool *pool();
arrow::Compression::type compression(const char *name);

}  // namespace carrow

struct carrow_parquet {
    std::shared_ptr<parquet::FileMetaData> metadata;
    std::vector<std::vector<std::string>> paths;
    std::string minimum, maximum;
};

namespace carrow {
carrow_parquet *describe(std::shared_ptr<parquet::FileMetaData> metadata);
}
