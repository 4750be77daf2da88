internal import Foundation
internal import Outreach

// The chat on the shop's pages, as a channel. There is no far end: what is said stands in the store, and the shopper's
// browser asks for it. So it counts as sent when it is committed; what she does not look at is mailed to her later
// (`ChatMailService`), where she proved an address.

extension ChannelKind {
    /// Answers in the chat in which somebody wrote.
    public static let chat = ChannelKind(
        syntax: .chat, retries: RetrySchedule(steps: [.seconds(1)]),
        words: Words(
            title: { _ in "chat" }, destination: { _ in "answer in the chat" }, id: "Chat", quotesSummary: true)
    ) { it in
        guard let session = it.scope.record.answerChat else {
            return .impossible(.noRecipient, detail: "nobody wrote in a chat that proved the order")
        }
        do {
            let words = try it.triggers.templates.chat(it.line.template, it.scope)
            return .message(
                .chat(
                    id: MessageIdentity.chat(of: it.effect), session: session,
                    text: "\(words)\n\(it.saysItIsAutomaticInChat)"), remark: nil)
        } catch {
            return it.waits(for: error)
        }
    }
    .set(up: .chat)
}

/// Takes whatever is said: it is where it belongs already.
struct ChatChannel: Channel {
    func send(_ message: Message, at now: Moment) async throws(CancellationError) -> Verdict {
        guard message.asChat?.isEmpty == false, !message.envelope.recipient.isEmpty else {
            return .refused(Failure(reason: "content", detail: "there are no words, or no chat for them"))
        }
        return .accepted(receipt: "in the chat")
    }
}

/// Where a shop's chat may be embedded: the value of `chat:` in bookbag.yaml.
package struct ChatSettings: Hashable, Sendable {
    /// Scheme, host and, where it is not the usual one, port, as browsers send them.
    package var origins: [String]

    package init(origins: [String]) { self.origins = origins }
}

extension ChannelSetup {
    /// `chat:`, for all shops or within one.
    static let chat = ChannelSetup(key: "chat") { tree, reading in
        guard let keys = reading.fields(tree, of: "'chat'", ["origins"]) else { return [] }
        guard let entry = keys["origins"] else {
            reading.faults.add(
                at: tree.position, "'chat' does not say which pages have it",
                hint: "write origins: [https://YOUR-SHOP], the address that customers see")
            return []
        }
        var origins: [String] = []
        for one in entry.value.listed {
            guard let text = one.text else {
                reading.faults.add(at: one.position, "an origin is \(one.kind)", hint: "write https://YOUR-SHOP")
                continue
            }
            if let origin = ChatSettings.origin(text) {
                origins.append(origin)
            } else {
                reading.faults.add(
                    at: one.position, "'\(text)' is not the address of a shop's pages",
                    hint: "write https://HOST, without a path; each host by itself, as with and without www")
            }
        }
        guard !origins.isEmpty else { return [] }
        var end = FarEnd(target: "", limit: 32) { _ in ChatChannel() }
        end.chat = ChatSettings(origins: origins)
        return [end]
    }
}

extension ChatSettings {
    /// An origin as browsers write it (RFC 6454, 6.2); nil for what is none. Without TLS only on this machine.
    static func origin(_ text: String) -> String? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            let host = parts.host?.lowercased(), !host.isEmpty, parts.user == nil, parts.query == nil,
            parts.fragment == nil, parts.path.isEmpty || parts.path == "/",
            host.utf8.allSatisfy({
                $0.isASCIILetterOrDigit || $0 == 0x2D || $0 == 0x2E || $0 == 0x5B || $0 == 0x5D || $0 == 0x3A
            })
        else { return nil }
        let isHere = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host)
        guard scheme == "https" || scheme == "http" && isHere else { return nil }
        let usual = scheme == "https" ? 443 : 80
        let port = parts.port.flatMap { $0 == usual ? nil : ":\($0)" } ?? ""
        return "\(scheme)://\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host)\(port)"
    }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7A).contains(self)
    }
}

extension Composition {
    /// What stands below every answer in a chat.
    var saysItIsAutomaticInChat: String {
        let language = languageOfAnswer
        return AutomaticLine.inChat(language, isFormal: triggers.settings.tones.isFormal(in: language))
    }
}
