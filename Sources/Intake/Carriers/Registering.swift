// Numbers that a source wants to be told of before it can be asked.
//
// AfterShip and 17TRACK follow a number from the moment it is registered; asked about any other they know nothing. So
// an answer of theirs that says "not found" and `isUnregistered` is followed by `Carrier.registrations`, and `refusals`
// reads what came of it. A number that was registered before is a success, so that the step may be repeated after a
// crash. What a registration brings of the parcel itself is not read: the source looks first.

internal import Outreach
public import Platform

extension CarrierReading {
    /// Which of these numbers could not be registered, and why; those that are missing here are known to the source
    /// from now on.
    public func refusals(
        in response: HTTPResponse, registering numbers: [String], _ context: ReadingContext
    ) -> [String: CallAnswer] {
        var refusals: [String: CallAnswer] = [:]
        for answer in answers(to: response, asked: numbers, context) {
            guard let call = answer.call, let number = answer.number, call.kind != .okDuplicate else { continue }
            // A good answer that does not name the number, or knows nothing of it yet, has taken it.
            if call.kind == .notFound, (200..<300).contains(response.status) { continue }
            refusals[number] = call
        }
        return refusals
    }
}
