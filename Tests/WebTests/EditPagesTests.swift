import Daemon
import Foundation
import Outreach
import Platform
import Store
import Synchronization
import Testing

@testable import Web

/// The program as it was built beside these tests: it tries edits.
private let program: String = {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    for folder in [
        tests, tests.deletingLastPathComponent(), tests.deletingLastPathComponent().deletingLastPathComponent(),
    ] {
        let path = folder.appendingPathComponent("bookbag").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    return ".build/debug/bookbag"
}()

private let shopFile = """
    # Our shop.
    mode: live  # at last
    brand: { name: Fig, from: orders@fig.example }
    limit:
      messages: 1
      per: 16 hours

    """
private let trigger = """
    on: shipment.delivered
    send: email
    examples:
      - name: it arrived
        expect:
          - email: { subject: "Your parcel is here" }

    """
private let letter = "---\nsubject: Your parcel is here\n---\n# It is there\n\nLook at your door.\n"

/// A shop with files on a disk, a store on a disk, and the desk over them.
private final class EditBench {
    let bench: DeskBench
    let place: String
    let files: String

    init(saves: Bool = true, program: String = program) async throws {
        place = NSTemporaryDirectory() + "bookbag-edit-" + UUID().uuidString
        files = place + "/triggers"
        try FileManager.default.createDirectory(
            atPath: files + "/templates", withIntermediateDirectories: true)
        for (name, text) in ["shop.yaml": shopFile, "delivered.yaml": trigger, "templates/delivered.md": letter] {
            try text.write(toFile: "\(files)/\(name)", atomically: false, encoding: .utf8)
        }
        var trials = EditTrials()
        trials.program = program
        bench = try await DeskBench(state: place, triggers: files, savesEdits: saves, trials: trials)
        try await accept()
    }

    deinit { try? FileManager.default.removeItem(atPath: place) }

    /// Has what is on the disk be what is in force.
    func accept() async throws {
        let folder = try TriggerFolder(readingFrom: files)
        let kept = try JSONEncoder().encode(folder.files.mapValues { Data($0) })
        try await bench.store.setTriggers(
            shop: figs, names: ["delivered"],
            goodSet: GoodSet(digest: folder.digest, files: [UInt8](kept), acceptedAt: bench.now), now: bench.now)
    }

    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(files)/\(name)", encoding: .utf8) }

    func version(_ name: String) -> String { TriggerFolder.version(text(name).map { Array($0.utf8) }) }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: files).sorted()
    }

    /// Presses a button of the editor and follows it.
    func press(
        _ button: String, _ file: String, _ text: String?, version: String? = nil, more: [String: String] = [:],
        cookies: [String: String]
    ) async -> (answer: WebResponse, page: WebResponse) {
        var form = ["do": button, "file": file, "version": version ?? self.version(file)].merging(more) { $1 }
        form["text"] = text
        let answer = await bench.ask("/juniperfig/edit/try", method: "POST", form: form, cookies: cookies)
        guard answer.status == 303, let location = answer.headers["location"] else { return (answer, answer) }
        return (
            answer, await bench.ask(String(location.split(separator: "#")[0]), cookies: cookies)
        )
    }
}

