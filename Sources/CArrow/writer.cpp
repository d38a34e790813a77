#include "internal.hpp"

#include <arrow/adapters/orc/adapter.h>
#include <parquet/arrow/writer.h>

using namespace carrow;

struct carrow_writer {
    std::shared_ptr<arrow::Schema> schema;
    std::shared_ptr<arrow::io::OutputStream> sink;
    std::shared_ptr<arrow::Buffer> memory;
    int64_t bytes = 0;
    // Whether the next batch begins a row group of its own.
    bool begins_group = false;
    bool has_rows = false;
    // One of the three is set.
    std::unique_ptr<parquet::arrow::FileWriter> parquet;
    std::unique_ptr<arrow::adapters::orc::ORCFileWriter> orc;
    std::shared_ptr<arrow::ipc::RecordBatchWriter> ipc;
};

static std::unique_ptr<carrow_writer> begin(const char *path, ArrowSchema *schema) {
    auto writer = std::make_unique<carrow_writer>();
    writer->schema = value(arrow::ImportSchema(schema));
    if (path) {
        writer->sink = value(arrow::io::FileOutputStream::Open(path));
    } else {
        writer->sink = value(arrow::io::BufferOutputStream::Create(4096, pool()));
    }
    return writer;
}

extern "C" {

carrow_writer *carrow_write_parquet(
    const char *path, ArrowSchema *schema, const carrow_write_options *options, carrow_error *error) {
    return guarded<carrow_writer *>(error, nullptr, [&] {
        auto writer = begin(path, schema);
        parquet::WriterProperties::Builder properties;
        properties.memory_pool(pool())
            ->version(parquet::ParquetVersion::PARQUET_2_6)
            ->created_by(options->created_by)
            ->max_row_group_length(options->row_group_rows)
            ->compression(compression(options->compression));
        if (options->level != INT32_MIN) properties.compression_level(options->level);
        if (!options->dictionary) properties.disable_dictionary();
        if (!options->statistics) properties.disable_statistics();
        auto arrow = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        writer->parquet = value(
            parquet::arrow::FileWriter::Open(*writer->schema, pool(), writer->sink, properties.build(), arrow));
        return writer.release();
    });
}

carrow_writer *carrow_write_orc(
    const char *path, ArrowSchema *schema, const carrow_write_options *options, carrow_error *error) {
    return guarded<carrow_writer *>(error, nullptr, [&] {
        auto writer = begin(path, schema);
        arrow::adapters::orc::WriteOptions chosen;
        chosen.compression = compression(options->compression);
        chosen.dictionary_key_size_threshold = options->dictionary ? 0.8 : 0;
        writer->orc = value(arrow::adapters::orc::ORCFileWriter::Open(writer->sink.get(), chosen));
        return writer.release();
    });
}

carrow_writer *carrow_write_ipc(
    const char *path, ArrowSchema *schema, const carrow_write_options *options, bool stream, carrow_error *error) {
    return guarded<carrow_writer *>(error, nullptr, [&] {
        auto writer = begin(path, schema);
        auto chosen = arrow::ipc::IpcWriteOptions::Defaults();
        chosen.memory_pool = pool();
        chosen.use_threads = false;
        auto codec = compression(options->compression);
        if (codec != arrow::Compression::UNCOMPRESSED) {
            chosen.codec = value(
                options->level == INT32_MIN ? arrow::util::Codec::Create(codec)
                                            : arrow::util::Codec::Create(codec, options->level));
        }
        writer->ipc = value(
            stream ? arrow::ipc::MakeStreamWriter(writer->sink, writer->schema, chosen)
                   : arrow::ipc::MakeFileWriter(writer->sink, writer->schema, chosen));
        return writer.release();
    });
}

bool carrow_writer_write(carrow_writer *writer, ArrowArray *array, carrow_error *error) {
    return guarded(error, false, [&] {
        auto batch = value(arrow::ImportRecordBatch(array, writer->schema));
        if (writer->parquet) {
            if (writer->begins_group) check(writer->parquet->NewBufferedRowGroup());
            writer->begins_group = false;
            writer->has_rows = true;
            check(writer->parquet->WriteRecordBatch(*batch));
        }
        if (writer->orc) check(writer->orc->Write(*batch));
        if (writer->ipc) check(writer->ipc->WriteRecordBatch(*batch));
        return true;
    });
}

bool carrow_writer_end_row_group(carrow_writer *writer, carrow_error *error) {
    return guarded(error, false, [&] {
        // The library ends a row group by beginning the next, which must not stay empty.
        writer->begins_group = writer->has_rows;
        return true;
    });
}

bool carrow_writer_close(carrow_writer *writer, carrow_error *error) {
    return guarded(error, false, [&] {
        if (writer->parquet) check(writer->parquet->Close());
        if (writer->orc) check(writer->orc->Close());
        if (writer->ipc) check(writer->ipc->Close());
        if (auto memory = std::dynamic_pointer_cast<arrow::io::BufferOutputStream>(writer->sink)) {
            writer->memory = value(memory->Finish());
            writer->bytes = writer->memory->size();
        } else if (!writer->sink->closed()) {
            writer->bytes = value(writer->sink->Tell());
            check(writer->sink->Close());
        }
        return true;
    });
}

int64_t carrow_writer_bytes(const carrow_writer *writer) {
    if (writer->sink->closed() || writer->memory) return writer->bytes;
    return writer->sink->Tell().ValueOr(0);
}

const void *carrow_writer_memory(const carrow_writer *writer, size_t *count) {
    *count = writer->memory ? static_cast<size_t>(writer->memory->size()) : 0;
    return writer->memory ? writer->memory->data() : nullptr;
}

carrow_parquet *carrow_writer_parquet(const carrow_writer *writer) {
    return writer->parquet && writer->parquet->metadata() ? describe(writer->parquet->metadata()) : nullptr;
}

void carrow_writer_free(carrow_writer *writer) {
    // Destructors of half-written files may fail in their own way; there is nobody to tell.
    try {
        delete writer;
    } catch (...) {
    }
}
}
