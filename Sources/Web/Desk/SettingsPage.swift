import Daemon
import Foundation
import Outreach
import Store

/// shop.yaml, key by key. What is changed becomes a draft of the file, which is shown and saved as any other.
struct SettingsPage: PageContent {
    static let template = "settings"

    struct Field: Encodable, Sendable {
        var key: String
        var title: String
        /// What it does, and how it is written.
        var help: String
        /// `choice`, `text` or `lines`.
        var kind: String
        var value: String
        var choices: [String]
        /// Why what was typed is refused.
        var fault: String?
    }
    struct Group: Encodable, Sendable {
        var title: String
        var fields: [Field]
    }

    var groups: [Group]
    var version: String
    var path: String
    var editPath: String
    /// Why nothing can be changed here; nil where it can.
    var unreadable: String?
    var problem: String?
    var saved: Bool
    /// True where somebody asked to see a change and made none.
    var unchanged: Bool
    var maySave: Bool
    var savesEdits: Bool

    /// A key of shop.yaml that people set here.
    struct Key: Sendable {
        var key: String
        var title: String
        var help: String
        var kind = "text"
        var choices: [String] = []
    }

    /// All that a shopkeeper sets; what is not here is edited in the file.
    static let keys: [(title: String, keys: [Key])] = [
        (
            "What goes out",
            [
                Key(
                    key: "mode", title: "Mode",
                    help:
                        "live: messages go out. shadow: they are written and kept to look at. off: nothing is decided.",
                    kind: "choice", choices: ["live", "shadow", "off"]),
                Key(
                    key: "quiet_hours", title: "Quiet hours",
                    help: "Such as 21:00-08:00, by the shopper's clock. Mail waits for the morning. Empty: never quiet."
                ),
                Key(
                    key: "limit.messages", title: "Messages to one customer",
                    help: "How many in the time below; further mail waits. Leave both empty for no limit."),
                Key(key: "limit.per", title: "Per", help: "Such as 16 hours, 1 day or 1 week."),
                Key(
                    key: "limit.except", title: "Events the limit does not apply to", help: "One event per line.",
                    kind: "lines"),
                Key(
                    key: "brake", title: "Brake",
                    help:
                        "Such as 500 per hour: mail to more people than that waits for your confirmation. Empty: no brake."
                ),
            ]
        ),
        (
            "The shop",
            [
                Key(
                    key: "notify", title: "Who hears of refused edits and held mail",
                    help: "An address. Triggers with 'to: merchant' write to it too."),
                Key(key: "locale", title: "Language of shoppers who chose none", help: "Such as en, de or fr-CA."),
                Key(key: "business_days", title: "Working days", help: "Such as Mon-Fri, or Mon, Wed, Fri."),
                Key(key: "holidays", title: "Holidays", help: "Days such as 2026-12-25, one per line.", kind: "lines"),
                Key(key: "labels_expire", title: "Return labels can be used for", help: "Such as 28 days."),
                Key(
                    key: "shopify_sends", title: "Shopify's own notifications that stay on",
                    help: "One per line, or none.", kind: "lines"),
            ]
        ),
        (
            "The brand in mails",
            [
                Key(key: "brand.name", title: "Name", help: ""),
                Key(key: "brand.from", title: "From", help: "Such as Juniper & Fig <orders@juniperfig.example>."),
                Key(key: "brand.marketing_from", title: "From, for offers", help: "Empty: as above."),
                Key(key: "brand.ratings_from", title: "From, for ratings", help: "Empty: as above."),
                Key(key: "brand.reply_to", title: "Answers go to", help: "Empty: to the sender."),
                Key(key: "brand.address", title: "Postal address", help: "Stands at the foot of mails."),
                Key(key: "brand.color", title: "Colour", help: "Such as #2f5d50."),
                Key(key: "brand.logo", title: "Logo", help: "An address that starts with https://."),
            ]
        ),
    ]

    /// A value as a field shows it.
    static func shown(_ value: ShopFileEditor.Value, kind: String) -> String {
        switch value {
        case .nothing: ""
        case .text(let text): text
        case .list(let elements): elements.joined(separator: kind == "lines" ? "\n" : ", ")
        }
    }

    /// What a field means, where it is not what it was.
    static func value(_ typed: String, _ key: Key, before: ShopFileEditor.Value) -> ShopFileEditor.Value? {
        let parts = typed.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
        if key.kind == "lines" {
            let shown = shown(before, kind: key.kind).split(separator: "\n").map(String.init)
            guard parts.sorted() != shown.sorted() else { return nil }
            // `shopify_sends: none` is a word.
            return parts.isEmpty ? .nothing : parts == ["none"] ? .text("none") : .list(parts)
        }
        let text = parts.joined(separator: " ")
        guard text != shown(before, kind: key.kind) else { return nil }
        return text.isEmpty ? .nothing : .text(text)
    }
}

