#include "CCompression.h"

#include <limits.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

int ccompression_gzip_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    if (count > UINT_MAX || capacity > UINT_MAX) return CCOMPRESSION_CORRUPT;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // 15 window bits, and 32 to accept gzip's and zlib's header.
    if (inflateInit2(&stream, 15 + 32) != Z_OK) return CCOMPRESSION_CORRUPT;
    stream.next_in = (Bytef *)source;
    stream.avail_in = (uInt)count;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int status = inflate(&stream, Z_FINISH);
    *written = stream.total_out;
    uInt left = stream.avail_out;
    inflateEnd(&stream);
    if (status == Z_STREAM_END) return CCOMPRESSION_OK;
    if (status == Z_BUF_ERROR && left == 0) return CCOMPRESSION_TOO_SMALL;
    return CCOMPRESSION_CORRUPT;
}

int ccompression_zstd_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context) return CCOMPRESSION_CORRUPT;
    ZSTD_inBuffer in = {source, count, 0};
    ZSTD_outBuffer out = {target, capacity, 0};
    int result = CCOMPRESSION_CORRUPT;
    for (;;) {
        size_t before_in = in.pos, before_out = out.pos;
        size_t status = ZSTD_decompressStream(context, &out, &in);
        if (ZSTD_isError(status)) break;
        if (status == 0 && in.pos == in.size) {
            result = CCOMPRESSION_OK;
            break;
        }
        if (out.pos == out.size && (status != 0 || in.pos < in.size)) {
            result = CCOMPRESSION_TOO_SMALL;
            break;
        }
        if (in.pos == before_in && out.pos == before_out) break;
    }
    *written = out.pos;
    ZSTD_freeDCtx(context);
    return result;
}

int ccompression_lz4_frame_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    LZ4F_dctx *context = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return CCOMPRESSION_CORRUPT;
    const char *in = source;
    char *out = target;
    size_t in_left = count, out_left = capacity;
    int result = CCOMPRESSION_CORRUPT;
    for (;;) {
        size_t taken = in_left, given = out_left;
        size_t status = LZ4F_decompress(context, out, &given, in, &taken, NULL);
        if (LZ4F_isError(status)) break;
        in += taken;
        in_left -= taken;
        out += given;
        out_left -= given;
        if (status == 0) {
            result = CCOMPRESSION_OK;
            break;
        }
        if (out_left == 0) {
            result = CCOMPRESSION_TOO_SMALL;
            break;
        }
        if (taken == 0 && given == 0) break;
    }
    *written = capacity - out_left;
    LZ4F_freeDecompressionContext(context);
    return result;
}

int ccompression_snappy_decompress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    *written = capacity;
    switch (snappy_uncompress(source, count, target, written)) {
        case SNAPPY_OK: return CCOMPRESSION_OK;
        case SNAPPY_BUFFER_TOO_SMALL: return CCOMPRESSION_TOO_SMALL;
        default: return CCOMPRESSION_CORRUPT;
    }
}

int ccompression_snappy_size(const void *source, size_t count, size_t *size) {
    return snappy_uncompressed_length(source, count, size) == SNAPPY_OK ? CCOMPRESSION_OK : CCOMPRESSION_CORRUPT;
}

size_t ccompression_zstd_bound(size_t count) { return ZSTD_compressBound(count); }

int ccompression_zstd_compress(const void *source, size_t count, void *target, size_t capacity, int level, size_t *written) {
    *written = ZSTD_compress(target, capacity, source, count, level);
    return ZSTD_isError(*written) ? CCOMPRESSION_TOO_SMALL : CCOMPRESSION_OK;
}

size_t ccompression_lz4_frame_bound(size_t count) { return LZ4F_compressFrameBound(count, NULL); }

int ccompression_lz4_frame_compress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    *written = LZ4F_compressFrame(target, capacity, source, count, NULL);
    return LZ4F_isError(*written) ? CCOMPRESSION_TOO_SMALL : CCOMPRESSION_OK;
}

size_t ccompression_snappy_bound(size_t count) { return snappy_max_compressed_length(count); }

int ccompression_snappy_compress(const void *source, size_t count, void *target, size_t capacity, size_t *written) {
    *written = capacity;
    return snappy_compress(source, count, target, written) == SNAPPY_OK ? CCOMPRESSION_OK : CCOMPRESSION_TOO_SMALL;
}

size_t ccompression_gzip_bound(size_t count) { return compressBound((uLong)count) + 32; }

int ccompression_gzip_compress(const void *source, size_t count, void *target, size_t capacity, int level, size_t *written) {
    if (count > UINT_MAX || capacity > UINT_MAX) return CCOMPRESSION_TOO_SMALL;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return CCOMPRESSION_TOO_SMALL;
    stream.next_in = (Bytef *)source;
    stream.avail_in = (uInt)count;
    stream.next_out = target;
    stream.avail_out = (uInt)capacity;
    int status = deflate(&stream, Z_FINISH);
    *written = stream.total_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? CCOMPRESSION_OK : CCOMPRESSION_TOO_SMALL;
}
