import Crypto
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
        /// How many there are to do; nil for none.
        var count: String?
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
    /// Where the page says that it is open; nil for one of which nobody needs to know.
    var here: String?
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
    /// Where one chooses what is written about, and the words for it.
    var preferences: String?
    var choose: String?
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
            "renew": PackageResources.renew_liquid, "preferences": PackageResources.preferences_liquid,
            "rate": PackageResources.rate_liquid, "answer": PackageResources.answer_liquid,
            "analytics": PackageResources.analytics_liquid, "rows": PackageResources.rows_liquid,
            "customer": PackageResources.customer_liquid,
            "edit": PackageResources.edit_liquid, "files": PackageResources.files_liquid,
            "versions": PackageResources.versions_liquid, "settings": PackageResources.settings_liquid,
            "held": PackageResources.held_liquid, "doctor": PackageResources.doctor_liquid,
            "inbox": PackageResources.inbox_liquid, "conversation": PackageResources.conversation_liquid,
            "setup": PackageResources.setup_liquid, "past": PackageResources.past_liquid,
            "approvals": PackageResources.approvals_liquid,
            "offer": PackageResources.offer_liquid, "service": PackageResources.service_liquid,
            "return": PackageResources.return_liquid,
        ]
        templates = try sources.reduce(into: [:]) { parsed, source in
            parsed[source.key] = try Template(parsing: source.value, name: source.key, mode: .strict)
        }
        partials = PartialSet(
            sources: [
                "outcome": String(decoding: PackageResources.outcome_liquid, as: UTF8.self),
                "pauses": String(decoding: PackageResources.pauses_liquid, as: UTF8.self),
                "time": String(decoding: PackageResources.time_liquid, as: UTF8.self),
                "diff": String(decoding: PackageResources.diff_liquid, as: UTF8.self),
                "faults": String(decoding: PackageResources.faults_liquid, as: UTF8.self),
                "talks": String(decoding: PackageResources.talks_liquid, as: UTF8.self),
                "seen": String(decoding: PackageResources.seen_liquid, as: UTF8.self),
                "code": String(decoding: PackageResources.code_liquid, as: UTF8.self),
                "to": String(decoding: PackageResources.to_liquid, as: UTF8.self),
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

    /// A page of the shopper's in the shop's own design. Throws what the design throws.
    func designed<Content: PageContent>(
        _ content: Content, _ frame: PublicFrame, _ design: PageDesign, gate: Gate
    ) throws -> WebResponse {
        let values = try Self.value(content)
        let shop: [String: String?] = ["name": frame.brand, "url": frame.home, "address": frame.address]
        let names: [String: Liquid.Value] = [
            "title": .string(frame.title), "language": .string(frame.language), "stylesheet": .string(frame.style),
            "shop": try Self.value(shop), "preferences_url": frame.preferences.map { .string($0) } ?? .null,
            "page": values,
        ]
        return try designed(Content.template, names, frame: Self.value(frame), design, gate: gate)
    }

    /// What a design looks like, with nobody's data.
    func preview(_ design: PageDesign) throws -> [UInt8] {
        let names = PageDesign.specimen(design.page)
        let frame: Liquid.Value = ["language": "en"]
        let inside = try render(design.page.rawValue, ["page": names["page"] ?? .null, "frame": frame])
        let html = try design.render(names, content: String(decoding: inside, as: UTF8.self), locale: "en")
        // There is no site beside a file, so it brings the styles along.
        let style = Data(PackageResources.desk_css).base64EncodedString()
        return Array(
            String(decoding: html, as: UTF8.self)
                .replacing("\"/static/desk.css\"", with: "\"data:text/css;base64,\(style)\"").utf8)
    }

    private func designed(
        _ template: String, _ names: [String: Liquid.Value], frame: Liquid.Value, _ design: PageDesign, gate: Gate
    ) throws -> WebResponse {
        let inside = try render(template, ["page": names["page"] ?? .null, "frame": frame])
        let language = names["language"]?.textIfString ?? "en"
        let whole = try design.render(names, content: String(decoding: inside, as: UTF8.self), locale: language)
        var response = WebResponse.html(whole)
        response.headers["content-security-policy"] = gate.policy(
            styles: design.styles.map { "'sha256-\(Data(SHA256.hash(data: Data($0.utf8))).base64EncodedString())'" })
        return response
    }

    private func page<Content: PageContent>(
        _ content: Content, frame: some Encodable & Sendable, layout: String, status: Int
    ) -> WebResponse {
        do {
            let frame = try Self.value(frame)
            let body = try render(Content.template, ["page": Self.value(content), "frame": frame])
            let whole = try render(
                layout,
                [
                    "frame": frame,
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
        encoder.outputFormatting = .withoutEscapingSlashes
        return try JSONReader.value(encoder.encode(content))
    }
}
