internal import Columnar

extension DataType {
    /// Whether values of the type can be cast to another at all; single values may still fail.
    func isCastable(to other: DataType) -> Bool {
        let (from, to) = (computed, other.computed)
        if from == to || from == .null { return true }
        switch (from, to) {
        case (.utf8, _), (_, .utf8): return from.childFields.isEmpty && to.childFields.isEmpty
        case (.bool, _): return to.isNumeric
        case (_, .bool): return from.isNumeric
        case (.date32, .timestamp), (.timestamp, .date32), (.timestamp, .timestamp): return true
        case (.timestamp, _) where to.isTime: return true
        case (_, _) where from.isTime && to.isTime: return true
        case (.list(let item), .list(let otherItem)): return item.type.isCastable(to: otherItem.type)
        default: return from.isNumeric && to.isNumeric
        }
    }
}
