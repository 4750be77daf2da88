import Delivery
import Foundation
package import Outreach
package import Store

/// Everything known about a customer, for a data access request: what `bookbag export` prints, and what the desk gives.
/// Times among the facts are milliseconds since 1970.
package struct CustomerExport: Encodable, Sendable {
    /// A mail that was written.
    struct Mail: Encodable, Sendable {
        var id: Int64
        var to: String
        var subject: String
        var text: String
    }

    /// An order with its story.
    struct Order: Encodable, Sendable {
        var story: OrderAccount
        var facts: OrderFacts
        var mails: [Mail]
        var ratings: [Rated]
        var gifts: [Given]
        var offers: [Offering]
    }

    /// Something that was given, a gift's code included.
    struct Given: Encodable, Sendable {
        var what: String
        var amount: String
        var why: String
        var given: String
        var code: String?
        var redeemed: String?
        var takenBack: String?

        init(_ line: GivenLine) {
            what = line.gift
            amount = "\(line.amount) of the smallest unit of \(line.currency)"
            why = line.why
            given = line.bookedAt.iso8601
            code = line.code
            redeemed = line.redeemedAt?.iso8601
            takenBack = line.freedAt?.iso8601
        }
    }

    /// What was offered because something went wrong, and what became of it.
    struct Offering: Encodable, Sendable {
        var decided: String
        var state: String
        var offer: Offer
        var note: String?
        var chosen: Offered?
        var chosenAt: String?

        init(_ record: OfferRecord) {
            decided = record.decidedAt.iso8601
            state = record.state.rawValue
            offer = record.offer
            note = record.note
            chosen = record.choice
            chosenAt = record.chosenAt?.iso8601
        }
    }

    /// A mail or text that came in, and what it was taken for. Her words are in their conversation.
    struct Letter: Encodable, Sendable {
        var received: String
        var what: String
        var detail: String?
    }

    /// A conversation, with all that was said in it.
    struct Conversation: Encodable, Sendable {
        struct Message: Encodable, Sendable {
            var at: String
            /// `shopper`, `bookbag`, or the address of one of the shop's people.
            var by: String
            var subject: String
            var text: String
            var files: [String]
            var understood: Understood?
        }

        var number: Int64
        var shop: String
        var order: String?
        var address: String?
        var subject: String
        /// Its ticket in the helpdesk, which has a copy.
        var ticket: String?
        var messages: [Message]
        var ratings: [Rated]
    }

    /// What was answered to a question how it went.
    struct Rated: Encodable, Sendable {
        var asked: String
        var given: String?
        var score: Int?
        var words: String?

        init(_ rating: Rating) {
            asked = rating.askedAt.iso8601
            given = rating.givenAt?.iso8601
            score = rating.score
            words = rating.words
        }
    }

    /// Whom not to write to, about what.
    struct Silence: Encodable, Sendable {
        var scope: String
        var mail: String
        var reason: String
        var since: String
        var until: String?
    }

    package var address: String
    var orders: [Order] = []
    var conversations: [Conversation] = []
    var silences: [Silence] = []
    var letters: [Letter] = []
    package var isEmpty: Bool {
        orders.isEmpty && conversations.isEmpty && silences.isEmpty && letters.isEmpty
    }

    package init(address: String) { self.address = address }

    /// Adds an order, unless it is gone.
    package mutating func add(_ key: OrderKey, of store: Store, now: Moment) async throws {
        guard let sources = try await AccountSources(key, store: store, now: now) else { return }
        var mails: [Mail] = []
        for effect in sources.story.effects {
            let id = effect.line.effect.id
            guard let message = try await store.writtenMessage(id, shop: key.shop, includesOwn: true) else { continue }
            if let text = message.asText {
                mails.append(Mail(id: id, to: message.envelope.recipient, subject: "SMS", text: text.text))
                continue
            }
            if let words = message.asChat {
                mails.append(Mail(id: id, to: "the chat", subject: "Chat", text: words))
                continue
            }
            guard message.kind == .email, let opened = OpenedMail(message.bytes) else { continue }
            mails.append(Mail(id: id, to: opened.to, subject: opened.subject, text: opened.text))
        }
        try await add(sources.talks, shop: key.shop, of: store)
        let ratings = try await store.ratings(of: key).map(Rated.init)
        let gifts = try await store.given(about: key).map(Given.init)
        let offers = try await store.offers(ofOrder: key).map(Offering.init)
        orders.append(
            Order(
                story: OrderAccount(sources), facts: sources.story.order.facts, mails: mails, ratings: ratings,
                gifts: gifts, offers: offers))
    }

    /// Adds the conversations with addresses, by their keyed hashes.
    private mutating func add(
        conversationsWith addresses: [[UInt8]], shop: String, of store: Store
    ) async throws(StoreFailure) {
        let lines = try await store.conversations(ofAddressKeys: addresses, shop: shop)
        try await add(try await store.talks(of: lines, shop: shop), shop: shop, of: store)
    }

    private mutating func add(
        _ talks: [AccountSources.Talk], shop: String, of store: Store
    ) async throws(StoreFailure) {
        for talk in talks where !conversations.contains(where: { $0.number == talk.line.id && $0.shop == shop }) {
            let messages = talk.messages.filter { $0.direction != .note }.map { message in
                Conversation.Message(
                    at: message.at.iso8601, by: message.author.name, subject: message.subject, text: message.text,
                    files: message.files.map(\.name), understood: message.understood)
            }
            let ratings = try await store.ratings(of: .conversation(talk.line.id), shop: shop)
            conversations.append(
                Conversation(
                    number: talk.line.id, shop: shop, order: talk.line.orderName, address: talk.line.address,
                    subject: talk.line.subject, ticket: talk.ticket?.url ?? talk.ticket?.number, messages: messages,
                    ratings: ratings.map(Rated.init)))
        }
    }

    /// Adds what is known of a customer besides the orders: conversations, silences in force, and what came in.
    package mutating func add(_ customer: CustomerSet, shop: String, of store: Store) async throws {
        try await add(conversationsWith: customer.addresses, shop: shop, of: store)
        add(customer.silences)
        letters += customer.incoming.map {
            Letter(
                received: $0.receivedAt.iso8601, what: $0.kind.rawValue, detail: $0.detail.isEmpty ? nil : $0.detail)
        }
    }

    /// Adds silences in force.
    private mutating func add(_ standing: [StandingSilence]) {
        silences += standing.map {
            Silence(
                scope: $0.scope, mail: $0.stream.rawValue, reason: $0.reason, since: $0.begunAt.iso8601,
                until: $0.endsAt?.iso8601)
        }
    }

    /// As it is handed over.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
