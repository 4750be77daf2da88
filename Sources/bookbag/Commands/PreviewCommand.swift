import ArgumentParser
import Daemon
import Delivery
import Foundation
import Outreach
import Platform
import Store
import Web

/// `bookbag preview`: what will it look like?
struct PreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Render what a trigger sends, for one of its examples or a real order, without sending it.",
        discussion: """
            Prints the subject, the preview line and the text. --out writes the HTML, the text and the mail itself (.eml) to a \
            folder; --open shows the HTML in a browser; --send-to sends it through the configured relay to one address of \
            yours, and to nobody else. It has its own Message-ID, so it never gets in the way of the real mail.

            EXAMPLES
              bookbag preview delay-alert
              bookbag preview delay-alert --example "two days late" --open
              bookbag preview delay-alert --order '#1042' --send-to me@shop.example
              bookbag preview pages/track --open
            """)

    @Argument(help: "The trigger's name, such as delay-alert, or a page's, such as pages/track.") var name: String
    @Option(help: "Which of its examples; default: the first that sends something.") var example: String?
    @Option(help: "The name of a real order to use instead of an example, in its present state.") var order: String?
    @Option(help: "The shop, if the configuration or the store has several.") var shop: String?
    @Option(help: "The folder of trigger files.", completion: .directory) var folder: String?
    @Option(help: "The configuration, for --order, --send-to and the folder.") var config: String?
    @Option(help: "Write NAME.html, NAME.txt and NAME.eml to this folder.", completion: .directory) var out: String?
    @Flag(help: "Open the HTML in a browser.") var open = false
    @Option(name: .customLong("send-to"), help: "Send it to this address, through the relay.") var sendTo: String?

    func validate() throws {
        if order != nil, example != nil { throw ValidationError("give --example or --order, not both") }
        if let sendTo, MailAddress(parsing: sendTo) == nil {
            throw ValidationError("'\(sendTo)' is not an e-mail address; write --send-to me@shop.example")
        }
    }

    func run() async throws {
        var place = TriggerFolderOptions()
        place.folder = folder
        place.config = config
        let (files, webhooks, pages) = try place.read()
        let (loaded, faults) = TriggerSet.load(files, webhooks: webhooks)
        guard let set = loaded else {
            for fault in faults where fault.severity == .error { print(fault) }
            throw ExitStatus.fault
        }
        if name.hasPrefix("pages/") { return try page(set) }
        let wanted = name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
        guard let trigger = set.trigger(wanted) else {
            let meant = nearest(to: wanted, in: set.triggers.map(\.name)).map { "; did you mean '\($0)'?" }
            throw ValidationError(
                "there is no trigger '\(wanted)'"
                    + (meant ?? "; there are \(set.triggers.map(\.name).joined(separator: ", "))"))
        }
        let sendings: [Sending]
        // A real order has its real links, an example some that open nothing.
        var links: PublicLinks?
        if let order {
            (sendings, links) = try await real(order, trigger, set)
        } else {
            sendings = try examples(trigger, set)
        }
        let specimen: PageLinks = pages.map { $0.isEmpty ? PageLinks() : .specimen(url: $0) } ?? .specimen()
        let installation = try sendTo.map { _ in try self.shopConfiguration() }
        var written: [Written] = []
        for var sending in sendings {
            if let sendTo, sending.effect.isContact {
                // A reply to all must not reach the shopper.
                sending.record.facts.email = MailAddress(parsing: sendTo)?.address
            }
            // A mail that is really sent has the current time.
            let date = sendTo == nil ? nil : DaemonClock.system()
            let pages =
                order == nil ? specimen : links?.pages(about: sending.record, issued: sending.now) ?? PageLinks()
            written.append(try await Written(sending, shop: installation, pages: pages, date: date))
        }
        for one in written { print(one.text) }
        try keep(written)
        if let sendTo, let installation { try await send(written, to: sendTo, by: installation) }
    }

    // MARK: - Pages

    /// Shows the shop's own design of a page: `pages/track`, `pages/track.de`.
    private func page(_ set: TriggerSet) throws {
        let parts = name.dropFirst("pages/".count).split(separator: ".").map(String.init).filter { $0 != "html" }
        let locale = parts.count > 1 ? parts[1] : set.settings.locale
        guard let page = parts.first.flatMap(PageDesign.Page.init),
            let design = set.templates.design(page, locale: locale)
        else {
            throw ValidationError(
                "there is no '\(name).html'; a shop can design "
                    + PageDesign.Page.allCases.map { "pages/\($0.rawValue).html" }.joined(separator: ", "))
        }
        let html = try WebServices.preview(design)
        guard out != nil || open else {
            FileHandle.standardOutput.write(Data(html))
            return
        }
        let folder = out ?? NSTemporaryDirectory() + "bookbag-preview-\(UUID().uuidString.prefix(8))"
        let path = "\(folder)/\(page.rawValue).html"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(html).write(to: URL(fileURLWithPath: path))
        } catch {
            complain("\(folder): cannot be written; name another folder with --out")
            throw ExitStatus.fault
        }
        print("wrote \(path)")
        if open { show(path) }
    }

    // MARK: - What is written

    private func examples(_ trigger: Trigger, _ set: TriggerSet) throws -> [Sending] {
        let runner = ExampleRunner(set)
        let chosen: [Example]
        if let example {
            guard let found = trigger.examples.first(where: { $0.name == example }) else {
                let names = trigger.examples.map(\.name)
                let meant = nearest(to: example, in: names).map { "; did you mean '\($0)'?" }
                throw ValidationError(
                    "'\(trigger.name)' has no example '\(example)'"
                        + (meant
                            ?? "; it has \(names.isEmpty ? "none" : names.map { "'\($0)'" }.joined(separator: ", "))"))
            }
            chosen = [found]
        } else {
            chosen = trigger.examples.isEmpty ? [Example(plain: trigger)] : trigger.examples
        }
        var stopped: (Reason?, String?) = (nil, nil)
        for candidate in chosen {
            var sendings: [Sending] = []
            for preview in runner.previews(of: candidate, in: trigger) {
                switch preview {
                case .sending(let sending): sendings.append(sending)
                case .nothing(_, let reason, let detail): stopped = (reason, detail)
                }
            }
            if !sendings.isEmpty {
                print("\(trigger.name), example '\(candidate.name)'")
                return sendings
            }
        }
        let because = ReasonWords.sentence(stopped.0, detail: stopped.1)
        complain(
            (example.map { "The example '\($0)' sends" } ?? "No example of '\(trigger.name)' sends anything: it sends")
                + " nothing\(because.isEmpty ? "" : ", for \(because)").")
        throw ExitStatus.fault
    }

    private func real(
        _ name: String, _ trigger: Trigger, _ set: TriggerSet
    ) async throws -> (sendings: [Sending], links: PublicLinks?) {
        var options = CommandOptions()
        options.config = config ?? "/etc/bookbag/bookbag.yaml"
        let store = try options.store()
        let key = try await Finder(store: store, shop: shop).order(name)
        guard let record = try await store.load(shop: key.shop, orderIDs: [key.orderID])[key.orderID] else {
            throw ValidationError("there is no order '\(name)'")
        }
        var told = record
        var last = record.events.last { trigger.matches($0.kind) }
        if last == nil, let (talk, event) = try await talk(about: key, for: trigger, store) {
            (told.conversation, last) = (talk, event)
        }
        guard let event = last else {
            let kinds = trigger.events.map(\.rawValue).joined(separator: ", ")
            complain("Nothing has happened to \(record.facts.name) that '\(trigger.name)' is about (\(kinds)).")
            throw ExitStatus.fault
        }
        let now = DaemonClock.system()
        print("\(trigger.name), order \(record.facts.name), \(event.kind.rawValue) of \(event.happenedAt)")
        let site = try options.configuration(withSecrets: false).pages
        let sendings = try await PreviewedMessage.sendings(
            of: trigger, event, told, set: set, store: store, servesPages: site != nil, now: now)
        for case (_, let objection?) in sendings { print("  (it would not be sent now: \(objection))") }
        return (sendings.map(\.sending), site.map { PublicLinks(url: $0.url, store: store) })
    }

    /// The last conversation about an order, with what a trigger of conversations hears of it; nil where there is none,
    /// or the trigger hears of other things.
    func talk(
        about order: OrderKey, for trigger: Trigger, _ store: Store
    ) async throws -> (ConversationRecord, Event)? {
        guard let kind = trigger.events.first(where: { $0.aggregate == .conversation }) else { return nil }
        let now = DaemonClock.system()
        for line in try await store.conversations(ofOrder: order) {
            guard let talk = try await store.conversations([line.id], shop: order.shop, now: now)[line.id],
                let message = talk.lastIncoming
            else { continue }
            var event = ConversationEvent.received(message: 0).event(of: talk, messages: [message], now: now)
            event.kind = kind
            return (talk, event)
        }
        return nil
    }

    // MARK: - Where it goes

    private func keep(_ written: [Written]) throws {
        guard out != nil || open else { return }
        let folder = out ?? NSTemporaryDirectory() + "bookbag-preview-\(UUID().uuidString.prefix(8))"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var page: String?
            for (index, one) in written.enumerated() {
                let stem = "\(folder)/\(name)" + (index == 0 ? "" : "-\(index + 1)")
                for (ending, bytes) in one.files {
                    let path = "\(stem).\(ending)"
                    try Data(bytes).write(to: URL(fileURLWithPath: path))
                    print("wrote \(path)")
                    if ending == "html", page == nil { page = path }
                }
            }
            if open, let page { show(page) }
        } catch {
            complain("\(folder): cannot be written; name another folder with --out")
            throw ExitStatus.fault
        }
    }

    private func show(_ page: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xdg-open", page]
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            process.waitUntilExit()
        } catch {}
        if process.terminationStatus != 0 { complain("No browser could be opened here; open \(page) yourself.") }
    }

    private func shopConfiguration() throws -> Configuration.Shop {
        var options = CommandOptions()
        options.config = config ?? "/etc/bookbag/bookbag.yaml"
        let shops = try options.configuration().shops
        guard let found = shops.first(where: { shop == nil || $0.domain == shop }) else {
            throw ValidationError("the configuration has no shop '\(shop ?? "")'")
        }
        return found
    }

    private func send(_ written: [Written], to address: String, by shop: Configuration.Shop) async throws {
        guard let smtp = shop.smtp, let inbox = MailAddress(parsing: address) else {
            complain("No relay is configured; add 'smtp:' to bookbag.yaml.")
            throw ExitStatus.fault
        }
        let engine = TransferEngine()
        let channel = SMTPChannel(SMTPRelay(smtp, engine: engine), redirectTo: inbox)
        var failed = false
        for one in written where one.message.isMail {
            switch try await channel.send(one.message, at: DaemonClock.system()) {
            case .accepted(let receipt): print("The relay accepted it for \(inbox.address): \(receipt)")
            case .deferred(let failure), .refused(let failure), .unavailable(let failure):
                complain("The relay did not accept it: \(failure.detail)")
                failed = true
            }
        }
        await engine.shutdown(within: .seconds(1))
        if failed { throw ExitStatus.fault }
    }
}