@Suite("Files are edited at the desk", .timeLimit(.minutes(5)))
struct EditPagesTests {
    @Test("a file is shown with its text, saved whole, and each save is in the audit and can be put back")
    func saves() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let list = await edit.bench.ask("/juniperfig/edit", cookies: cookies)
        #expect(list.text.contains("templates/delivered.md") && list.text.contains("shop.yaml"))
        let shown = await edit.bench.ask("/juniperfig/edit?file=templates%2Fdelivered.md", cookies: cookies)
        #expect(
            shown.text.contains("Look at your door.") && shown.text.contains(edit.version("templates/delivered.md")))
        let new = letter.replacing("your door", with: "your porch")
        // A browser sends the line ends of the web.
        let saved = await edit.press(
            "save", "templates/delivered.md", new.replacing("\n", with: "\r\n"), cookies: cookies)
        #expect(saved.answer.headers["location"] == "/juniperfig/edit?saved=templates%2Fdelivered.md")
        #expect(saved.page.text.contains("is saved"))
        #expect(edit.text("templates/delivered.md") == new)
        let versions = try await edit.bench.store.fileVersions(of: "templates/delivered.md", shop: figs)
        #expect(versions.map(\.what) == ["saved", "found"])
        let history = await edit.bench.ask(
            "/juniperfig/edit/versions?file=templates%2Fdelivered.md", cookies: cookies)
        #expect(history.text.contains("Ben Edit") && history.text.contains("outside the desk"))
        let old = await edit.bench.ask("/juniperfig/edit/version?id=\(versions[1].id)", cookies: cookies)
        #expect(old.text.contains("your door") && old.text.contains("Put it back"))
        let back = await edit.bench.ask(
            "/juniperfig/edit/put-back", method: "POST",
            form: ["id": "\(versions[1].id)", "version": edit.version("templates/delivered.md")], cookies: cookies)
        #expect(back.status == 303 && edit.text("templates/delivered.md") == letter)
        let audit = try await edit.bench.store.auditLines(limit: 2).map { "\($0.entry.what) \($0.entry.about)" }
        #expect(audit == ["put_back templates/delivered.md", "saved templates/delivered.md"])
    }

    @Test("what the check or an example refuses is not saved, and is shown at its line")
    func refused() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let broken = trigger + "sned: email\n"
        for button in ["check", "save"] {
            let (answer, page) = await edit.press(button, "delivered.yaml", broken, cookies: cookies)
            #expect(answer.status == 303 && answer.headers["location"]?.contains("/edit/draft?id=") == true)
            #expect(page.text.contains("Line 7:") && page.text.contains("sned: email"), "\(page.text)")
            #expect(page.text.contains("Not saved") == (button == "save"))
            #expect(edit.text("delivered.yaml") == trigger)
        }
        let failing = trigger.replacing("is here\"", with: "is lost\"")
        let (_, page) = await edit.press("save", "delivered.yaml", failing, cookies: cookies)
        #expect(page.text.contains("does not hold") && edit.text("delivered.yaml") == trigger)
        // A letter that breaks another file's example is no better.
        let other = letter.replacing("parcel is here", with: "box is here")
        let (_, second) = await edit.press("save", "templates/delivered.md", other, cookies: cookies)
        #expect(second.text.contains("does not hold") && edit.text("templates/delivered.md") == letter)
        #expect(try await edit.bench.store.auditLines(limit: 9).allSatisfy { $0.entry.what == "signed_in" })
        // Where another file is broken already, this one can still be mended or changed.
        try "on: nothing.known\n".write(toFile: edit.files + "/broken.yaml", atomically: false, encoding: .utf8)
        let longer = letter + "\nThanks.\n"
        let (mended, _) = await edit.press("save", "templates/delivered.md", longer, cookies: cookies)
        #expect(mended.headers["location"]?.contains("saved=") == true)
        #expect(edit.text("templates/delivered.md") == longer)
    }

    @Test("a save from an older version writes nothing and shows both")
    func conflict() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let read = edit.version("templates/delivered.md")
        let theirs = letter.replacing("your door", with: "the neighbour's")
        try theirs.write(toFile: edit.files + "/templates/delivered.md", atomically: true, encoding: .utf8)
        let mine = letter.replacing("your door", with: "the garage")
        let (_, page) = await edit.press(
            "save", "templates/delivered.md", mine, version: read, cookies: cookies)
        #expect(page.text.contains("Somebody else saved this file meanwhile"))
        #expect(page.text.contains("the neighbour&#39;s") && page.text.contains("the garage"))
        #expect(edit.text("templates/delivered.md") == theirs)
        // Having seen both, mine may take its place; then it is saved as any other.
        let (_, rebased) = await edit.press(
            "rebase", "templates/delivered.md", mine, version: read, cookies: cookies)
        #expect(!rebased.text.contains("Somebody else saved") && edit.text("templates/delivered.md") == theirs)
        let (answer, _) = await edit.press("save", "templates/delivered.md", mine, cookies: cookies)
        #expect(answer.headers["location"]?.contains("saved=") == true && edit.text("templates/delivered.md") == mine)
        for (path, form) in [
            ("remove", ["file": "templates/delivered.md", "version": read]),
            ("put-back", ["id": "1", "version": read]),
        ] {
            let stale = await edit.bench.ask(
                "/juniperfig/edit/\(path)", method: "POST", form: form, cookies: cookies)
            #expect(stale.status == 303 && edit.text("templates/delivered.md") == mine, "\(path)")
        }
    }

    @Test("a mail is previewed in its frame, for an example and for an order, in each look")
    func preview() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("shop@juniperfig.example")
        let text = letter.replacing("It is there", with: "It has come")
        let (answer, page) = await edit.press(
            "preview", "templates/delivered.md", text, more: ["trigger": "delivered"], cookies: cookies)
        #expect(page.text.contains("As it would be sent") && page.text.contains("it arrived"), "\(page.text)")
        let id = try #require(answer.headers["location"]?.firstMatch(of: /id=([A-Za-z0-9_-]+)/)).1
        let mail = await edit.bench.ask("/juniperfig/edit/mail?draft=\(id)&n=0", cookies: cookies)
        #expect(mail.text.contains("It has come"))
        #expect(mail.headers["content-security-policy"]?.hasPrefix("sandbox; default-src 'none'") == true)
        #expect(await edit.bench.ask("/juniperfig/edit/mail?draft=\(id)&n=7", cookies: cookies).status == 404)
        let dark = await edit.bench.ask("/juniperfig/edit/draft?id=\(id)&look=dark", cookies: cookies)
        #expect(dark.text.contains("class=\"mail dark\""))
        // Nobody else sees it.
        let other = try await edit.bench.login("edit@juniperfig.example")
        #expect(await edit.bench.ask("/juniperfig/edit/draft?id=\(id)", cookies: other).status == 404)
        #expect(await edit.bench.ask("/juniperfig/edit/mail?draft=\(id)&n=0", cookies: other).status == 404)
        _ = try await edit.bench.order(1001, deliveredAt: edit.bench.now)
        let (_, order) = await edit.press(
            "preview", "templates/delivered.md", text, more: ["trigger": "delivered", "order": "1001"],
            cookies: cookies)
        #expect(order.text.contains("Nothing has happened to #1001 that"), "\(order.text)")
        let (_, none) = await edit.press(
            "preview", "templates/delivered.md", text, more: ["trigger": "delivered", "order": "#77"],
            cookies: cookies)
        #expect(none.text.contains("There is no order"))
        // What would not be sent as the order is now is shown, and says why.
        _ = try await edit.bench.order(1002)
        let (_, held) = await edit.press(
            "preview", "delivered.yaml", "on: shipment.in_transit\nif: order.item_count > 1000\nsend: email\n",
            more: ["trigger": "delivered", "order": "1002"], cookies: cookies)
        #expect(held.text.contains("It would not be sent now:"), "\(held.text)")
        #expect(edit.text("templates/delivered.md") == letter)
    }

    @Test("a replay of 30 days goes on by itself, one at a time, and ends with who hears something else")
    func replay() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let (answer, _) = await edit.press(
            "replay", "delivered.yaml", trigger + "mode: off\n", cookies: cookies)
        let location = try #require(answer.headers["location"])
        var page = ""
        while !page.contains("Nothing differs") && !page.contains("would have heard something else") {
            page = await edit.bench.ask(location, cookies: cookies).text
            if page.contains("note bad") { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(page.contains("Nothing differs"), "\(page)")
        #expect(edit.text("delivered.yaml") == trigger)
    }

    @Test("a replay that is cancelled ends its process, and another one may begin")
    func cancel() async throws {
        // It answers checks, and plays for ever.
        let folder = NSTemporaryDirectory() + "bookbag-slow-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = """
            #!/bin/sh
            case "$*" in *" 900"*) cat >/dev/null; echo '{"done":3,"of":9}'; exec sleep 600 ;; esac
            exec "\(program)" "$@"
            """
        try script.write(toFile: folder + "/slow.txt", atomically: true, encoding: .utf8)
        let copy = Process()
        copy.executableURL = URL(fileURLWithPath: "/usr/bin/install")
        copy.arguments = ["-m", "755", folder + "/slow.txt", folder + "/slow"]
        try copy.run()
        copy.waitUntilExit()
        let edit = try await EditBench(program: folder + "/slow")
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let reader = try await edit.bench.login("shop@juniperfig.example")
        let (answer, _) = await edit.press("replay", "delivered.yaml", trigger + "# x\n", cookies: cookies)
        let location = try #require(answer.headers["location"])
        var page = ""
        while !page.contains("3 of 9 orders, 33 %") {
            page = await edit.bench.ask(location, cookies: cookies).text
            try await Task.sleep(for: .milliseconds(10))
        }
        let (_, other) = await edit.press("replay", "delivered.yaml", trigger + "# y\n", cookies: reader)
        #expect(other.text.contains("Another replay is under way") && other.text.contains("Ben Edit replays"))
        let job = try #require(page.firstMatch(of: /name="job" value="(\d+)"/)).1
        // Who has neither begun it nor may save does not end it.
        _ = await edit.bench.ask(
            "/juniperfig/edit/cancel", method: "POST", form: ["job": "\(job)"], cookies: reader)
        #expect(edit.bench.desk.edits.running != nil)
        _ = await edit.bench.ask(
            "/juniperfig/edit/cancel", method: "POST", form: ["job": "\(job)"], cookies: cookies)
        while edit.bench.desk.edits.running != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(await edit.bench.ask(location, cookies: cookies).text.contains("It was cancelled"))
    }

    @Test("without the role nothing is saved, and with 'edit: off' by nobody: the text can be downloaded")
    func roles() async throws {
        let edit = try await EditBench()
        let reader = try await edit.bench.login("shop@juniperfig.example")
        let shown = await edit.bench.ask("/juniperfig/edit?file=delivered.yaml", cookies: reader)
        #expect(!shown.text.contains("value=\"save\"") && shown.text.contains("value=\"download\""))
        let off = try await EditBench(saves: false)
        let cookies = try await off.bench.login("edit@juniperfig.example")
        let page = await off.bench.ask("/juniperfig/edit?file=delivered.yaml", cookies: cookies)
        #expect(!page.text.contains("value=\"save\"") && page.text.contains("edit: off"))
        for (bench, cookies) in [(edit, reader), (off, cookies)] {
            let (answer, _) = await bench.press("save", "delivered.yaml", trigger + "# x\n", cookies: cookies)
            #expect(answer.status == 403)
            for path in ["remove", "put-back"] {
                let answer = await bench.bench.ask(
                    "/juniperfig/edit/\(path)", method: "POST",
                    form: ["file": "delivered.yaml", "id": "1", "version": bench.version("delivered.yaml")],
                    cookies: cookies)
                #expect([403, 404].contains(answer.status), "\(path)")
            }
            #expect(bench.text("delivered.yaml") == trigger)
            let (download, _) = await bench.press("download", "delivered.yaml", "# mine\n", cookies: cookies)
            #expect(download.text == "# mine\n")
            #expect(download.headers["content-disposition"] == "attachment; filename=\"delivered.yaml\"")
        }
    }

    @Test("new files are begun by a name that is read, and removed ones come back")
    func newFiles() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let fresh = await edit.bench.ask("/juniperfig/edit?file=templates%2Fthanks.md", cookies: cookies)
        #expect(fresh.status == 200 && fresh.text.contains("A new file."))
        let (made, _) = await edit.press("save", "templates/thanks.md", letter, cookies: cookies)
        #expect(made.headers["location"]?.contains("saved=") == true && edit.text("templates/thanks.md") == letter)
        let gone = await edit.bench.ask(
            "/juniperfig/edit/remove", method: "POST",
            form: ["file": "templates/thanks.md", "version": edit.version("templates/thanks.md")], cookies: cookies)
        #expect(gone.status == 303 && edit.text("templates/thanks.md") == nil)
        let versions = try await edit.bench.store.fileVersions(of: "templates/thanks.md", shop: figs)
        #expect(versions.map(\.what) == ["removed", "saved"])
        _ = await edit.bench.ask(
            "/juniperfig/edit/put-back", method: "POST", form: ["id": "\(versions[1].id)", "version": "new"],
            cookies: cookies)
        #expect(edit.text("templates/thanks.md") == letter)
        // What a trigger needs is not removed under it.
        let needed = await edit.bench.ask(
            "/juniperfig/edit/remove", method: "POST",
            form: ["file": "templates/delivered.md", "version": edit.version("templates/delivered.md")],
            cookies: cookies)
        #expect(needed.headers["location"]?.contains("draft") == true && edit.text("templates/delivered.md") != nil)
    }

    @Test(
        "no path leads out of the folder",
        arguments: [
            "../secret.yaml", "/etc/passwd", "..%2Fsecret.yaml", "templates/../../secret.yaml", "link.yaml",
            ".hidden.yaml", "notes.txt", "schema/x.yaml", "a\u{0}b.yaml", "templates\\x.md", "x/../y.yaml",
        ])
    func traversal(_ file: String) async throws {
        let edit = try await EditBench()
        try "secret".write(toFile: edit.place + "/secret.yaml", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: edit.files + "/link.yaml", withDestinationPath: edit.place + "/secret.yaml")
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let before = try edit.names()
        let escaped = file.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        for path in ["edit", "edit/download", "edit/versions"] {
            let answer = await edit.bench.ask("/juniperfig/\(path)?file=\(escaped)", cookies: cookies)
            #expect(!answer.text.contains("secret\n") && !answer.text.contains(">\nsecret"), "\(path)")
        }
        for button in ["save", "check", "preview"] {
            _ = await edit.press(button, file, "evil: yes\n", version: "new", cookies: cookies)
        }
        _ = await edit.bench.ask(
            "/juniperfig/edit/remove", method: "POST", form: ["file": file, "version": "new"], cookies: cookies)
        #expect(try edit.names() == before)
        #expect(try String(contentsOfFile: edit.place + "/secret.yaml", encoding: .utf8) == "secret")
    }

    @Test("a form of the editor may be large for those who are logged in alone, and a file has its limit")
    func bodies() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        func most(_ path: String, _ cookies: [String: String], site: String = "same-origin") async -> Int {
            await edit.bench.desk.greatestBody(
                of: WebRequest(
                    method: "POST", path: path, host: edit.bench.desk.site.authority,
                    headers: [
                        "sec-fetch-site": site,
                        "cookie": cookies.map { "\($0.key)=\($0.value)" }.joined(separator: ";"),
                    ]))
        }
        #expect(await most("/juniperfig/edit/try", cookies) == WebRequest.greatestEdit)
        #expect(await most("/juniperfig/edit/try", [:]) == WebRequest.greatestBody)
        #expect(await most("/juniperfig/edit/try", cookies, site: "cross-site") == WebRequest.greatestBody)
        #expect(await most("/juniperfig/find", cookies) == WebRequest.greatestBody)
        let large = String(repeating: "# a remark\n", count: 5_000)
        let (answer, _) = await edit.press("save", "delivered.yaml", trigger + large, cookies: cookies)
        #expect(answer.status == 413 && edit.text("delivered.yaml") == trigger)
        try (trigger + large).write(toFile: edit.files + "/delivered.yaml", atomically: true, encoding: .utf8)
        let page = await edit.bench.ask("/juniperfig/edit?file=delivered.yaml", cookies: cookies)
        #expect(page.text.contains("cannot be edited here") && page.text.utf8.count < 100_000)
    }

    @Test("what stands in a file stays words, on every page of the editor")
    func escaping() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("all@juniperfig.example")
        let text = trigger + "# \(hostile)\n</textarea>\(hostile): \(hostile)\n"
        let (_, checked) = await edit.press("check", "delivered.yaml", text, cookies: cookies)
        DeskPagesTests.expectHarmless(checked.text, "check")
        #expect(checked.text.components(separatedBy: "</textarea>").count == 2)
        let remark = trigger + "# \(hostile)\n"
        let (saved, _) = await edit.press("save", "delivered.yaml", remark, cookies: cookies)
        #expect(saved.status == 303 && edit.text("delivered.yaml") == remark)
        let versions = try await edit.bench.store.fileVersions(of: "delivered.yaml", shop: figs)
        for path in [
            "edit", "edit?file=delivered.yaml", "edit/version?id=\(versions[1].id)", "settings",
            "edit?refused=\(hostile.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")",
        ] {
            let answer = await edit.bench.ask("/juniperfig/\(path)", cookies: cookies)
            #expect(answer.status == 200, "\(path)")
            DeskPagesTests.expectHarmless(answer.text, path)
        }
    }

    @Test("drafts and replays are bounded")
    func bounded() {
        let desk = EditDesk(wake: Wake())
        for number in 0..<200 {
            desk.keep(
                EditDesk.Draft(
                    id: "\(number)", person: "a", shop: figs, path: "x.yaml",
                    text: String(repeating: "x", count: 300_000), base: "new"))
        }
        let kept = (0..<200).filter { desk.draft("\($0)", of: "a", shop: figs) != nil }
        #expect(kept.count == 20 && kept.last == 199)
        #expect(desk.draft("199", of: "b", shop: figs) == nil && desk.draft("199", of: "a", shop: looms) == nil)
    }
}

@Suite("Settings are changed at the desk", .timeLimit(.minutes(5)))
struct SettingsPagesTests {
    @Test("what would change is shown first, then saved with every comment kept")
    func changes() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let page = await edit.bench.ask("/juniperfig/settings", cookies: cookies)
        #expect(page.text.contains("<option value=\"live\" selected>") && page.text.contains("value=\"16 hours\""))
        var form = ["version": edit.version("shop.yaml"), "mode": "shadow", "limit.messages": "1"]
        form.merge(["limit.per": "1 day", "quiet_hours": "21:00-08:00", "brand.name": "Fig"]) { $1 }
        let answer = await edit.bench.ask("/juniperfig/settings", method: "POST", form: form, cookies: cookies)
        let location = try #require(answer.headers["location"])
        let shown = await edit.bench.ask(location, cookies: cookies)
        #expect(shown.text.contains("what would change") && shown.text.contains("mode: shadow  # at last"))
        #expect(shown.text.contains("3 removed") || shown.text.contains("2 removed"))
        #expect(edit.text("shop.yaml") == shopFile)
        let text = try #require(shown.text.firstMatch(of: /<textarea id="text"[^>]*>\n([^<]*)<\/textarea>/)).1
        let id = try #require(location.firstMatch(of: /id=([A-Za-z0-9_-]+)/)).1
        let (saved, _) = await edit.press(
            "save", "shop.yaml", String(text).replacing("&amp;", with: "&").replacing("&quot;", with: "\""),
            more: ["draft": "\(id)"], cookies: cookies)
        #expect(saved.headers["location"] == "/juniperfig/settings?saved=shop.yaml")
        #expect(
            edit.text("shop.yaml")
                == shopFile.replacing("mode: live", with: "mode: shadow").replacing("16 hours", with: "1 day")
                + "\nquiet_hours: 21:00-08:00\n")
        // It is not in force yet: until then it is for the Edit page.
        let waiting = await edit.bench.ask("/juniperfig/settings", cookies: cookies)
        #expect(waiting.text.contains("is not in force"))
        try await edit.accept()
        let later = await edit.bench.ask("/juniperfig/settings", cookies: cookies)
        #expect(later.text.contains("value=\"1 day\""))
    }

    @Test("what is no setting is shown with its line and not saved")
    func wrong() async throws {
        let edit = try await EditBench()
        let cookies = try await edit.bench.login("edit@juniperfig.example")
        let answer = await edit.bench.ask(
            "/juniperfig/settings", method: "POST", form: ["mode": "live", "quiet_hours": "at night"],
            cookies: cookies)
        let page = await edit.bench.ask(try #require(answer.headers["location"]), cookies: cookies)
        #expect(page.text.contains("is not a time range"))
        let same = await edit.bench.ask(
            "/juniperfig/settings", method: "POST", form: ["mode": "live", "limit.per": "16 hours"], cookies: cookies)
        #expect(same.headers["location"] == "/juniperfig/settings?unchanged=1")
        let unchanged = await edit.bench.ask("/juniperfig/settings?unchanged=1", cookies: cookies)
        #expect(unchanged.text.contains("Nothing was changed."))
        #expect(edit.text("shop.yaml") == shopFile)
    }
}

@Suite("Pauses at the desk")
struct PausePagesTests {
    @Test("a pause is begun on Today, told of on every page, and ended")
    func pause() async throws {
        let bench = try await DeskBench()
        var profile = ShopProfile(domain: figs)
        profile.timeZone = "Europe/London"
        try await bench.store.remember(profile, as: .profile, shop: figs, now: benchStart)
        try await bench.message(about: bench.order(1001))
        let cookies = try await bench.login("shop@juniperfig.example")
        let today = await bench.ask("/juniperfig/today", cookies: cookies)
        #expect(today.text.contains("Pause news") && !today.text.contains("News is paused"))
        func post(_ act: String, _ form: [String: String], _ cookies: [String: String]) async -> Int {
            await bench.ask("/juniperfig/pause/\(act)", method: "POST", form: form, cookies: cookies).status
        }
        #expect(await post("begin", ["what": "news", "for": "ever"], cookies) == 400)
        #expect(await post("begin", ["what": "everything", "for": "hour"], cookies) == 400)
        #expect(await post("begin", ["what": "news", "for": "today"], cookies) == 303)
        let pause = try #require(try await bench.store.pauses(shop: figs)[.news])
        #expect(pause.by == "shop@juniperfig.example" && pause.until == Moment(iso8601: "2026-11-30T00:00:00Z"))
        let all = try await bench.login("all@juniperfig.example")
        for path in ["today", "orders/1001", "messages/1", "triggers", "operations", "find", "settings", "edit"] {
            let answer = await bench.ask("/juniperfig/\(path)", cookies: all)
            #expect(answer.text.contains("News is paused"), "\(path)")
            #expect(answer.text.contains("Ada Shop") && answer.text.contains("End the pause"), "\(path)")
        }
        // Whoever answers sees it, and does not end it.
        let answerer = try await bench.login("answer@juniperfig.example")
        let seen = await bench.ask("/juniperfig/find", cookies: answerer)
        #expect(seen.text.contains("News is paused") && !seen.text.contains("End the pause"))
        #expect(await post("end", ["what": "news"], answerer) == 403)
        #expect(await post("end", ["what": "news"], cookies) == 303)
        #expect(try await bench.store.pauses(shop: figs).isEmpty)
        #expect(await post("begin", ["what": "news", "for": "hour"], cookies) == 303)
        bench.now = benchStart + .hours(1)
        #expect(!(await bench.ask("/juniperfig/today", cookies: cookies)).text.contains("News is paused"))
        let done = try await bench.store.auditLines(limit: 9).filter { $0.entry.about == "news" }.map(\.entry.what)
        #expect(done == ["paused", "resumed", "paused"])
    }
}

@Suite("What operators do at the desk")
struct OperatingPagesTests {
    @Test("a closed channel is tried again by hand, once, and it is in the audit")
    func channels() async throws {
        let bench = try await DeskBench()
        let state = ChannelState(
            closedUntil: benchStart + .hours(1), reason: "connect", detail: "it does not answer", failures: 3)
        for shop in [figs, looms] {
            try await bench.store.setChannel(.mail(shop: shop), state, now: bench.now)
        }
        let cookies = try await bench.login("operate@juniperfig.example")
        let page = await bench.ask("/juniperfig/operations", cookies: cookies)
        #expect(page.text.contains("Try now") && page.text.contains("name=\"route\" value=\"email\""))
        func open(_ route: String) async -> Int {
            await bench.ask(
                "/juniperfig/operations/open", method: "POST", form: ["route": route], cookies: cookies
            ).status
        }
        #expect(await open("webhook:none") == 409)
        #expect(await open("email") == 303)
        #expect(try await bench.store.channelState(.mail(shop: figs)).closedUntil == nil)
        #expect(try await bench.store.channelState(.mail(shop: looms)).closedUntil != nil)
        #expect(await open("email") == 409)
        let done = try await bench.store.auditLines(limit: 1).map { "\($0.entry.what) \($0.entry.about)" }
        #expect(done == ["opened email"])
    }

    @Test("the mailbox stands among the sources, with its trouble and the fix")
    func mailbox() async throws {
        let bench = try await DeskBench()
        try await bench.store.remember(benchStart - .hours(2), as: .mailboxRead, shop: figs, now: bench.now)
        try await bench.store.remember("the login is refused", as: .mailboxFault, shop: figs, now: bench.now)
        let cookies = try await bench.login("operate@juniperfig.example")
        let page = await bench.ask("/juniperfig/operations", cookies: cookies)
        #expect(page.text.contains("Mailbox") && page.text.contains("the login is refused"))
        #expect(page.text.contains("It is tried again by itself"))
    }

    @Test("doctor's checks are run when somebody asks, of that shop alone, and stay to be read")
    func doctor() async throws {
        let asked = Mutex<[[String]]>([])
        let checkups = Checkups { configuration in
            asked.withLock { $0.append(configuration.shops.map(\.domain)) }
            return DoctorReport([
                DoctorReport.Finding(.fine, "relay", "It takes mail."),
                DoctorReport.Finding(.broken, "mailbox", "The login is refused.", fix: "Make a new password."),
            ])
        }
        let bench = try await DeskBench(checkups: checkups)
        let cookies = try await bench.login("operate@juniperfig.example")
        let before = await bench.ask("/juniperfig/operations/doctor", cookies: cookies)
        #expect(before.text.contains("Nobody has asked"))
        #expect(asked.withLock(\.self) == [])
        let run = await bench.ask("/juniperfig/operations/doctor", method: "POST", cookies: cookies)
        #expect(run.headers["location"] == "/juniperfig/operations/doctor")
        let page = await bench.ask("/juniperfig/operations/doctor", cookies: cookies)
        #expect(page.text.contains("Make a new password.") && page.text.contains("It takes mail."))
        #expect(asked.withLock(\.self) == [[figs]])
        let other = try await bench.login("other@northloom.example")
        let theirs = await bench.ask("/northloom/operations/doctor", cookies: other)
        #expect(theirs.text.contains("Nobody has asked") && !theirs.text.contains("Make a new password."))
    }

    @Test("all that a held edit would send is opened page by page")
    func held() async throws {
        let bench = try await DeskBench()
        let held = #"{"code":"abcd","people":212,"peoplePerDay":9,"since":1795942800000}"#
        var ids: [Int64] = []
        for number in 1001...1070 {
            ids.append(try await bench.message(about: bench.order(number), state: .waiting, reason: .wait).id)
        }
        try await bench.store.keepHeld(ids, shop: figs, now: bench.now)
        let cookies = try await bench.login("shop@juniperfig.example")
        #expect(
            await bench.ask("/juniperfig/triggers/held", cookies: cookies).text.contains("No edit waits"))
        try await bench.store.remember(HeldReload(rememberedText: held), as: .heldReload, shop: figs, now: benchStart)
        var seen: [String] = []
        var path: String? = "/juniperfig/triggers/held"
        while let next = path {
            let answer = await bench.ask(next, cookies: cookies)
            seen += answer.text.matches(of: /class="go" href="([^"]+)"/).map { String($0.1) }
            path = answer.text.firstMatch(of: /class="more"><a href="([^"]+)"/).map { String($0.1) }
        }
        #expect(seen.count == 70 && Set(seen).count == 70)
        let triggers = await bench.ask("/juniperfig/triggers", cookies: cookies)
        #expect(triggers.text.contains("/juniperfig/triggers/held"))
    }
}

@Suite("What differs between two versions")
struct LineDiffTests {
    @Test("lines that went and came stand with what is around them")
    func rows() {
        let before = (1...20).map { "line \($0)" }.joined(separator: "\n") + "\n"
        let after = before.replacing("line 10\n", with: "line ten\n")
        let diff = LineDiff(from: before, to: after)
        #expect(diff.rows.map(\.kind) == ["gap", "same", "same", "gone", "new", "same", "same"])
        #expect(diff.rows.map(\.number) == [0, 8, 9, 10, 10, 11, 12] && (diff.gone, diff.new) == (1, 1))
        #expect(LineDiff(from: before, to: before).isEmpty && LineDiff(from: "", to: "").rows.isEmpty)
        #expect(LineDiff(from: "", to: "a\nb\n").rows.map(\.text) == ["a", "b"])
        #expect(LineDiff(from: "a\r\nb\r\n", to: "a\nb\n").isEmpty)
        let large = (1...5_000).map { "\($0)" }.joined(separator: "\n")
        let other = (1...5_000).map { "x\($0)" }.joined(separator: "\n")
        #expect(LineDiff(from: large, to: other).rows.count == LineDiff.most)
    }
}
