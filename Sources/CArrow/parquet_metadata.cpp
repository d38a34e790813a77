#include "internal.hpp"

#include <parquet/schema.h>
#include <parquet/statistics.h>

using namespace carrow;

namespace carrow {

carrow_parquet *describe(std::shared_ptr<parquet::FileMetaData> metadata) {
    auto file = std::make_unique<carrow_parquet>();
    for (int leaf = 0; leaf < metadata->schema()->num_columns(); leaf++) {
        file->paths.push_back(metadata->schema()->Column(leaf)->path()->ToDotVector());
    }
    file->metadata = std::move(metadata);
    return file.release();
}

}  // namespace carrow

extern "C" {

int64_t carrow_parquet_rows(const carrow_parquet *file) { return file->metadata->num_rows(); }
int32_t carrow_parquet_row_groups(const carrow_parquet *file) { return file->metadata->num_row_groups(); }

int64_t carrow_parquet_row_group_rows(const carrow_parquet *file, int32_t row_group) {
    carrow_error ignored;
    return guarded<int64_t>(&ignored, -1, [&] { return file->metadata->RowGroup(row_group)->num_rows(); });
}

int32_t carrow_parquet_leaves(const carrow_parquet *file) { return file->metadata->schema()->num_columns(); }

int32_t carrow_parquet_leaf_root(const carrow_parquet *file, int32_t leaf) {
    auto schema = file->metadata->schema();
    return schema->group_node()->FieldIndex(*schema->GetColumnRoot(leaf));
}

const char *carrow_parquet_leaf_name(const carrow_parquet *file, int32_t leaf, int32_t level) {
    const auto &path = file->paths[leaf];
    return static_cast<size_t>(level) < path.size() ? path[level].c_str() : nullptr;
}

bool carrow_parquet_leaf_repeated(const carrow_parquet *file, int32_t leaf) {
    return file->metadata->schema()->Column(leaf)->max_repetition_level() > 0;
}

bool carrow_parquet_chunk(
    carrow_parquet *file, int32_t row_group, int32_t leaf, carrow_chunk *chunk, carrow_error *error) {
    return guarded(error, false, [&] {
        auto column = file->metadata->RowGroup(row_group)->ColumnChunk(leaf);
        *chunk = carrow_chunk{};
        chunk->values = column->num_values();
        chunk->nulls = -1;
        chunk->compressed_bytes = column->total_compressed_size();
        if (!column->is_stats_set()) return true;
        auto statistics = column->statistics();
        if (!statistics) return true;
        if (statistics->HasNullCount()) chunk->nulls = statistics->null_count();
        if (statistics->HasMinMax()) {
            file->minimum = statistics->EncodeMin();
            file->maximum = statistics->EncodeMax();
            chunk->minimum = reinterpret_cast<const uint8_t *>(file->minimum.data());
            chunk->minimum_count = file->minimum.size();
            chunk->maximum = reinterpret_cast<const uint8_t *>(file->maximum.data());
            chunk->maximum_count = file->maximum.size();
        }
        return true;
    });
}

void carrow_parquet_free(carrow_parquet *file) { delete file; }
}
