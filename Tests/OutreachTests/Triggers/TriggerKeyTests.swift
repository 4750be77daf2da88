import Testing

@testable import Outreach

/// A key that no code knows. This entry is all that it takes.
private let toy = TriggerKey(
    "not_before", .shaped("^[0-9]{1,2}:[0-9]{2}$"), words: "The time of day before which it says nothing: '10:00'.",
    help: "The time of day before which it says nothing.", example: "not_before: 10:00", needsValue: true,
    alsoCalled: ["earliest"], hastens: { $0.wait.at != $1.wait.at },
    read: { reader, fields, trigger in
        guard let (text, position) = fields.text("not_before", &reader.faults) else { return }
        trigger.wait.at = TimeOfDay(text)
        if trigger.wait.at == nil { reader.faults.add(at: position, "'\(text)' is no time of day") }
    })

@Suite("The keys of trigger files")
struct TriggerKeyTests {
    private let toys = TriggerKeys(TriggerKey.all + [toy])

    private func load(_ trigger: String, keys: TriggerKeys = .standard) -> (set: TriggerSet?, faults: [Fault]) {
        let mail = "---\nsubject: A\n---\nB\n"
        let files = [
            "shop.yaml": "notify: owner@fig.example\nbrand: { name: Fig, from: orders@fig.example }\n",
            "note.yaml": trigger, "out-for-delivery.yaml": "on: shipment.out_for_delivery\nsend: email\n",
            "templates/note.md": mail, "templates/out-for-delivery.md": mail, "templates/lost.md": mail,
            "templates/delivered.md": mail,
        ]
        return TriggerSet.load(TriggerFolder(files: files.mapValues { Array($0.utf8) }), keys: keys)
    }

    @Test("each have an example that is read as it stands", arguments: TriggerKey.all.map(\.name))
    func examples(_ name: String) throws {
        let key = try #require(TriggerKey.all.first { $0.name == name })
        #expect(key.example.hasPrefix("\(name): "))
        #expect(!key.words.isEmpty && (key.place == .email || !key.help.isEmpty))
        var lines = ["on: return.label_ready", "send: email"]
        switch (key.place, name) {
        case (.email, _): lines[1] = "send:\n  - email:\n      \(key.example)"
        case (_, "answers_even"), (_, "phrases"): lines = ["on: message.received", "send: answer"]
        case (_, "on"), (_, "combine"), (_, "for"), (_, "hold_out"): lines[0] = "on: shipment.delivered"
        default: break
        }
        if key.place == .file {
            lines.removeAll { $0.hasPrefix("\(name):") }
            lines.append(key.example)
        }
        let (set, faults) = load(lines.joined(separator: "\n") + "\n")
        #expect(set != nil, "\(faults.map(\.description))")
    }

    @Test("that are new take one entry: they are read, checked, explained, completed and guarded")
    func oneEntry() throws {
        let plain = "on: order.paid\nsend: email\n"
        let early = try #require(load(plain + "not_before: 9:00\n", keys: toys).set)
        let late = try #require(load(plain + "not_before: 11:00\n", keys: toys).set)
        #expect(early.trigger("note")?.wait.at == TimeOfDay("9:00"))
        // It is guarded: an edit of it can make old things due.
        #expect(Reload(from: late, to: early, keys: toys).hastened == ["note"])
        #expect(Reload(from: early, to: early, keys: toys).hastened == [])
        func said(_ line: String) -> [String] {
            load(plain + line, keys: toys).faults.filter { $0.severity == .error }.map(\.description)
        }
        #expect(
            said("earliest: 9:00\n") == ["triggers/note.yaml:3:1: unknown key 'earliest'; did you mean 'not_before'?"])
        #expect(
            said("not_befor: 9:00\n") == ["triggers/note.yaml:3:1: unknown key 'not_befor'; did you mean 'not_before'?"]
        )
        #expect(said("not_before: noon\n") == ["triggers/note.yaml:3:13: 'noon' is no time of day"])
        #expect(said("not_before:\n").first?.contains("nothing is written under 'not_before'") == true)
        #expect(toys.markdown.hasSuffix("| `not_before` | The time of day before which it says nothing. |"))
        #expect(FileSchema.trigger.json(keys: toys).contains("\"not_before\""))
        // None of it is there for others.
        #expect(load(plain + "not_before: 9:00\n").set == nil)
    }

    @Test(
        "are known by what other tools call them", arguments: [("when", "on"), ("delay", "after"), ("stream", "about")])
    func otherWords(_ word: String, _ key: String) {
        let said = load("on: order.paid\nsend: email\n\(word): x\n").faults.map(\.description)
        #expect(said.contains("triggers/note.yaml:3:1: unknown key '\(word)'; did you mean '\(key)'?"))
    }

    @Test("have words of other tools that mean no key of ours")
    func noClash() {
        #expect(Set(TriggerKeys.standard.otherWords.keys).isDisjoint(with: TriggerKeys.standard.names))
    }
}
