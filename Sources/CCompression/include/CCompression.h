// The decompressors and compressors of Kafka's codecs behind prefixed names and plain types. No state, no allocation kept.
#ifndef GARIEP_C_COMPRESSION_H
#define GARIEP_C_COMPRESSION_H
#include <stddef.h>
#include <stdint.h>

enum {
    CCOMPRESSION_OK = 0,
    // The output does not fit; nothing useful is in it.
    CCOMPRESSION_TOO_SMALL = 1,
    // The input is not what the codec writes, or is cut short.
    CCOMPRESSION_CORRUPT = 2,
};

// Each decompresses all of `source` into `target` and says in `written` how many bytes came out.
int ccompression_gzip_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
int ccompression_zstd_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
int ccompression_lz4_frame_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
int ccompression_snappy_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
// How many bytes a raw Snappy block says it holds.
int ccompression_snappy_size(const void *source, size_t count, size_t *size);

// The most bytes that `count` bytes can become, and the compression itself.
size_t ccompression_zstd_bound(size_t count);
int ccompression_zstd_compress(const void *source, size_t count, void *target, size_t capacity, int level, size_t *written);
size_t ccompression_lz4_frame_bound(size_t count);
int ccompression_lz4_frame_compress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
size_t ccompression_snappy_bound(size_t count);
int ccompression_snappy_compress(const void *source, size_t count, void *target, size_t capacity, size_t *written);
size_t ccompression_gzip_bound(size_t count);
int ccompression_gzip_compress(const void *source, size_t count, void *target, size_t capacity, int level, size_t *written);
#endif
