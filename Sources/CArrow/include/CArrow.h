// Arrow C++ as the Formats room needs it: files and streams of record batches. Handles are opaque; no C++ exception leaves.
#ifndef GARIEP_C_ARROW_H
#define GARIEP_C_ARROW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of the Arrow C data interface; CArrowABI.h and Arrow's own arrow/c/abi.h say what is in them.
struct ArrowSchema;
struct ArrowArray;

// What kind of failure; the first is none.
enum {
    CARROW_OK = 0,
    CARROW_IO = 1,
    CARROW_INVALID = 2,
    CARROW_UNSUPPORTED = 3,
    CARROW_MEMORY = 4,
    CARROW_OTHER = 5
};

// A failure. `message` is the caller's, freed with carrow_free; `system_error` is an errno, or 0.
typedef struct carrow_error {
    int32_t kind;
    int32_t system_error;
    char *message;
} carrow_error;

void carrow_free(void *memory);

// How files are written. `compression` is none, snappy, gzip, zstd, lz4 or brotli; `level` INT32_MIN means its default.
typedef struct carrow_write_options {
    const char *compression;
    int32_t level;
    int64_t row_group_rows;
    bool dictionary;
    bool statistics;
    const char *created_by;
} carrow_write_options;

typedef struct carrow_writer carrow_writer;
typedef struct carrow_reader carrow_reader;
typedef struct carrow_parquet carrow_parquet;

// Writers. `schema` and `array` are taken over in every case. A NULL path writes to memory. Null means failure.
carrow_writer *carrow_write_parquet(
    const char *path, struct ArrowSchema *schema, const carrow_write_options *options, carrow_error *error);
carrow_writer *carrow_write_orc(
    const char *path, struct ArrowSchema *schema, const carrow_write_options *options, carrow_error *error);
// `stream` leaves out the footer by which a file's batches are found in any order.
carrow_writer *carrow_write_ipc(
    const char *path, struct ArrowSchema *schema, const carrow_write_options *options, bool stream, carrow_error *error);
bool carrow_writer_write(carrow_writer *writer, struct ArrowArray *array, carrow_error *error);
// Ends the row group of a Parquet file, if it has rows; the next batch begins another.
bool carrow_writer_end_row_group(carrow_writer *writer, carrow_error *error);
// Ends the file and closes it. The handle stays, for what can be asked afterwards.
bool carrow_writer_close(carrow_writer *writer, carrow_error *error);
// Bytes given to the file or memory so far.
int64_t carrow_writer_bytes(const carrow_writer *writer);
// What a writer to memory has written, once closed; good as long as the writer.
const void *carrow_writer_memory(const carrow_writer *writer, size_t *count);
// What a closed Parquet writer wrote. Free with carrow_parquet_free.
carrow_parquet *carrow_writer_parquet(const carrow_writer *writer);
void carrow_writer_free(carrow_writer *writer);

// Readers.
carrow_reader *carrow_read_parquet(const char *path, carrow_error *error);
carrow_reader *carrow_read_orc(const char *path, carrow_error *error);
carrow_reader *carrow_read_ipc(const char *path, bool stream, carrow_error *error);
// Reads a copy of `count` bytes.
carrow_reader *carrow_read_ipc_memory(const void *bytes, size_t count, bool stream, carrow_error *error);
bool carrow_reader_schema(carrow_reader *reader, struct ArrowSchema *schema, carrow_error *error);
// The schema that the writer had, where a Parquet file keeps it (ARROW:schema); false without an error where it does not.
bool carrow_reader_original_schema(carrow_reader *reader, struct ArrowSchema *schema, carrow_error *error);
// Rows in all, or -1 where that is not known before the end.
int64_t carrow_reader_rows(const carrow_reader *reader);
carrow_parquet *carrow_reader_parquet(const carrow_reader *reader);
// Begins with the batches. Parquet: leaf columns and row groups by number. ORC: leaf_count names of fields.
bool carrow_reader_start_parquet(
    carrow_reader *reader, const int32_t *leaves, int32_t leaf_count, const int32_t *row_groups,
    int32_t row_group_count, int64_t batch_rows, carrow_error *error);
bool carrow_reader_start_orc(
    carrow_reader *reader, const char *const *names, int32_t name_count, int64_t batch_rows, carrow_error *error);
// The schema of the batches that were begun.
bool carrow_reader_batch_schema(carrow_reader *reader, struct ArrowSchema *schema, carrow_error *error);
// The next batch; at the end `array` has no release. A batch from IPC has been validated in full.
bool carrow_reader_next(carrow_reader *reader, struct ArrowArray *array, carrow_error *error);
void carrow_reader_free(carrow_reader *reader);

// A Parquet file's own account of itself.
int64_t carrow_parquet_rows(const carrow_parquet *file);
int32_t carrow_parquet_row_groups(const carrow_parquet *file);
int64_t carrow_parquet_row_group_rows(const carrow_parquet *file, int32_t row_group);
int32_t carrow_parquet_leaves(const carrow_parquet *file);
// Which top-level field a leaf column belongs to.
int32_t carrow_parquet_leaf_root(const carrow_parquet *file, int32_t leaf);
// The names from the top-level field down, NULL behind the last; good as long as `file`.
const char *carrow_parquet_leaf_name(const carrow_parquet *file, int32_t leaf, int32_t level);
// Whether the leaf lies in a list or map.
bool carrow_parquet_leaf_repeated(const carrow_parquet *file, int32_t leaf);

// One column chunk. `minimum` and `maximum` are in Parquet's PLAIN encoding, NULL where not known; good until the next call.
typedef struct carrow_chunk {
    int64_t values;
    int64_t nulls;  // -1 where not known.
    const uint8_t *minimum;
    size_t minimum_count;
    const uint8_t *maximum;
    size_t maximum_count;
    int64_t compressed_bytes;
} carrow_chunk;
bool carrow_parquet_chunk(carrow_parquet *file, int32_t row_group, int32_t leaf, carrow_chunk *chunk, carrow_error *error);
void carrow_parquet_free(carrow_parquet *file);

// Arrow's memory: how much it holds, the most it has held, and how much it may hold from now on (0: no limit).
int64_t carrow_memory_bytes(void);
int64_t carrow_memory_peak_bytes(void);
void carrow_memory_limit(int64_t bytes);
const char *carrow_version(void);

#ifdef __cplusplus
}
#endif
#endif
