#include "internal.hpp"

#include <arrow/adapters/orc/adapter.h>
#include <arrow/util/base64.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

using namespace carrow;

struct carrow_reader {
    std::shared_ptr<arrow::Schema> schema;
    int64_t rows = -1;
    std::unique_ptr<parquet::arrow::FileReader> parquet;
    std::unique_ptr<arrow::adapters::orc::ORCFileReader> orc;
    std::shared_ptr<arrow::ipc::RecordBatchFileReader> ipc_file;
    int next_of_file = 0;
    // The batches, once begun.
    std::shared_ptr<arrow::RecordBatchReader> batches;
    bool validate = false;
};

static std::shared_ptr<arrow::io::RandomAccessFile> open_file(const char *path) {
    return value(arrow::io::ReadableFile::Open(path, pool()));
}

static carrow_reader *read_ipc(std::shared_ptr<arrow::io::RandomAccessFile> file, bool stream) {
    auto reader = std::make_unique<carrow_reader>();
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.memory_pool = pool();
    options.use_threads = false;
    reader->validate = true;
    if (stream) {
        reader->batches = value(arrow::ipc::RecordBatchStreamReader::Open(file, options));
        reader->schema = reader->batches->schema();
    } else {
        reader->ipc_file = value(arrow::ipc::RecordBatchFileReader::Open(file, options));
        reader->schema = reader->ipc_file->schema();
        reader->rows = value(reader->ipc_file->CountRows());
    }
    return reader.release();
}

extern "C" {

carrow_reader *carrow_read_parquet(const char *path, carrow_error *error) {
    return guarded<carrow_reader *>(error, nullptr, [&] {
        auto reader = std::make_unique<carrow_reader>();
        parquet::arrow::FileReaderBuilder builder;
        check(builder.Open(open_file(path), parquet::ReaderProperties(pool())));
        parquet::ArrowReaderProperties properties(false);
        properties.set_pre_buffer(true);
        reader->parquet = value(builder.memory_pool(pool())->properties(properties)->Build());
        check(reader->parquet->GetSchema(&reader->schema));
        reader->rows = reader->parquet->parquet_reader()->metadata()->num_rows();
        return reader.release();
    });
}

carrow_reader *carrow_read_orc(const char *path, carrow_error *error) {
    return guarded<carrow_reader *>(error, nullptr, [&] {
        auto reader = std::make_unique<carrow_reader>();
        reader->orc = value(arrow::adapters::orc::ORCFileReader::Open(open_file(path), pool()));
        reader->schema = value(reader->orc->ReadSchema());
        reader->rows = reader->orc->NumberOfRows();
        return reader.release();
    });
}

carrow_reader *carrow_read_ipc(const char *path, bool stream, carrow_error *error) {
    return guarded<carrow_reader *>(error, nullptr, [&] { return read_ipc(open_file(path), stream); });
}

carrow_reader *carrow_read_ipc_memory(const void *bytes, size_t count, bool stream, carrow_error *error) {
    return guarded<carrow_reader *>(error, nullptr, [&] {
        std::shared_ptr<arrow::Buffer> copy = value(arrow::AllocateBuffer(static_cast<int64_t>(count), pool()));
        if (count) memcpy(copy->mutable_data(), bytes, count);
        return read_ipc(std::make_shared<arrow::io::BufferReader>(copy), stream);
    });
}

bool carrow_reader_schema(carrow_reader *reader, ArrowSchema *schema, carrow_error *error) {
    return guarded(error, false, [&] {
        check(arrow::ExportSchema(*reader->schema, schema));
        return true;
    });
}

bool carrow_reader_original_schema(carrow_reader *reader, ArrowSchema *schema, carrow_error *error) {
    return guarded(error, false, [&] {
        if (!reader->parquet) return false;
        auto metadata = reader->parquet->parquet_reader()->metadata()->key_value_metadata();
        if (!metadata || !metadata->Contains("ARROW:schema")) return false;
        auto decoded = value(arrow::util::base64_decode(value(metadata->Get("ARROW:schema"))));
        arrow::io::BufferReader input(arrow::Buffer::FromString(std::move(decoded)));
        arrow::ipc::DictionaryMemo memo;
        check(arrow::ExportSchema(*value(arrow::ipc::ReadSchema(&input, &memo)), schema));
        return true;
    });
}

int64_t carrow_reader_rows(const carrow_reader *reader) { return reader->rows; }

carrow_parquet *carrow_reader_parquet(const carrow_reader *reader) {
    return reader->parquet ? describe(reader->parquet->parquet_reader()->metadata()) : nullptr;
}

bool carrow_reader_start_parquet(
    carrow_reader *reader, const int32_t *leaves, int32_t leaf_count, const int32_t *row_groups,
    int32_t row_group_count, int64_t batch_rows, carrow_error *error) {
    return guarded(error, false, [&] {
        reader->parquet->set_batch_size(batch_rows);
        reader->batches = value(reader->parquet->GetRecordBatchReader(
            std::vector<int>(row_groups, row_groups + row_group_count), std::vector<int>(leaves, leaves + leaf_count)));
        return true;
    });
}

bool carrow_reader_start_orc(
    carrow_reader *reader, const char *const *names, int32_t name_count, int64_t batch_rows, carrow_error *error) {
    return guarded(error, false, [&] {
        reader->batches = value(reader->orc->GetRecordBatchReader(
            batch_rows, std::vector<std::string>(names, names + name_count)));
        return true;
    });
}

bool carrow_reader_batch_schema(carrow_reader *reader, ArrowSchema *schema, carrow_error *error) {
    return guarded(error, false, [&] {
        check(arrow::ExportSchema(reader->batches ? *reader->batches->schema() : *reader->schema, schema));
        return true;
    });
}

bool carrow_reader_next(carrow_reader *reader, ArrowArray *array, carrow_error *error) {
    return guarded(error, false, [&] {
        std::shared_ptr<arrow::RecordBatch> batch;
        array->release = nullptr;
        if (reader->ipc_file) {
            if (reader->next_of_file == reader->ipc_file->num_record_batches()) return true;
            batch = value(reader->ipc_file->ReadRecordBatch(reader->next_of_file));
            reader->next_of_file += 1;
        } else {
            check(reader->batches->ReadNext(&batch));
        }
        if (!batch) return true;
        if (reader->validate) check(batch->ValidateFull());
        check(arrow::ExportRecordBatch(*batch, array));
        return true;
    });
}

void carrow_reader_free(carrow_reader *reader) {
    try {
        delete reader;
    } catch (...) {
    }
}
}
