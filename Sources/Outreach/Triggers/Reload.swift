internal import Crypto

// What a change to the trigger files entails before it takes effect.
//
// Events that were recorded before a trigger took effect are never heard by it, so an edit cannot bring up the past.
// What it can do is end waits: with `after: 30 days` corrected to `after: 1 day`, everything that has waited for more
// than a day is due. A slip like that would write to many people at once and cannot be taken back, so such an edit is
// held until somebody confirms it.

/// The change from one set of trigger files to another.
public struct Reload: Sendable {
    let old: TriggerSet
    let new: TriggerSet
    private let keys: TriggerKeys

    public init(from old: TriggerSet, to new: TriggerSet, keys: TriggerKeys = .standard) {
        self.old = old
        self.new = new
        self.keys = keys
    }

    /// The triggers whose waiting messages may become due sooner than they would have: those with a changed key that
    /// can bring them forward (`TriggerKey.hastens`), and all of them if the shop's own restraint was loosened.
    public var hastened: Set<String> {
        let a = old.settings
        let b = new.settings
        let all =
            a.mode != b.mode || a.quietHours != b.quietHours || a.limit != b.limit || a.businessDays != b.businessDays
            || a.holidays != b.holidays || a.businessHours != b.businessHours || a.away != b.away
            || a.labelsExpireAfterDays != b.labelsExpireAfterDays
        return Set(
            new.triggers.filter { trigger in
                guard !all, let before = old.trigger(trigger.name) else { return true }
                return keys.hasten(before, trigger)
            }.map(\.name))
    }

    /// Whom an edit would write to at once, and through which trigger.
    public struct Rush: Sendable {
        private var addresses: Set<String> = []
        private var triggers: [String: (addresses: Set<String>, orders: [String])] = [:]
        /// The messages, by their numbers.
        public private(set) var effects: [Int64] = []

        public init() {}

        /// Counts a message of a trigger to an address about an order.
        public mutating func add(trigger: String, address: String, order: String, effect: Int64) {
            effects.append(effect)
            let address = address.lowercased()
            addresses.insert(address)
            triggers[trigger, default: ([], [])].addresses.insert(address)
            if triggers[trigger]!.orders.count < 5 { triggers[trigger]!.orders.append(order) }
        }

        /// How many people.
        public var people: Int { addresses.count }

        /// One line per trigger, the busiest first: `delay-alert: 73 people, about #1042, #1043 and others`.
        public var lines: [String] {
            triggers.sorted { ($1.value.addresses.count, $0.key) < ($0.value.addresses.count, $1.key) }.map {
                name, one in
                let count = one.addresses.count
                let others = count > one.orders.count ? " and others" : ""
                return
                    "\(name): \(count == 1 ? "1 person" : "\(count) people"), about \(one.orders.joined(separator: ", "))\(others)"
            }
        }
    }

    /// Up to this many people can be written to without confirmation.
    public static let fewPeople = 25

    /// True if an edit that would write to this many people at once has to be confirmed: more than a few, and more than
    /// on a usual day.
    public static func isHeld(people: Int, peoplePerDay: Double) -> Bool {
        people > fewPeople && Double(people) > peoplePerDay
    }

    /// What an accepted change altered, in a few lines for the shopkeeper.
    public func summary(_ before: TriggerFolder, _ after: TriggerFolder) -> [String] {
        let names = (Set(before.files.keys).union(after.files.keys)).sorted()
        return names.compactMap { file in
            switch (before.files[file], after.files[file]) {
            case (nil, _?): "new: \(file)"
            case (_?, nil): "gone: \(file)"
            case (let a?, let b?) where a != b: "changed: \(file)"
            default: nil
            }
        }
    }
}

extension TriggerFolder {
    /// A digest of the files, for comparing two readings of the folder. `confirm:` in shop.yaml is left out, since it
    /// confirms everything else in there.
    public var digest: String {
        var hash = SHA256()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            var content = bytes
            if path == ShopReader.file, let text = String(validating: bytes, as: UTF8.self) {
                let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
                content = Array(lines.filter { !$0.hasPrefix("confirm:") }.joined(separator: "\n").utf8)
            }
            hash.update(data: Array("\(path.utf8.count) \(path) \(content.count) ".utf8))
            hash.update(data: content)
        }
        return hash.finalize().hexadecimal
    }

    /// The code that confirms these files when they are held: six letters and digits that cannot be mistaken for one
    /// another.
    public var confirmationCode: String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        let digest = SHA256.hash(data: Array("bookbag confirm \(self.digest)".utf8))
        return String(digest.prefix(6).map { alphabet[Int($0) % alphabet.count] })
    }
}

/// Notices when the files of a folder have changed and have settled: an editor writes several times, and a copied
/// folder arrives file by file.
public struct FolderWatch: Sendable {
    private var known: [UInt64]
    private var seen: [UInt64]

    /// Starts watching a folder that looks like this now.
    public init(_ signature: [UInt64]) {
        known = signature
        seen = signature
    }

    /// Takes a look. True once per change, on the first look that finds the folder the same as the look before.
    public mutating func look(_ signature: [UInt64]) -> Bool {
        defer { seen = signature }
        guard signature == seen, signature != known else { return false }
        known = signature
        return true
    }

    /// Notes that the folder has been read in this state.
    public mutating func take(_ signature: [UInt64]) {
        known = signature
        seen = signature
    }
}
