/// What a message was understood to say.
public struct Reading: Equatable, Sendable {
    /// What she asks for first of all.
    public var intent: Intent
    /// How sure that is, from 0 to 1, with the order's state and the guards counted in.
    public var confidence: Double
    /// Everything she asks for, `intent` first. Empty if it is unclear.
    public var asks: [Intent]
    public var mood: Mood
    /// None: a language that we do not know.
    public var language: Language?
    /// The numbers of orders that she names, as the shop writes them.
    public var orders: [String]
    /// A person is asked for at once, by her words or by what happened to her.
    public var needsHuman: Bool
    /// Why no template may answer, worst first; empty if one may.
    public var doubts: [Doubt]

    /// Whether a template may answer.
    public var isCertain: Bool { doubts.isEmpty }
}

/// Why a message goes to a person. The names are stable: they stand in reports.
public enum Doubt: String, CaseIterable, Sendable {
    /// Anger, law, chargebacks, injury, abuse, need, or the wish for a person.
    case needsHuman = "needs_human"
    /// It gives instructions to a program.
    case steering
    case unknownLanguage = "unknown_language"
    case noWords = "no_words"
    case tooLong = "too_long"
    /// No template answers this.
    case notRoutine = "not_routine"
    /// The order's state does not allow it.
    case state
    /// She asks two things.
    case twoWishes = "two_wishes"
    /// She says that she does not want it.
    case negated
    /// She would want it only if something else happens.
    case conditional
    /// Praise beside a complaint.
    case sarcasm
    /// The model believes it, but no word of hers speaks of it.
    case noEvidence = "no_evidence"
    /// It speaks of something outside a shop's trade, or of a purchase to come.
    case outside
    /// The threshold was not reached.
    case unsure
}
