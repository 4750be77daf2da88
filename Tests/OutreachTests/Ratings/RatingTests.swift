import Testing

@testable import Outreach

private let start = Moment(iso8601: "2026-03-10T10:00:00Z")!

@Suite("A rating")
struct RatingTests {
    private let asked = Rating(
        request: 7, kind: .delivery, subject: .order("gid://shopify/Order/1"),
        addressKey: [UInt8](repeating: 1, count: 16), askedAt: start)

    /// A POST of a page that was shown so many seconds before it came.
    private func post(
        _ score: Int, words: String? = nil, after seconds: Int?, link: Int? = nil, at now: Moment
    ) -> RatingPost {
        RatingPost(request: 7, score: score, words: words, shownAt: seconds.map { now - .seconds($0) }, link: link)
    }

    private func take(
        _ rating: Rating, _ score: Int, words: String? = nil, after seconds: Int? = 9, link: Int? = nil,
        at now: Moment
    ) -> RatingStep {
        rating.taking(post(score, words: words, after: seconds, link: link, at: now), at: now)
    }

    @Test("counts by the first post of a person, and is told once")
    func first() {
        let step = take(asked, 4, words: "  Well\npacked. ", at: start)
        #expect(step.outcome == .counted && step.told == 4)
        #expect(step.rating.score == 4 && step.rating.words == "Well packed." && step.rating.givenAt == start)
        let again = take(step.rating, 4, at: start + .minutes(5))
        #expect(again.outcome == .counted && again.told == nil && again.rating.givenAt == start)
    }

    @Test("is told once more when it first falls to 2 or less, and not for any other change")
    func falls() {
        var rating = asked
        var told: [Int?] = []
        for (index, score) in [5, 4, 2, 1, 5, 2].enumerated() {
            let step = take(rating, score, at: start + .hours(index))
            rating = step.rating
            told.append(step.told)
        }
        #expect(told == [5, nil, 2, nil, nil, nil])
        // One that is low from the start is told once.
        let low = take(asked, 1, at: start)
        #expect(low.told == 1 && take(low.rating, 2, at: start + .hours(1)).told == nil)
    }

    @Test("can be changed for seven days, and no longer")
    func editing() {
        let given = take(asked, 5, at: start).rating
        #expect(take(given, 3, at: start + .days(7)).rating.score == 3)
        let late = take(given, 3, at: start + .days(7) + .seconds(1))
        #expect(late.outcome == .closed && late.rating == given && late.told == nil)
        #expect(!asked.isClosed(at: start + .days(300)), "nobody answered yet")
    }

    @Test("does not count what comes sooner than anybody reads, or from a page that we did not show")
    func tooFast() {
        for seconds in [nil, 0, 1] as [Int?] {
            let step = take(asked, 5, after: seconds, at: start)
            #expect(step.outcome == .tooFast && step.rating.score == nil && step.told == nil)
        }
        #expect(take(asked, 5, after: 2, at: start).isPersons)
        // A clock that says the page comes from the future is nobody's.
        #expect(take(asked, 5, after: -60, at: start).outcome == .tooFast)
    }