extension DeskSite {
    private static let settingsFile = "shop.yaml"
    /// No setting is longer.
    private static let longestSetting = 2000

    /// The shop's settings as they are in force. Only files that the limited process has passed are read here, so one
    /// that is on the disk and not in force is for the Edit page.
    private func shopFile(_ visit: Visit) async throws -> (text: String?, version: String) {
        let content = files(visit)?.files[Self.settingsFile]
        let version = TriggerFolder.version(content)
        let kept = try await store.lastGoodSet(shop: visit.shop)
        let inForce = kept.flatMap { try? JSONDecoder().decode([String: Data].self, from: Data($0.files)) }
        guard let content, inForce?[Self.settingsFile].map({ [UInt8]($0) }) == content else { return (nil, version) }
        return (String(validating: content, as: UTF8.self), version)
    }

    /// What a text of shop.yaml says for each key of the page.
    private static func settings(_ text: String) -> [String: ShopFileEditor.Value] {
        ShopFileEditor.values(SettingsPage.keys.flatMap { $0.keys.map(\.key) }, in: text)
    }

    func settings(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let (text, version) = try await shopFile(visit)
        return settingsPage(text, version, typed: nil, problem: nil, request, visit)
    }

    private func settingsPage(
        _ text: String?, _ version: String, typed: [String: String]?, problem: ShopFileEditor.Refusal?,
        _ request: WebRequest, _ visit: Visit
    ) -> WebResponse {
        let inFile = text.map(Self.settings) ?? [:]
        let groups = SettingsPage.keys.map { group in
            SettingsPage.Group(
                title: group.title,
                fields: group.keys.map { key in
                    let there = inFile[key.key] ?? .nothing
                    let value = typed?[key.key] ?? SettingsPage.shown(there, kind: key.kind)
                    var choices = key.choices
                    if key.kind == "choice", !choices.contains(value) { choices.insert(value, at: 0) }
                    return SettingsPage.Field(
                        key: key.key, title: key.title, help: key.help, kind: key.kind, value: value, choices: choices,
                        fault: problem?.key == key.key ? problem?.words : nil)
                })
        }
        let page = SettingsPage(
            groups: groups, version: version, path: "\(visit.path)/settings",
            editPath: Self.link(visit, Self.settingsFile),
            unreadable: text != nil
                ? nil
                : request.query["saved"] != nil
                    ? "Open this page again once it is in force."
                    : "shop.yaml on the disk is not in force: it was edited a moment ago, has a mistake, or waits for your confirmation.",
            problem: problem?.key.isEmpty == true ? problem?.words : nil, saved: request.query["saved"] != nil,
            unchanged: request.query["unchanged"] != nil,
            maySave: maySave(visit), savesEdits: site.savesEdits)
        return pages.desk(
            page, frame(title: "Settings", page: .settings, visit: visit), status: problem == nil ? 200 : 422)
    }

    /// Makes a draft of shop.yaml with what was changed, which the next page shows. Nothing is saved here.
    func changeSettings(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let (text, version) = try await shopFile(visit)
        let form = request.form
        guard let text else { return settingsPage(nil, version, typed: nil, problem: nil, request, visit) }
        var edits: [(key: String, value: ShopFileEditor.Value)] = []
        var typed: [String: String] = [:]
        let before = Self.settings(text)
        for key in SettingsPage.keys.flatMap(\.keys) {
            guard let field = form[key.key].map({ String($0.prefix(Self.longestSetting)) }) else { continue }
            typed[key.key] = field
            if let value = SettingsPage.value(field, key, before: before[key.key] ?? .nothing) {
                edits.append((key.key, value))
            }
        }
        guard !edits.isEmpty else { return .seeOther("\(visit.path)/settings?unchanged=1") }
        let changed: String
        do throws(ShopFileEditor.Refusal) {
            changed = try ShopFileEditor.apply(edits, to: text)
        } catch {
            return settingsPage(text, version, typed: typed, problem: error, request, visit)
        }
        var draft = EditDesk.Draft(
            id: Tokens.random(), person: visit.visitor.person.email, shop: visit.shop, path: Self.settingsFile,
            text: changed, base: form["version"].map { String($0.prefix(64)) } ?? version, isFromSettings: true)
        if let folder = files(visit) {
            switch await self.edits.check(trial(draft, over: folder, want: .check, visit)) {
            case .found(let finding): draft.finding = finding
            case .died(let words): draft.problem = words
            case .cancelled: break
            }
        }
        self.edits.keep(draft)
        return .seeOther("\(visit.path)/edit/draft?id=\(draft.id)")
    }
}
