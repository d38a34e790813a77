/// Routes that are one function, for rooms that answer without knowing of HTTP servers.
public struct FunctionRoutes: HTTPRoutes {
    private let function: @Sendable (HTTPExchange) -> HTTPAnswer?

    public init(_ function: @escaping @Sendable (HTTPExchange) -> HTTPAnswer?) { self.function = function }

    public func answer(_ exchange: HTTPExchange) -> HTTPAnswer? { function(exchange) }
}
