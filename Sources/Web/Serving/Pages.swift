import Daemon
import Foundation
import Liquid
import Outreach

/// What a page shows. A template sees its properties by their names in snake case, and nothing else; all of them are
/// plain values, so that whatever a shopper wrote is escaped where it is printed.
protocol PageContent: Encodable, Sendable {
    /// The name of its template.
    static var template: String { get }
}

/// What every page of the desk has around its content.
struct DeskFrame: Encodable, Sendable {
    struct Tab: Encodable, Sendable {
        var name: String
        var path: String
        var isCurrent: Bool
    }
    struct Shop: Encodable, Sendable {
        var name: String
        var path: String
        var isCurrent: Bool
    }
    struct Banner: Encodable, Sendable {
        var words: String
        var path: String?
        var link: String?
    }

    var title: String
    var style: String
    var script: String
    var brand: String
    /// Where "look again" comes from; nil for a page that nothing changes.
    var stream: String?
    var tabs: [Tab] = []
    var shops: [Shop] = []
    var banners: [Banner] = []
    var pauses: [PauseShown] = []
    var person: String?
    /// Where finding is done.
    var find: String?
    var home: String = "/"
    var version = BookbagVersion.current
}

/// What every page of the shopper has around its content.
struct PublicFrame: Encodable, Sendable {
    var title: String
    var style: String
    var language: String
    var brand: String
    /// The shop's own page.
    var home: String?
    /// Its postal address.
    var address: String?
}

/// A moment on a page: for machines, and as the shop's clock has it until the script turns it to the reader's zone.
struct Instant: Encodable, Sendable {
    var iso: String
    var text: String
    var time: String

    init(_ moment: Outreach.Moment, _ clock: Daemon.Clock) {
        iso = moment.iso8601
        text = clock.dayAndTime(moment)
        time = clock.time(moment)
    }
}

/// The templates, parsed once.
struct Pages: Sendable {
    private let templates: [String: Template]
    private let partials: PartialSet
    let files = StaticFiles()

    /// Throws where a template of ours has a mistake, which a test would have met.
    init() throws {
        let sources: [String: [UInt8]] = [
            "layout": PackageResources.layout_liquid, "today": PackageResources.today_liquid,
            "order": PackageResources.order_liquid, "found": PackageResources.found_liquid,
            "message": PackageResources.message_liquid, "triggers": PackageResources.triggers_liquid,
            "operations": PackageResources.operations_liquid, "login": PackageResources.login_liquid,
            "notice": PackageResources.notice_liquid, "public": PackageResources.public_liquid,
            "track": PackageResources.track_liquid, "stop": PackageResources.stop_liquid,
            "renew": PackageResources.renew_liquid,
            "edit": PackageResources.edit_liquid, "files": PackageResources.files_liquid,
            "versions": PackageResources.versions_liquid, "settings": PackageResources.settings_liquid,
            "held": PackageResources.held_liquid, "doctor": PackageResources.doctor_liquid,
        ]
        templates = try sources.reduce(into: [:]) { parsed, source in
            parsed[source.key] = try Template(parsing: source.value, name: source.key, mode: .strict)
        }
        partials = PartialSet(
            sources: [
                "outcome": String(decoding: PackageResources.outcome_liquid, as: UTF8.self),
                "time": String(decoding: PackageResources.time_liquid, as: UTF8.self),
                "diff": String(decoding: PackageResources.diff_liquid, as: UTF8.self),
                "faults": String(decoding: PackageResources.faults_liquid, as: UTF8.self),
            ], mode: .strict)
    }

    /// A page of the desk.
    func desk<Content: PageContent>(_ content: Content, _ frame: DeskFrame, status: Int = 200) -> WebResponse {
        page(content, frame: frame, layout: "layout", status: status)
    }

    /// A page of the shopper's.
    func shopper<Content: PageContent>(_ content: Content, _ frame: PublicFrame, status: Int = 200) -> WebResponse {
        page(content, frame: frame, layout: "public", status: status)
    }

    private func page<Content: PageContent>(
        _ content: Content, frame: some Encodable & Sendable, layout: String, status: Int
    ) -> WebResponse {
        do {
            let body = try render(Content.template, ["page": Self.value(content), "frame": Self.value(frame)])
            let whole = try render(
                layout,
                [
                    "frame": Self.value(frame),
                    "content": .safe(SafeText(String(decoding: body, as: UTF8.self), for: .html)),
                ])
            return .html(whole, status: status)
        } catch {
            // An error of a template has its place and no value.
            return .text("This page cannot be shown. This is a bug in bookbag.", status: 500)
        }
    }

    private func render(_ name: String, _ scope: Liquid.Scope) throws -> [UInt8] {
        guard let template = templates[name] else { throw NoTemplate() }
        var options = RenderOptions()
        options.destination = .html
        options.errors = .thrown
        options.partials = partials
        return try template.render(scope, options).bytes
    }

    private struct NoTemplate: Error {}

    /// A page's content as templates see it.
    static func value(_ content: some Encodable) throws -> Liquid.Value {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Liquid.Value(try JSONDecoder().decode(JSON.self, from: encoder.encode(content)))
    }
}

extension Liquid.Value {
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .int(Int(clamping: number))
        case .decimal(let digits): self = Double(digits).map(Liquid.Value.float) ?? .string(digits)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .array(elements.map(Liquid.Value.init))
        case .object(let members): self = .object(Object(members.map { ($0.name, Liquid.Value($0.value)) }))
        }
    }
}
