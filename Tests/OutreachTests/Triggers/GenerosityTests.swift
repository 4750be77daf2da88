import Outreach
import Testing

@Suite("An edit of policy.yaml")
struct GenerosityTests {
    private static let policy = """
        amounts_in: GBP
        gifts:
          sorry: { discount: 10%, counts_as: 15.00, valid_for: 60 days }
        budgets: { gifts: [300.00 per month], remedies: [1000.00 per month] }
        remedies:
          lost-parcel:
            at_most: 100.00
            approval: needed
            approve_within: 1 day
            first_that_fits:
              - { offer: [refund, reship] }
        """
    private static let given = [
        GivenLately(name: "sorry", count: 10, sum: 15_000),
        GivenLately(name: "remedy:lost-parcel", count: 2, sum: 9_000),
    ]

    private func set(_ policy: String) throws -> TriggerSet {
        let files = [
            "shop.yaml": "brand: { name: Fig, from: orders@fig.example }\n", "policy.yaml": policy,
            "note.yaml": "on: order.placed\nsend: email\ndo: { give: sorry }\n",
            "lost.yaml": "on: order.on_hold\ndo: { remedy: lost-parcel }\n",
            "offered.yaml": "on: remedy.offered\nsend: email\n",
            "templates/offered.md": "---\nsubject: A\n---\n{{ remedy_url }}\n",
            "templates/note.md": "---\nsubject: A\n---\n{% if gift %}{{ gift.code }}{% endif %}B\n",
        ]
        let loaded = TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }))
        return try #require(loaded.set, "\(loaded.faults)")
    }

    @Test(
        "is held where it would give much more than lately, and says of what",
        arguments: [
            ("discount: 10%", "discount: 12%", nil),
            ("discount: 10%", "discount: 100%", "the gift 'sorry' would cost 10.0 times as much"),
            ("counts_as: 15.00", "counts_as: 45.00", "the gift 'sorry' would cost 3.0 times as much"),
            ("counts_as: 15.00", "counts_as: 5.00", nil),
            ("at_most: 100.00", "at_most: 1000.00", "the remedy 'lost-parcel' would cost 10.0 times as much"),
            (
                "approval: needed\\n    approve_within: 1 day", "approval: not_needed",
                "the remedy 'lost-parcel' would need nobody's approval any more"
            ),
            ("gifts: [300.00 per month]", "gifts: [3000.00 per month]", "the budget of gifts would be 10.0 times"),
            ("gifts: [300.00 per month]", "gifts: [300.00 per day]", "the budget of gifts would be 30.0 times"),
            ("remedies: [1000.00 per month]", "remedies: [5 per day]", "the budget of remedies would have no sum"),
            ("gifts: [300.00 per month]", "gifts: [200.00 per month]", nil),
        ] as [(String, String, String?)])
    func held(_ old: String, _ new: String, _ line: String?) throws {
        let old = old.replacing("\\n", with: "\n")
        #expect(Self.policy.contains(old))
        let edit = Reload(from: try set(Self.policy), to: try set(Self.policy.replacing(old, with: new)))
        let lines = edit.generosity(Self.given)
        if let line {
            #expect(lines.contains { $0.hasPrefix(line) }, "\(lines)")
        } else {
            #expect(lines == [])
        }
    }

    @Test("is never held where nothing of it was given yet")
    func unused() throws {
        let edit = Reload(
            from: try set(Self.policy), to: try set(Self.policy.replacing("discount: 10%", with: "discount: 100%")))
        #expect(edit.generosity([]) == [])
    }
}