    @Test("counts none of several scores of one mail: a scanner follows every link of it")
    func scanner() {
        // One after the other, each read for three seconds.
        var rating = asked
        var told = 0
        for score in 1...5 {
            let step = take(rating, score, after: 3, link: score, at: start + .seconds(4 * score))
            rating = step.rating
            told += step.told == nil ? 0 : 1
            if score > 1 { #expect(step.outcome == .severalScores && rating.score == nil && rating.words == nil) }
        }
        #expect(told == 1, "the first could not be known for what it was; it is not told once it is gone")
        // All pages opened at once.
        let one = take(asked, 2, after: 5, at: start)
        let two = one.rating.taking(
            post(5, after: 7, at: start + .seconds(2)), at: start + .seconds(2))
        #expect(one.isPersons && two.outcome == .severalScores && two.rating.score == nil)
        // A person presses once more.
        let person = take(rating, 4, after: 8, at: start + .seconds(40))
        #expect(person.outcome == .counted && person.rating.score == 4 && person.told == 4)
    }

    @Test("takes a change on the page that thanked, and by another link a while later, for a person's")
    func corrections() {
        let given = take(asked, 5, link: 5, at: start).rating
        #expect(take(given, 2, after: 5, at: start + .seconds(8)).outcome == .counted)
        #expect(take(given, 2, after: 5, link: 2, at: start + .seconds(61)).outcome == .counted)
        #expect(take(given, 5, after: 5, link: 5, at: start + .seconds(8)).outcome == .counted, "the same once more")
    }

    @Test("keeps what was given before when a machine comes later")
    func kept() {
        let given = take(asked, 5, at: start).rating
        let machine = take(given, 1, after: 0, at: start + .days(1))
        #expect(machine.rating.score == 5)
        let next = take(machine.rating, 2, after: 3, link: 2, at: start + .days(1) + .seconds(5))
        #expect(next.outcome == .counted, "its links are not known of the first")
    }

    @Test("has one line of words, of bounded length, without control characters")
    func words() {
        let long = String(repeating: "é", count: 3000)
        #expect(post(3, words: long, after: 9, at: start).words?.count == RatingPost.mostLetters)
        #expect(post(3, words: "a\u{0}b\u{7}\r\n\tc", after: 9, at: start).words == "a b c")
        #expect(post(3, words: " \n ", after: 9, at: start).words == nil)
    }

    @Test("is read from the observation as it was written, and from nothing else")
    func bytes() throws {
        let post = post(3, words: "{\"score\": 9} <b>", after: 9, link: 4, at: start)
        #expect(RatingPost(bytes: post.bytes) == post)
        for text in ["", "{}", "{\"request\":7,\"score\":6}", "{\"request\":7,\"score\":0}", "[]"] {
            #expect(RatingPost(bytes: Array(text.utf8)) == nil)
        }
    }

    @Test("is an event that knows its score and its question")
    func event() {
        let judged = asked.event(telling: 2, of: "7-123", at: start)
        let event = Event(
            shop: "fig.example", orderID: "gid://shopify/Order/1", kind: judged.kind,
            occurrences: [.init(subject: judged.subject.key, n: 1, mark: judged.mark)], happenedAt: start,
            recordedAt: start, source: judged.source)
        #expect(event.ratingScore == 2 && event.ratingRequest == 7)
        #expect(Trigger.usualKeys(of: event) == ["rating.given/rating:7.1"])
    }
}

@Suite("Triggers around ratings")
struct RatingTriggerTests {
    private static let shop = "brand: { name: Fig, from: orders@fig.example, marketing_from: hi@fig.example }\n"

    private func load(
        _ trigger: String, letter: String = "Hello.", pages: Bool? = nil
    ) -> (set: TriggerSet?, faults: [String]) {
        let files = [
            "shop.yaml": Self.shop + "notify: owner@fig.example\n", "ask.yaml": trigger,
            "templates/ask.md": "---\nsubject: A\n---\n\(letter)\n",
        ]
        let (set, faults) = TriggerSet.load(
            TriggerFolder(files: files.mapValues { Array($0.utf8) }), servesPages: pages)
        return (set, faults.map(\.description))
    }

    private func planner(_ set: TriggerSet) -> Planner {
        Planner(
            triggers: set, inForceSince: ["ask": .distantPast], live: LiveSince(shop: .distantPast),
            shop: ShopProfile(domain: "fig.example"))
    }

    private let letter = "{% if rating_url %}[5]({{ rating_url }}?score=5){% endif %}"

    @Test("rating_url is for mails to the customer of triggers that are about ratings")
    func checked() {
        #expect(load("on: order.delivered\nabout: ratings\nsend: email\n", letter: letter).faults == [])
        let said = "'rating_url' asks for a rating, and triggers/ask.yaml is not 'about: ratings' to the customer"
        for trigger in [
            "on: order.delivered\nsend: email\n", "on: order.delivered\nabout: marketing\nsend: email\n",
            "on: order.delivered\nabout: ratings\nsend: { email: merchant }\n",
        ] {
            let (set, faults) = load(trigger, letter: letter)
            #expect(set == nil && faults.contains { $0.contains(said) }, "\(faults)")
        }
        // Where it can be empty and nobody asks, and that no condition asks for it.
        let bare = load("on: order.delivered\nabout: ratings\nsend: email\n", letter: "{{ rating_url }}").faults
        #expect(bare.contains { $0.contains("'rating_url' can be empty") })
        let condition = load("on: order.delivered\nabout: ratings\nif: rating_url != blank\nsend: email\n").faults
        #expect(condition.contains { $0.contains("'rating_url' is for templates") })
    }

