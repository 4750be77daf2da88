import Daemon
import Foundation
import Outreach
import Platform
import Store

/// A message: what became of it, and what it says.
struct MessagePage: PageContent {
    static let template = "message"

    struct Step: Encodable, Sendable {
        var at: Instant
        var words: String
    }
    struct Act: Encodable, Sendable {
        var path: String
        var words: String
        var warning: String
    }
    struct Text: Encodable, Sendable {
        var to: String
        var size: String
        var words: String
    }
    struct Look: Encodable, Sendable {
        var name: String
        var path: String
        var isCurrent: Bool
    }

    var id: Int64
    var trigger: String
    var to: String
    var order: String
    var orderPath: String?
    var event: String
    var sentence: String
    var tone: String
    var steps: [Step]
    var acts: [Act]
    /// The parts of a mail; nil where it is none, or its words are gone.
    var mail: MailShown?
    var mailPath: String?
    var look: String
    var looks: [Look]
    /// An SMS; nil where it is none, or its words are gone.
    var text: Text?
    /// A webhook's body.
    var body: String?
    /// Why there is nothing to read.
    var missing: String?
}

extension DeskSite {
    /// A message of that number in the visit's shop. Bookbag's own are nobody's to read: a login's link is among them.
    private func story(_ number: String, _ visit: Visit) async throws -> (story: EffectStory, message: Message?)? {
        guard let id = Int64(number), let found = try await store.effectStory(id, shop: visit.shop),
            found.story.line.effect.origin != .system
        else { return nil }
        return found
    }

    func message(_ number: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let (story, message) = try await story(number, visit) else { return notFound(visit.visitor) }
        let clock = Clock(visit.zone)
        let report = MessageReport(story, message, clock: clock, now: core.now())
        let effect = story.line.effect
        let path = "\(visit.path)/messages/\(effect.id)"
        var acts: [MessagePage.Act] = []
        if visit.visitor.may([.operate]) {
            if effect.canBeRetried || (effect.state == .waiting && effect.reason == .template) {
                acts.append(
                    MessagePage.Act(
                        path: "\(path)/retry", words: "Send it now", warning: "It is tried at once, even if refused."))
            }
            if [.waiting, .ready].contains(effect.state) {
                acts.append(
                    MessagePage.Act(path: "\(path)/drop", words: "Do not send it", warning: "It is never sent then."))
            }
        }
        let mail = message.flatMap(MailShown.init)
        let looks = ["light", "dark", "phone"]
        let wanted = request.query["look"] ?? ""
        let look = looks.contains(wanted) ? wanted : "light"
        let page = MessagePage(
            id: effect.id, trigger: effect.trigger, to: report.outcome.to ?? "", order: report.order,
            orderPath: effect.event.flatMap(\.orderID).flatMap { OrderNumber($0) }.map {
                "\(visit.path)/orders/\($0.number)"
            },
            event: report.event ?? "",
            sentence: report.outcome.sentence.prefix(1).uppercased() + report.outcome.sentence.dropFirst() + ".",
            tone: OutcomeWords(effect.state, effect.reason, detail: nil).tone,
            steps: report.outcome.steps.map { MessagePage.Step(at: Instant($0.at, clock), words: $0.words) },
            acts: acts, mail: mail,
            mailPath: mail?.hasHTML == true ? "\(path)/mail\(look == "dark" ? "?look=dark" : "")" : nil, look: look,
            looks: looks.map {
                MessagePage.Look(name: $0, path: "\(path)?look=\($0)", isCurrent: $0 == look)
            },
            text: message.flatMap { message in
                if let words = message.asChat {
                    return MessagePage.Text(to: "the chat", size: "\(words.count) characters", words: words)
                }
                if let post = TicketPost(message), post.act.isToHer {
                    return MessagePage.Text(
                        to: "ticket \(post.ticket ?? ""), with \(message.envelope.recipient)",
                        size: "\(post.text.count) characters", words: post.text)
                }
                return message.asText.map {
                    MessagePage.Text(to: message.envelope.recipient, size: $0.size, words: $0.text)
                }
            },
            body: message.flatMap { message in
                message.kind == .email || message.kind == .sms || message.kind == .chat
                    || TicketPost(message)?.act.isToHer == true
                    ? nil : String(decoding: JSONText.pretty(message.bytes), as: UTF8.self)
            },
            missing: message != nil
                ? nil
                : effect.state == .waiting
                    ? "It is not written yet." : "Its text is not kept, or it was never written.")
        return pages.desk(page, frame(title: "Message \(effect.id)", page: nil, visit: visit))
    }

    /// The mail itself, for the frame. Whatever it holds, it runs nothing and calls nobody.
    func mail(_ number: String, _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let id = Int64(number), let html = try await store.writtenMessage(id, shop: visit.shop)?.html else {
            return notFound(visit.visitor)
        }
        let shown = MailShown.asShown(String(decoding: html, as: UTF8.self), dark: request.query["look"] == "dark")
        var response = WebResponse.html(Array(MailShown.withoutCalls(shown).utf8))
        response.headers["content-security-policy"] = Gate.mailPolicy
        return response
    }

    /// Retries or drops a message.
    func act(on number: String, _ act: String, _ visit: Visit) async throws -> WebResponse {
        guard visit.visitor.may([.operate]) else {
            return notice(
                "You are not allowed to do this", ["This needs the role 'operate'."], visit: visit, status: 403)
        }
        guard let (story, _) = try await story(number, visit), ["retry", "drop"].contains(act) else {
            return notFound(visit.visitor)
        }
        let id = story.line.effect.id
        let entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: act == "retry" ? "retried" : "dropped",
            about: "message \(id)")
        let done =
            act == "retry"
            ? try await store.retry(effectID: id, shop: visit.shop, audit: entry, now: core.now())
            : try await store.drop(effectID: id, shop: visit.shop, audit: entry, now: core.now())
        guard done else {
            return notice(
                "Nothing was done",
                ["The message is in another state by now, is being sent at this moment, or no longer has its bytes."],
                visit: visit, status: 409)
        }
        log(entry)
        core.actedByHand.call()
        return .seeOther("\(visit.path)/messages/\(id)")
    }
}
