import Outreach
import Testing

@Suite("When people hear of customers who wait") struct AlertsTests {
    private let now = Moment(iso8601: "2026-11-20T12:00:00Z")!

    @Test("at once, every so often, or at a time of day; and nothing else")
    func written() {
        #expect(AlertSchedule("at_once") == .atOnce)
        #expect(AlertSchedule("every 30 minutes") == .every(.minutes(30)))
        #expect(AlertSchedule("every 2 hours") == .every(.hours(2)))
        #expect(AlertSchedule("08:00") == .daily(8 * 3600) && AlertSchedule("23:59") == .daily(86_340))
        for text in [
            "", "never", "8:00", "24:00", "08:60", "every 0 minutes", "every 4 minutes", "every 25 hours",
            "every 2 days", "every 9223372036854775807 hours", "0٨:00", "at once",
        ] {
            #expect(AlertSchedule(text) == nil, "\(text)")
        }
    }

    private func times(mailed: Duration? = nil, urgent: Duration? = nil, looked: Duration? = nil) -> AlertTimes {
        var times = AlertTimes()
        times.mailed = mailed.map { now - $0 }
        times.urgent = urgent.map { now - $0 }
        times.looked = looked.map { now - $0 }
        return times
    }

    @Test("mails keep their distance; who cannot wait is told of meanwhile, once a minute at most")
    func due() {
        func due(_ schedule: AlertSchedule, _ times: AlertTimes) -> AlertRules.Due {
            AlertRules.due(schedule, times, zone: .utc, now: now)
        }
        #expect(due(.atOnce, AlertTimes()) == .all)
        #expect(due(.atOnce, times(mailed: .minutes(4))) == .urgent)
        #expect(due(.atOnce, times(mailed: .minutes(4), urgent: .seconds(59))) == .nothing)
        #expect(due(.atOnce, times(mailed: .minutes(4), urgent: .seconds(60))) == .urgent)
        #expect(due(.atOnce, times(mailed: .minutes(5), urgent: .seconds(1))) == .all)
        #expect(due(.every(.minutes(30)), times(mailed: .minutes(29))) == .urgent)
        #expect(due(.every(.minutes(30)), times(mailed: .minutes(30))) == .all)
        // A clock that has been put back.
        #expect(due(.every(.minutes(30)), times(mailed: .hours(-5), urgent: .hours(-5))) == .all)
    }

    @Test("a daily mail comes once, at its time by the shop's clock")
    func daily() throws {
        let zone = try #require(Zone(named: "America/New_York"))
        let due = { (second: Int, looked: Duration?) in
            AlertRules.due(.daily(second), times(looked: looked), zone: zone, now: now)
        }
        // It is 07:00 in New York.
        #expect(due(7 * 3600, .seconds(1)) == .all && due(7 * 3600, .zero) == .urgent)
        #expect(due(8 * 3600, .hours(22)) == .urgent, "yesterday's was settled")
        #expect(due(8 * 3600, .hours(24)) == .all)
        #expect(due(8 * 3600, nil) == .urgent, "it begins with the next one")
        #expect(AlertRules.lastDaily(8 * 3600, zone: zone, before: now) == Moment(iso8601: "2026-11-19T13:00:00Z"))
    }

    @Test("nobody hears of what a colleague has, another team's, or a language that only others read")
    func whose() {
        var one = UntoldConversation(id: 1, version: 1, messageID: 1, waitsSince: now)
        func isFor(
            _ person: String = "ana@fig.example", teams: [String] = [], languages: [String] = []
        ) -> Bool {
            AlertRules.isFor(
                one, person: person, teams: teams, allTeams: ["returns"], languages: languages,
                allLanguages: ["de", "en"])
        }
        #expect(isFor())
        one.holder = "Ana@fig.example"
        #expect(isFor() && !isFor("tom@fig.example"))
        one.holder = nil
        one.team = "returns"
        #expect(isFor(teams: ["returns"]) && !isFor())
        one.team = "gone"
        #expect(isFor(), "a team that nobody is in is everybody's")
        one.team = nil
        one.understood = Understood()
        one.understood?.language = "de"
        #expect(isFor(languages: ["de"]) && isFor() && !isFor(languages: ["en"]))
        one.understood?.language = "fi"
        #expect(isFor(languages: ["en"]), "nobody reads it, so all hear of it")
        #expect(!one.isUrgent)
        one.understood?.mood = "angry"
        #expect(one.isUrgent)
        one.understood?.mood = "calm"
        one.understood?.needsHuman = true
        #expect(one.isUrgent)
    }
}
