// The entry of libFuzzer for HTML; scripts/fuzz builds and runs it. Whatever it is: no crash, no hang, and the tokens
// come to an end that does not lie beyond the bytes.

@testable import Delivery
import Platform

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var tokens = HTMLTokens(bytes: bytes)
    var number = 0
    var last = -1
    while let token = tokens.next() {
        number += 1
        precondition(tokens.start > last, "a token that does not move on")
        last = tokens.start
        if case .raw(_, _, let content) = token {
            precondition(content.lowerBound >= 0 && content.upperBound <= bytes.count, "content beyond the page")
        }
    }
    precondition(number <= bytes.count, "more tokens than bytes")
    let html = String(decoding: bytes, as: UTF8.self)
    _ = HTMLReader.blocks(of: html)
    _ = (HTMLReview.titles(in: html), HTMLReview.hasPictures(html), HTMLReview.words(of: html))
    return 0
}