/// A rendered message in all its forms.
private struct Written {
    let message: Message
    /// The printed text.
    let text: String
    /// File endings and contents.
    let files: [(ending: String, bytes: [UInt8])]

    /// Renders a message as the daemon would, except that a label stays a link and the message has its own id.
    ///
    /// - Parameters:
    ///   - pages: what it links to.
    ///   - date: its Date if it is really sent; nil for the example's.
    init(_ sending: Sending, shop: Configuration.Shop?, pages: PageLinks, date: Moment? = nil) async throws {
        let made: PreviewedMessage
        switch await PreviewedMessage.make(sending, shop: shop, pages: pages, date: date) {
        case .made(let one): made = one
        case .impossible(let reason, let detail):
            complain("It cannot be rendered: \(ReasonWords.sentence(reason, detail: detail))")
            throw ExitStatus.fault
        }
        message = made.message
        let planner = sending.planner
        var lines = ["", LineWords.destination(sending.effect.line)]
        if message.isMail {
            guard let opened = made.opened, let event = sending.effect.event else { throw ExitStatus.fault }
            lines.append("  To:       \(opened.to)")
            lines.append("  From:     \(opened.from)")
            lines.append("  Subject:  \(opened.subject)")
            if let line = planner.triggers.trigger(sending.effect.trigger)?.line(named: sending.effect.line),
                let preview = try? planner.triggers.templates.render(
                    line.template,
                    planner.scope(
                        record: sending.record, event: event, together: sending.effect.together,
                        history: sending.history, now: sending.now, pages: pages),
                    to: line.destination
                ).preview
            {
                lines.append("  Preview:  \(preview)")
            }
            if let tone = made.tone { lines.append("  Tone:     \(tone.rawValue)") }
            if let remark = made.remark { lines.append("  (\(remark))") }
            lines.append("")
            lines += opened.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.isEmpty ? "" : "  " + line
            }
            files = [("html", Array(opened.html.utf8)), ("txt", Array(opened.text.utf8)), ("eml", message.bytes)]
        } else if let sms = message.asText {
            lines.append("  To:       \(message.envelope.recipient)")
            lines.append("  Size:     \(sms.size)")
            if let tone = made.tone { lines.append("  Tone:     \(tone.rawValue)") }
            if !sms.costly.isEmpty {
                lines.append("  (UCS-2 for \(sms.costly.prefix(10).map { "'\($0)'" }.joined(separator: ", ")))")
            }
            lines.append("")
            lines += sms.text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
            files = [("sms.txt", message.bytes)]
        } else if let chat = message.asChat {
            if let tone = made.tone { lines.append("  Tone:     \(tone.rawValue)") }
            lines.append("")
            lines += chat.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
            files = [("chat.txt", message.bytes)]
        } else if let act = DeskAct(message) {
            lines.append("  \(act.sentence)")
            files = [("json", message.bytes)]
        } else {
            lines.append(String(decoding: JSONText.pretty(message.bytes), as: UTF8.self))
            files = [("json", message.bytes)]
        }
        text = lines.joined(separator: "\n")
    }
}

extension Message {
    /// True for a mail.
    var isMail: Bool { kind == .email }
}
