// The entry of libFuzzer for shoppers' messages; scripts/fuzz builds and runs it. Whatever the text is: no crash, no
// hang, the same reading twice, and an answer only where nothing speaks against it.

import Understanding

private let interpreter = Interpreter(orders: OrderStyle(prefix: "#DE-"))

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let states: [OrderState?] = [nil] + OrderState.allCases
    let state = states[Int(bytes.first ?? 0) % states.count]
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    let reading = interpreter.read(text, state: state)
    precondition(reading == interpreter.read(text, state: state), "one message, two readings")
    precondition(reading.confidence >= 0 && reading.confidence <= 1, "no share")
    precondition(!reading.isCertain || reading.intent.isRoutine && !reading.needsHuman, "answered in spite of a doubt")
    precondition(reading.orders.count <= 10)
    return 0
}
