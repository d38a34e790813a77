internal import Base
internal import Columnar
internal import Formats
internal import Storage

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Parquet files with the lake's errors.
enum ParquetFiles {
    /// One that is being written.
    struct Output {
        fileprivate let writer: ParquetWriter
        fileprivate let name: String

        func write(_ batch: RecordBatch) throws(LakeError) {
            do throws(FormatsError) { try writer.write(batch) } catch { throw failure(error, name) }
        }

        /// Puts the rows so far on the disk as a row group of their own.
        func endRowGroup() throws(LakeError) {
            do throws(FormatsError) { try writer.endRowGroup() } catch { throw failure(error, name) }
        }

        /// In bytes, as far as row groups have ended.
        var byteCount: Int { writer.byteCount }

        func close() throws(LakeError) -> (rows: Int64, bytes: Int64, columns: [FileStatistics.ColumnRange]) {
            do throws(FormatsError) {
                let summary = try writer.close()
                let columns = summary.columns.map {
                    FileStatistics.ColumnRange(
                        path: $0.path, type: $0.type, minimum: $0.minimum, maximum: $0.maximum,
                        nullCount: $0.nullCount.map { Int64($0) })
                }
                return (Int64(summary.rows), Int64(summary.bytes), columns)
            } catch { throw failure(error, name) }
        }
    }

    /// - Parameters:
    ///   - path: on the local disk; nothing is there until the file is closed.
    ///   - name: what errors call the file.
    static func create(
        _ path: String, schema: Schema, name: String, options: ParquetOptions = ParquetOptions()
    ) throws(LakeError) -> Output {
        do throws(FormatsError) {
            return Output(writer: try ParquetWriter(path: path, schema: schema, options: options), name: name)
        } catch { throw failure(error, name) }
    }

    /// Gives all batches of a file, row group by row group, to `take`, with those of `columns` that it has.
    static func read(
        _ path: String, columns: [String], batchRows: Int = 65_536, name: String,
        _ take: (RecordBatch) throws(LakeError) -> Void
    ) throws(LakeError) {
        let reader: ParquetReader
        do throws(FormatsError) { reader = try ParquetReader(path: path) } catch { throw failure(error, name) }
        let present = columns.filter { reader.schema.field(named: $0) != nil }
        if present.isEmpty {
            // Not one column is in the file, but its rows still count.
            for start in stride(from: 0, to: reader.rowCount, by: batchRows) {
                try take(
                    RecordBatch(schema: Schema([]), columns: [], count: min(batchRows, reader.rowCount - start)))
            }
            return
        }
        // One at a time: a reader of several keeps the bytes of all that it has read.
        for group in 0..<reader.rowGroupCount {
            let batches: BatchSequence
            do throws(FormatsError) {
                batches = try reader.readBatches(columns: present, rowGroups: [group], batchRows: batchRows)
            } catch { throw failure(error, name) }
            while true {
                let batch: RecordBatch?
                do throws(FormatsError) { batch = try batches.next() } catch { throw failure(error, name) }
                guard let batch else { break }
                try take(batch)
            }
        }
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    static func failure(_ error: FormatsError, _ name: String) -> LakeError {
        if case .diskFull = error { return .storage(.noSpace(path: name, neededBytes: nil, freeBytes: nil)) }
        return .dataFile(path: name, reason: error.report.message + (error.report.found.map { ": \($0)" } ?? ""))
    }
}
