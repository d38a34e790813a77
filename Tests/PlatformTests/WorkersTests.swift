import Testing

@testable import Platform

@Test(
    arguments: [(nil, 4, 4), (nil, 256, 128), (nil, 0, 1), (7, 4, 7), (500, 4, 128), (0, 4, 1)] as [(Int?, Int, Int)])
func workersStayInBounds(asked: Int?, processors: Int, expected: Int) {
    #expect(PlatformOptions.workers(asked: asked, processors: processors) == expected)
}