    @Test("check says which trigger asks in vain where no pages are served")
    func withoutPages() {
        let ask = "on: order.delivered\nabout: ratings\nsend: email\n"
        #expect(load(ask, letter: letter, pages: true).faults == [])
        #expect(
            load(ask, letter: letter, pages: false).faults.contains { $0.contains("has no 'public:'") })
        #expect(load(ask + "mode: off\n", letter: letter, pages: false).faults == [])
    }

    @Test("the names of a rating are there for its event, and for no other")
    func names() throws {
        #expect(load("on: rating.given\nif: rating.score <= 2\nsend: { email: merchant }\n").faults == [])
        let other = load("on: order.delivered\nif: rating.score <= 2\nsend: { email: merchant }\n")
        #expect(other.set == nil)
        #expect(load("on: order.paid\nif: customer.last_rating <= 2\nsend: { email: merchant }\n").faults == [])
    }

    private func judged(_ score: Int, now current: History.RatingNow?, _ condition: String) throws -> Decision {
        let set = try #require(load("on: rating.given\nif: \(condition)\nsend: { email: merchant }\n").set)
        let planner = planner(set)
        let order = StandardOrder(.orderDelivered, at: start).record
        let event = Event(
            id: 9, shop: order.shop, orderID: order.facts.id, kind: .ratingGiven,
            occurrences: [.init(subject: "rating:7", n: 1, mark: "7-1 \(score)")], happenedAt: start,
            recordedAt: start, source: "ratings")
        let match = try #require(planner.matches(event, record: order).first)
        guard case .insert(let effect) = planner.place(match, event: event, existing: [], now: start) else {
            throw CancellationError()
        }
        var history = History()
        history.rating = current
        history.lastRating = current?.score
        return planner.judge(effect, record: order, history: history, now: start)
    }

    @Test("an event tells the score that it was made for, and nothing once the rating is another")
    func changed() throws {
        #expect(try judged(2, now: .init(score: 2, words: "Wet."), "rating.score <= 2") == .send)
        #expect(try judged(2, now: .init(score: 2, words: "Wet."), "rating.words contains \"Wet\"") == .send)
        #expect(try judged(2, now: .init(score: 2, words: nil), "customer.last_rating == 2") == .send)
        #expect(try judged(2, now: .init(score: 4, words: nil), "rating.score <= 2") == .skip(because: .passed))
        #expect(try judged(2, now: .init(score: nil, words: nil), "rating.score <= 2") == .skip(because: .passed))
        // Where only the event is known, as in a replay.
        #expect(try judged(2, now: nil, "rating.score <= 2") == .send)
    }

