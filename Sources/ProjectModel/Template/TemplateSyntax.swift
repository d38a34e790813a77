/// The syntax tree of a template. Offsets are UTF-8 offsets in its `TemplateSource`.
struct Template: Sendable {
    let source: TemplateSource
    let nodes: [TemplateNode]
    /// Every macro that the file declares at its top level, by name.
    let macros: [String: MacroDefinition]
    /// Snapshots that the file declares, with where.
    let snapshots: [(name: String, offset: Int)]
}

indirect enum TemplateNode: Sendable {
    case text(Range<Int>)
    case output(Expression)
    case conditional(branches: [(condition: Expression, body: [TemplateNode])], otherwise: [TemplateNode])
    case loop(ForLoop)
    case set(targets: [AssignmentTarget], value: Expression)
    case setBlock(target: AssignmentTarget, filters: [FilterCall], body: [TemplateNode])
    case macro(MacroDefinition)
    case call(CallBlock)
    case filterBlock(filters: [FilterCall], body: [TemplateNode])
    case evaluate(Expression)
}

struct ForLoop: Sendable {
    let targets: [String]
    let sequence: Expression
    /// `for x in xs if condition`.
    let condition: Expression?
    let body: [TemplateNode]
    /// Rendered when nothing was looped over.
    let otherwise: [TemplateNode]
    let offset: Int
}

struct AssignmentTarget: Sendable {
    let name: String
    /// For `set ns.attribute = ...`, which changes a `namespace()`.
    let attribute: String?
    let offset: Int
}

struct FilterCall: Sendable {
    let name: String
    let arguments: Arguments
    let offset: Int
}

struct MacroDefinition: Sendable {
    let name: String
    let parameters: [(name: String, defaultValue: Expression?)]
    let body: [TemplateNode]
    let source: TemplateSource
    let offset: Int
}

struct CallBlock: Sendable {
    let call: Expression
    let caller: MacroDefinition
}

struct Arguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
    /// `*args` and `**kwargs`.
    var spreadList: Expression?
    var spreadMapping: Expression?
}

struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        case string(String)
        case list([Expression])
        case tuple([Expression])
        case dict([(key: Expression, value: Expression)])
        case name(String)
        case attribute(Expression, String)
        case index(Expression, Expression)
        case slice(Expression, from: Expression?, to: Expression?, step: Expression?)
        case call(Expression, Arguments)
        case filter(Expression, FilterCall)
        case test(Expression, FilterCall, negated: Bool)
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case comparison(Expression, [(operation: ComparisonOperator, right: Expression)])
        case concatenation([Expression])
        case ternary(value: Expression, condition: Expression, otherwise: Expression?)
    }
    let kind: Kind
    let offset: Int
}

enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
}

enum ComparisonOperator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case notIn = "not in"
}
