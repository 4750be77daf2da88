// Numbers that must be registered with a source before it can be asked.
//
// AfterShip and 17TRACK follow a number only once it is registered. So after an answer of "not found" with
// `isUnregistered` we send `Carrier.registrations`, and `refusals` reads the result. An already registered number is a
// success, so the step may be repeated after a crash. Parcel data in the result is not read: the source has to look
// first.

internal import Outreach
public import Platform

extension CarrierReading {
    /// The numbers that could not be registered, with the reason; the source now knows all others.
    public func refusals(
        in response: HTTPResponse, registering numbers: [String], _ context: ReadingContext
    ) -> [String: CallAnswer] {
        var refusals: [String: CallAnswer] = [:]
        for answer in answers(to: response, asked: numbers, context) {
            guard let call = answer.call, let number = answer.number, call.kind != .okDuplicate else { continue }
            // A successful answer that does not name the number, or has no data yet, has accepted it.
            if call.kind == .notFound, (200..<300).contains(response.status) { continue }
            refusals[number] = call
        }
        return refusals
    }
}