    @Test("nobody is asked twice within 30 days, whatever the trigger says, here or elsewhere")
    func askedLately() throws {
        for letter in [letter, "Elsewhere."] {
            let set = try #require(
                load("on: order.delivered\nabout: ratings\nsend: email\n", letter: letter).set)
            let planner = planner(set)
            let order = StandardOrder(.orderDelivered, at: start)
            let match = try #require(planner.matches(order.event, record: order.record).first)
            guard case .insert(let effect) = planner.place(match, event: order.event, existing: [], now: start)
            else { throw CancellationError() }
            var history = History()
            func decision() -> Decision {
                planner.judge(effect, record: order.record, history: history, now: start)
            }
            #expect(decision() == .send)
            history.lastAskedAt = start - .days(30) + .seconds(1)
            #expect(decision() == .skip(because: .askedLately))
            history.lastAskedAt = start - .days(30)
            #expect(decision() == .send)
            #expect(HistoryQuestion(of: effect, record: order.record, planner: planner).asksForRating)
            let turn = PlanningTurn(planner, now: start)
            let change = try #require(
                turn.finish(
                    turn.judge(effect, record: order.record, history: history), .made(nil, remark: nil)
                ).changes.last)
            let asks = try #require(change.asks)
            #expect(asks.kind == (letter == self.letter ? .delivery : nil))
            #expect(asks.address == "robin@shopper.example" && asks.customerID != nil)
        }
    }

    @Test("of two questions that fall due together one is asked; the other waits to see what became of it")
    func together() throws {
        let set = try #require(
            load(
                "on: shipment.delivered\nabout: ratings\nonce_per: event\nsend: email\n", letter: letter
            ).set)
        let planner = planner(set)
        let order = StandardOrder(.shipmentDelivered, at: start, parcels: 2)
        let turn = PlanningTurn(planner, now: start)
        var effects: [Effect] = []
        for (index, event) in order.events.enumerated() {
            let match = try #require(planner.matches(event, record: order.record).first)
            guard case .insert(var effect) = planner.place(match, event: event, existing: [], now: start) else {
                throw CancellationError()
            }
            effect.id = Int64(index + 1)
            effects.append(effect)
        }
        let judged = effects.map { turn.judge($0, record: order.record, history: History()) }
        #expect(judged.count == 2 && judged.allSatisfy(\.goes))
        #expect(turn.settle(judged, waiting: { _ in [] }).count == 1)
    }

    /// What becomes of a question about the conversation of an example.
    private func asked(_ change: (inout ConversationRecord) -> Void, email: String? = nil) throws -> Decision {
        let set = try #require(load("on: conversation.closed\nabout: ratings\nsend: email\n", letter: letter).set)
        let planner = planner(set)
        let order = StandardOrder(.conversationClosed, at: start)
        var record = order.known
        if let email { record.facts.email = email }
        var conversation = try #require(record.conversation)
        change(&conversation)
        record.conversation = conversation
        let match = try #require(planner.matches(order.event, record: record).first)
        guard case .insert(let effect) = planner.place(match, event: order.event, existing: [], now: start) else {
            throw CancellationError()
        }
        return planner.judge(effect, record: record, history: History(), now: start)
    }

    @Test("whoever was answered is asked about a conversation, unless time closed it, or somebody else wrote")
    func conversations() throws {
        #expect(try asked { _ in } == .send)
        #expect(try asked { $0.reason = .helped } == .send)
        #expect(
            try asked { $0.reason = .quiet } == .skip(because: .nothingToRate, detail: "time closed it"))
        #expect(
            try asked { $0.messages.removeAll { $0.direction == .outgoing } }
                == .skip(because: .nothingToRate, detail: "nobody answered in it"))
        #expect(try asked { $0.state = .undecided } == .skip(because: .passed), "she wrote again")
        guard case .skip(because: .noRecipient, detail: _) = try asked({ _ in }, email: "wren@shopper.example") else {
            Issue.record("the order's address is asked of what somebody else wrote")
            return
        }
    }

    @Test("a conversation's customer gets a mail beside it only to be asked, and only when it is over")
    func onlyAsked() {
        #expect(load("on: conversation.closed\nabout: ratings\nsend: email\n", letter: letter).set != nil)
        for (event, about) in [("conversation.closed", "order"), ("message.received", "ratings")] {
            let other = load("on: \(event)\nabout: \(about)\nsend: email\n")
            #expect(other.faults.contains { $0.contains("answered in her own thread") }, "\(event) \(about)")
        }
    }

    @Test("a low rating hands over what is nobody's, and a good one changes nothing")
    func handedOver() throws {
        let rating = Rating(
            request: 7, kind: .conversation, subject: .conversation(1), addressKey: [], askedAt: start)
        var record = ConversationRecord(shop: "fig.example", channel: .mailbox, openedAt: start)
        (record.state, record.closedAt) = (.closed, start)
        let good = rating.change(telling: 3, of: "x", in: record, at: start, now: start)
        #expect(good.record == record && good.events.count == 1)
        let low = rating.change(telling: 2, of: "x", in: record, at: start, now: start)
        #expect(low.record.state == .person && low.record.reason == .ratedLow && low.record.waitsSince == start)
        #expect(low.events.count == 2 && low.events.contains(.handedOver))
        for state in [ConversationRecord.State.person, .snoozed] {
            record.state = state
            #expect(rating.change(telling: 1, of: "x", in: record, at: start, now: start).record == record)
        }
        let event = low.events[0].event(of: low.record, messages: [], now: start)
        #expect(event.ratingRequest == 7 && event.kind == .ratingGiven && event.aggregate == low.record.aggregate)
    }
}
