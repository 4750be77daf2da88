import Daemon
import Foundation
import Outreach
import Platform
import Store

//     /SHOP/edit                      all files
//     /SHOP/edit?file=…               one of them, or a new one
//     /SHOP/edit/try                  by POST: check, preview, replay, save, rebase, download
//     /SHOP/edit/draft?id=…           what came of it, with the edited text
//     /SHOP/edit/mail?draft=…&n=…     a previewed mail, for its frame
//     /SHOP/edit/cancel               by POST: ends a replay
//     /SHOP/edit/versions?file=…      the last versions
//     /SHOP/edit/version?id=…         one of them, beside what is there now
//     /SHOP/edit/put-back             by POST
//     /SHOP/edit/remove               by POST
//     /SHOP/edit/download?file=…      the file itself

/// The list of files.
struct FilesPage: PageContent {
    static let template = "files"
    struct File: Encodable, Sendable {
        var path: String
        var link: String
        var size: String
    }
    struct Group: Encodable, Sendable {
        var title: String
        var files: [File]
    }
    var groups: [Group]
    var faults: [String]
    var saved: String?
    var removed: String?
    var maySave: Bool
    var savesEdits: Bool
    var path: String
    /// A name that cannot be a new file's.
    var refusedName: String?
}

/// One file in its editor, with what came of trying it.
struct EditPage: PageContent {
    static let template = "edit"
    struct FaultRow: Encodable, Sendable {
        var place: String
        var isError: Bool
        var words: String
        var hint: String?
        /// The line itself, where it is in this file.
        var source: String?
        var link: String?
    }
    struct Choice: Encodable, Sendable {
        var value: String
        var title: String
        var isChosen: Bool
    }
    struct Look: Encodable, Sendable {
        var name: String
        var path: String
        var isCurrent: Bool
    }
    struct MailRow: Encodable, Sendable {
        var destination: String
        var from: String
        var to: String
        var subject: String
        var text: String
        var remark: String?
        var objection: String?
        /// The frame's path; nil for a webhook.
        var path: String?
    }
    struct Replay: Encodable, Sendable {
        /// `running`, `over`, `failed`, `cancelled`.
        var state: String
        var done: Int
        var of: Int
        var percent: Int
        var words: String?
        var id: Int
        var mayCancel: Bool
        var result: Result?
        /// Whose it is and which file's, where it is another's.
        var whose: String?

        struct Result: Encodable, Sendable {
            /// What is given, and what it comes to, as sentences.
            var sums: [String]
            struct Row: Encodable, Sendable {
                var trigger: String
                var before: Int
                var after: Int
                var gains: Int
                var loses: Int
                var another: Int
                var moves: Int
            }
            struct Sample: Encodable, Sendable {
                var order: String
                var link: String?
                var what: String
                var before: Instant?
                var after: Instant?
                var why: String?
            }
            struct Group: Encodable, Sendable {
                var title: String
                var count: Int
                var samples: [Sample]
            }
            var orders: Int
            var people: Int
            var rows: [Row]
            var groups: [Group]
        }
    }

    var file: String
    var isNew: Bool
    var text: String
    var version: String
    var draft: String?
    var maySave: Bool
    var savesEdits: Bool
    /// Why it cannot be edited here; nil where it can.
    var unreadable: String?
    var problem: String?
    /// Check was pressed, and this is what it found.
    var checked: Bool
    var isGood: Bool
    var exampleCount: Int
    var faults: [FaultRow]
    var failures: [FaultRow]
    var conflict: Bool
    var diff: LineDiff?
    var triggers: [Choice]
    var examples: [Choice]
    var order: String
    var look: String
    var looks: [Look]
    var mails: [MailRow]
    var replay: Replay?
    var path: String
    var isSettings: Bool
    var settingsPath: String
    /// The file is removed by this draft.
    var removes: Bool
}

/// The versions of a file, or one of them.
struct VersionsPage: PageContent {
    static let template = "versions"
    struct Row: Encodable, Sendable {
        var at: Instant
        var who: String
        var what: String
        var link: String?
        var isNow: Bool
    }
    var file: String
    var path: String
    var rows: [Row]
    var shown: Row?
    var id: Int64?
    var text: String?
    var diff: LineDiff?
    var version: String
    var maySave: Bool
}

extension DeskSite {
    private static let editLooks = ["light", "dark", "phone"]

    func greatestBody(of request: WebRequest) async -> Int {
        if await bringsFiles(request) { return Self.greatestAnswer }
        guard let parts = request.parts, parts.count == 3, parts[1] == "edit", parts[2] == "try",
            gate.refusal(of: request) == nil, gate.isOwn(request),
            let visitor = try? await visitor(of: request), visitor.may(DeskPage.edit.roles)
        else { return WebRequest.greatestBody }
        return WebRequest.greatestEdit
    }

    func edit(_ rest: [String], _ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let isPost = request.method == "POST"
        switch (rest.first, rest.count, isPost) {
        case (nil, 0, false):
            guard let file = request.query["file"], !file.isEmpty else { return fileList(request, visit) }
            return editor(file, request, visit)
        case ("try", 1, true): return try await tryEdit(request, visit)
        case ("draft", 1, false): return draftPage(request, visit)
        case ("mail", 1, false): return previewedMail(request, visit)
        case ("cancel", 1, true): return cancelReplay(request, visit)
        case ("versions", 1, false): return try await versions(request, visit)
        case ("version", 1, false): return try await version(request, visit)
        case ("put-back", 1, true): return try await putBack(request, visit)
        case ("remove", 1, true): return try await removeFile(request, visit)
        case ("download", 1, false): return download(request, visit)
        default: return notFound(visit.visitor)
        }
    }

    // MARK: - The list

    private func fileList(_ request: WebRequest, _ visit: Visit) -> WebResponse {
        guard let folder = files(visit) else { return noFolder(visit) }
        func rows(_ isMeant: (String) -> Bool) -> [FilesPage.File] {
            folder.files.keys.filter(isMeant).sorted().map { path in
                let bytes = folder.files[path]?.count ?? 0
                return FilesPage.File(
                    path: path, link: Self.link(visit, path),
                    size: bytes < 1024 ? "\(bytes) bytes" : "\((bytes + 512) / 1024) KB")
            }
        }
        let settings = ["shop.yaml", "policy.yaml"]
        let groups = [
            FilesPage.Group(title: "The shop", files: rows(settings.contains)),
            FilesPage.Group(
                title: "Triggers", files: rows { !settings.contains($0) && $0.hasSuffix(".yaml") }),
            FilesPage.Group(
                title: "Letters", files: rows { $0.hasPrefix("templates/") && !$0.hasPrefix("templates/partials/") }),
            FilesPage.Group(title: "Parts of letters", files: rows { $0.hasPrefix("templates/partials/") }),
            FilesPage.Group(title: "The shopper's pages", files: rows { $0.hasPrefix("pages/") }),
        ]
        func named(_ key: String) -> String? {
            request.query[key].flatMap { folder.files[$0] != nil || TriggerFolder.mayBeNew($0) ? $0 : nil }
        }
        let page = FilesPage(
            groups: groups.filter { !$0.files.isEmpty }, faults: [visit.facts[.lastFault]].compactMap(\.self),
            saved: named("saved"), removed: named("removed"),
            maySave: maySave(visit), savesEdits: site.savesEdits, path: "\(visit.path)/edit",
            refusedName: request.query["refused"].map { String($0.prefix(200)) })
        return pages.desk(page, frame(title: "Edit", page: .edit, visit: visit))
    }

    private func noFolder(_ visit: Visit) -> WebResponse {
        notice(
            "The files cannot be read", ["See who may read the folder of the triggers on the machine."], visit: visit,
            status: 503)
    }

    /// The page of a file.
    static func link(_ visit: Visit, _ file: String) -> String { "\(visit.path)/edit?file=\(file.escapedForURL)" }

    // MARK: - The editor

    private func editor(_ file: String, _ request: WebRequest, _ visit: Visit) -> WebResponse {
        guard let folder = files(visit) else { return noFolder(visit) }
        let content = folder.files[file]
        guard content != nil || TriggerFolder.mayBeNew(file) else {
            return .seeOther("\(visit.path)/edit?refused=\(String(file.prefix(200)).escapedForURL)")
        }
        let draft = EditDesk.Draft(
            id: "", person: visit.visitor.person.email, shop: visit.shop, path: file,
            text: folder.text(file) ?? "", base: TriggerFolder.version(content))
        return show(draft, folder, request, visit, isFresh: true)
    }

    private func draftPage(_ request: WebRequest, _ visit: Visit) -> WebResponse {
        guard let draft = edits.draft(request.query["id"], of: visit.visitor.person.email, shop: visit.shop) else {
            return draftIsGone(visit)
        }
        guard let folder = files(visit) else { return noFolder(visit) }
        return show(draft, folder, request, visit, isFresh: false)
    }

    private func draftIsGone(_ visit: Visit) -> WebResponse {
        notice(
            "This edit is not here any more",
            [
                "It was kept in memory, and the daemon was restarted or had many others to keep.",
                "Go back in your browser: your text is still there. Press Check again.",
            ], visit: visit, status: 404)
    }

    private func show(
        _ draft: EditDesk.Draft, _ folder: TriggerFolder, _ request: WebRequest, _ visit: Visit, isFresh: Bool
    ) -> WebResponse {
        let current = folder.files[draft.path]
        var unreadable: String?
        if current != nil, folder.text(draft.path) == nil {
            unreadable = "The file is not UTF-8 text, so it cannot be edited here."
        } else if max(current?.count ?? 0, draft.text?.utf8.count ?? 0) > EditDesk.greatestText {
            unreadable =
                "The file has more than \(EditDesk.greatestText >> 10) KB, so it cannot be edited here. Edit it on the machine."
        }
        let now = TriggerFolder.version(current)
        let isConflict = now != draft.base
        let before = folder.text(draft.path) ?? ""
        let text = unreadable == nil ? draft.text ?? "" : ""
        let diff = LineDiff(from: before, to: unreadable == nil ? draft.text ?? "" : before)
        let look = request.query["look"].flatMap { Self.editLooks.contains($0) ? $0 : nil } ?? "light"
        let path = "\(visit.path)/edit"
        let (triggers, examples) = choices(draft, folder)
        let finding = draft.finding
        let page = EditPage(
            file: draft.path, isNew: current == nil, text: text, version: isFresh ? now : draft.base,
            draft: isFresh ? nil : draft.id, maySave: maySave(visit), savesEdits: site.savesEdits,
            unreadable: unreadable, problem: draft.problem, checked: finding != nil, isGood: finding?.isGood ?? false,
            exampleCount: finding?.exampleCount ?? 0, faults: Self.faults(draft, visit),
            failures: Self.failures(draft, visit), conflict: isConflict,
            diff: diff.isEmpty || isFresh ? nil : diff, triggers: triggers, examples: examples, order: draft.order,
            look: look, looks: isFresh ? [] : Self.looks(draft, look, path), mails: Self.mails(draft, look, path),
            replay: isFresh ? nil : replay(of: draft, visit), path: path, isSettings: draft.isFromSettings,
            settingsPath: "\(visit.path)/settings", removes: draft.text == nil)
        return pages.desk(
            page,
            frame(
                title: draft.path, page: draft.isFromSettings ? .settings : .edit, visit: visit,
                isLive: page.replay?.state == "running"))
    }

    /// The most faults, and the most examples that do not hold, that a page shows.
    private static let mostFaults = 50

    private static func faults(_ draft: EditDesk.Draft, _ visit: Visit) -> [EditPage.FaultRow] {
        (draft.finding?.faults ?? []).prefix(mostFaults).map { fault in
            let isHere = fault.file == draft.path
            return EditPage.FaultRow(
                place: isHere ? "Line \(fault.line)" : "\(fault.file), line \(fault.line)", isError: fault.isError,
                words: fault.message, hint: fault.hint,
                source: isHere ? line(fault.line, of: draft.text ?? "") : nil,
                link: isHere ? nil : link(visit, fault.file))
        }
    }

    private static func failures(_ draft: EditDesk.Draft, _ visit: Visit) -> [EditPage.FaultRow] {
        (draft.finding?.failures ?? []).prefix(mostFaults).map { failure in
            EditPage.FaultRow(
                place: "\(failure.file), line \(failure.line)", isError: true,
                words: "The example '\(failure.example)' does not hold.",
                hint: String(failure.differences.joined(separator: "\n").prefix(1000)),
                link: failure.file == draft.path ? nil : link(visit, failure.file))
        }
    }

    private static func looks(_ draft: EditDesk.Draft, _ look: String, _ path: String) -> [EditPage.Look] {
        editLooks.map {
            EditPage.Look(name: $0, path: "\(path)/draft?id=\(draft.id)&look=\($0)#mail", isCurrent: $0 == look)
        }
    }

    private static func mails(_ draft: EditDesk.Draft, _ look: String, _ path: String) -> [EditPage.MailRow] {
        let suffix = look == "dark" ? "&look=dark" : ""
        return (draft.finding?.mails ?? []).enumerated().map { index, mail in
            EditPage.MailRow(
                destination: mail.destination, from: mail.from, to: mail.to, subject: mail.subject,
                text: String(mail.text.prefix(4000)), remark: mail.remark, objection: mail.objection,
                path: mail.html.isEmpty ? nil : "\(path)/mail?draft=\(draft.id)&n=\(index)\(suffix)")
        }
    }

    private static func line(_ number: Int, of text: String) -> String? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.indices.contains(number - 1) else { return nil }
        return String(lines[number - 1].prefix(300))
    }

    /// The triggers whose messages the file has a hand in, and the examples of the chosen one.
    private func choices(
        _ draft: EditDesk.Draft, _ folder: TriggerFolder
    ) -> (triggers: [EditPage.Choice], examples: [EditPage.Choice]) {
        let stem = draft.path.hasPrefix("templates/") ? Self.letter(draft.path) : nil
        guard let known = draft.finding?.triggers, !known.isEmpty else {
            // Before anything was tried, the names of files have to do.
            let names =
                draft.path.hasSuffix(".yaml") && !["shop.yaml", "policy.yaml"].contains(draft.path)
                ? [String(draft.path.dropLast(5))]
                : folder.files.keys.filter {
                    $0.hasSuffix(".yaml") && !$0.hasPrefix("templates/") && !["shop.yaml", "policy.yaml"].contains($0)
                }.map { String($0.dropLast(5)) }.sorted()
            let chosen = draft.trigger.isEmpty ? names.first { $0 == stem } ?? names.first ?? "" : draft.trigger
            return (
                names.map { EditPage.Choice(value: $0, title: $0, isChosen: $0 == chosen) },
                [EditPage.Choice(value: "", title: "the first that sends something", isChosen: true)]
            )
        }
        let mine = known.filter { one in
            one.file == draft.path || stem.map { one.templates.contains($0) } == true
        }
        let offered = mine.isEmpty ? known : mine
        let chosen = offered.first { $0.name == draft.trigger } ?? offered[0]
        return (
            offered.map { EditPage.Choice(value: $0.name, title: $0.name, isChosen: $0.name == chosen.name) },
            [EditPage.Choice(value: "", title: "the first that sends something", isChosen: draft.example.isEmpty)]
                + chosen.examples.map { EditPage.Choice(value: $0, title: $0, isChosen: $0 == draft.example) }
        )
    }

    /// The name of the letter in a file: `delivered` for `templates/delivered.de.md`.
    private static func letter(_ path: String) -> String? {
        guard !path.hasPrefix("templates/partials/") else { return nil }
        let inner = path.dropFirst("templates/".count)
        let folder = inner.lastIndex(of: "/").map { String(inner[...$0]) } ?? ""
        return folder + String(inner.dropFirst(folder.count).prefix { $0 != "." })
    }

    private func replay(of draft: EditDesk.Draft, _ visit: Visit) -> EditPage.Replay? {
        guard let job = edits.job(ofDraft: draft.id) else {
            guard let other = edits.running, other.shop == visit.shop else { return nil }
            return EditPage.Replay(
                state: "other", done: 0, of: 0, percent: 0, id: other.id, mayCancel: maySave(visit),
                whose: "\(people[other.person]?.name ?? other.person) replays \(other.path)")
        }
        var shown = EditPage.Replay(state: "running", done: 0, of: 0, percent: 0, id: job.id, mayCancel: true)
        switch job.state {
        case .running(let done, let of):
            (shown.done, shown.of, shown.percent) = (done, of, of > 0 ? 100 * done / of : 0)
        case .failed(let words): (shown.state, shown.words) = ("failed", words)
        case .cancelled: shown.state = "cancelled"
        case .over(let found):
            shown.state = "over"
            shown.result = result(found, visit)
        }
        return shown
    }

    private func result(_ found: EditTrial.Replayed, _ visit: Visit) -> EditPage.Replay.Result {
        let clock = Clock(visit.zone)
        let titles = [
            ("gains", "Would get a message that they did not get"), ("loses", "Would not get one that they got"),
            ("another", "Would get other words"), ("moves", "Would get the same at another time"),
        ]
        let groups = titles.compactMap { change, title -> EditPage.Replay.Result.Group? in
            let samples = found.samples.filter { $0.change == change }
            guard !samples.isEmpty else { return nil }
            let count = found.rows.reduce(0) { sum, row in
                sum
                    + (change == "gains"
                        ? row.gains : change == "loses" ? row.loses : change == "another" ? row.another : row.moves)
            }
            return EditPage.Replay.Result.Group(
                title: title, count: count,
                samples: samples.map { sample in
                    EditPage.Replay.Result.Sample(
                        order: sample.order,
                        link: OrderNumber(sample.orderID).map { "\(visit.path)/orders/\($0.number)" },
                        what: "\(sample.trigger), \(sample.event)", before: sample.before.map { Instant($0, clock) },
                        after: sample.after.map { Instant($0, clock) }, why: sample.why)
                })
        }
        return EditPage.Replay.Result(
            sums: found.sums, orders: found.orders, people: found.people,
            rows: found.rows.map {
                EditPage.Replay.Result.Row(
                    trigger: $0.trigger, before: $0.before, after: $0.after, gains: $0.gains, loses: $0.loses,
                    another: $0.another, moves: $0.moves)
            }, groups: groups)
    }

    private func previewedMail(_ request: WebRequest, _ visit: Visit) -> WebResponse {
        guard let draft = edits.draft(request.query["draft"], of: visit.visitor.person.email, shop: visit.shop),
            let mails = draft.finding?.mails, let number = request.query["n"].flatMap(Int.init),
            mails.indices.contains(number)
        else { return notFound(visit.visitor) }
        let shown = MailShown.asShown(mails[number].html, dark: request.query["look"] == "dark")
        var response = WebResponse.html(Array(MailShown.withoutCalls(shown).utf8))
        response.headers["content-security-policy"] = Gate.mailPolicy
        return response
    }

    // MARK: - Trying and saving

    private func tryEdit(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        guard let folder = files(visit) else { return noFolder(visit) }
        let file = form["file"] ?? ""
        guard folder.files[file] != nil || TriggerFolder.mayBeNew(file) else { return notFound(visit.visitor) }
        let known = edits.draft(form["draft"], of: visit.visitor.person.email, shop: visit.shop)
        var draft = EditDesk.Draft(
            id: Tokens.random(), person: visit.visitor.person.email, shop: visit.shop, path: file, text: nil,
            base: String((form["version"] ?? "").prefix(64)))
        if known?.path == file { draft.isFromSettings = known?.isFromSettings ?? false }
        if let typed = form["text"] {
            draft.text = Self.text(typed, like: folder.text(file))
        } else if known?.path != file || known?.text != nil {
            // Only the page of a removal sends no text, and its draft is gone.
            return draftIsGone(visit)
        }
        draft.what = draft.text == nil ? "removed" : "saved"
        guard draft.text?.utf8.count ?? 0 <= EditDesk.greatestText else {
            return notice(
                "The file is too large", ["A file of more than \(EditDesk.greatestText >> 10) KB is edited elsewhere."],
                visit: visit, status: 413)
        }
        draft.trigger = String((form["trigger"] ?? "").prefix(200))
        draft.example = String((form["example"] ?? "").prefix(200))
        draft.order = String((form["order"] ?? "").trimmingCharacters(in: .whitespaces).prefix(60))
        switch form["do"] {
        case "save": return try await saved(draft, visit)
        case "rebase":
            draft.base = TriggerFolder.version(folder.files[file])
            (draft.finding, draft.problem) = await checked(draft, folder, .check, visit)
        case "preview":
            var order: String?
            if !draft.order.isEmpty {
                let name = draft.order.hasPrefix("#") ? draft.order : "#\(draft.order)"
                var keys = try await store.orders(named: draft.order, shop: visit.shop)
                if keys.isEmpty { keys = try await store.orders(named: name, shop: visit.shop) }
                order = keys.first?.orderID
                if order == nil { draft.problem = "There is no order '\(draft.order)'." }
            }
            if draft.problem == nil {
                let want = EditTrial.Want.preview(
                    trigger: draft.trigger, example: draft.example.isEmpty ? nil : draft.example, order: order)
                (draft.finding, draft.problem) = await checked(draft, folder, want, visit)
                if draft.problem == nil, draft.finding?.faults.contains(where: \.isError) == true {
                    draft.problem = "There is no preview yet. Fix the mistakes first."
                }
            }
        case "replay":
            (draft.finding, draft.problem) = await checked(draft, folder, .check, visit)
            if draft.finding?.faults.contains(where: \.isError) == true {
                draft.problem = draft.problem ?? "Nothing was played. Fix the mistakes first."
            } else if draft.finding != nil {
                let since = core.now() - .days(30)
                let trial = trial(draft, over: folder, want: .replay(since: since), visit)
                if !edits.replay(trial, of: draft, now: core.now()) {
                    draft.problem = "Another replay is under way. Try again when it is over, or cancel it."
                }
            }
        case "download": return Self.attachment(Array((draft.text ?? "").utf8), named: file)
        default: (draft.finding, draft.problem) = await checked(draft, folder, .check, visit)
        }
        edits.keep(draft)
        return .seeOther(
            "\(visit.path)/edit/draft?id=\(draft.id)\(draft.finding?.mails.isEmpty == false ? "#mail" : "")")
    }

    private func checked(
        _ draft: EditDesk.Draft, _ folder: TriggerFolder, _ want: EditTrial.Want, _ visit: Visit
    ) async -> (finding: EditTrial.Finding?, problem: String?) {
        switch await edits.check(trial(draft, over: folder, want: want, visit)) {
        case .found(let finding): (finding, finding.problem)
        case .died(let words): (nil, words)
        case .cancelled: (nil, "The check was cancelled.")
        }
    }

    /// What a browser sends has the line ends of the web; a file keeps its own.
    static func text(_ typed: String, like before: String?) -> String {
        let text = typed.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return before?.contains("\r\n") == true ? text.replacing("\n", with: "\r\n") : text
    }

    /// Saves a draft and leads on: to the file, or to the draft with what is wrong.
    func saved(_ draft: EditDesk.Draft, _ visit: Visit) async throws -> WebResponse {
        guard maySave(visit) else {
            return notice(
                "You are not allowed to do this",
                [
                    site.savesEdits
                        ? "This needs the role 'edit'."
                        : "Files are not saved here: bookbag.yaml says 'edit: off'. Download them instead."
                ], visit: visit, status: 403)
        }
        var draft = draft
        switch try await save(draft, visit) {
        case .saved:
            edits.forget(draft.id)
            lookAgain.wake.call()
            let page = draft.isFromSettings ? "settings" : "edit"
            let what = draft.text == nil ? "removed" : "saved"
            return .seeOther("\(visit.path)/\(page)?\(what)=\(draft.path.escapedForURL)")
        case .conflict: draft.problem = nil
        case .refused(let words, let finding):
            draft.problem = words
            draft.finding = finding
        }
        edits.keep(draft)
        return .seeOther("\(visit.path)/edit/draft?id=\(draft.id)")
    }

    private func cancelReplay(_ request: WebRequest, _ visit: Visit) -> WebResponse {
        if let id = request.form["job"].flatMap(Int.init), let running = edits.running, running.id == id,
            running.person == visit.visitor.person.email || maySave(visit)
        {
            edits.cancel(id, shop: visit.shop)
        }
        let back = edits.draft(request.form["draft"], of: visit.visitor.person.email, shop: visit.shop)
        return .seeOther(back.map { "\(visit.path)/edit/draft?id=\($0.id)" } ?? "\(visit.path)/edit")
    }

    private func removeFile(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        guard let file = form["file"], files(visit)?.files[file] != nil else { return notFound(visit.visitor) }
        let draft = EditDesk.Draft(
            id: Tokens.random(), person: visit.visitor.person.email, shop: visit.shop, path: file, text: nil,
            base: String((form["version"] ?? "").prefix(64)), what: "removed")
        return try await saved(draft, visit)
    }

    // MARK: - Versions

    private func versions(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let file = request.query["file"], let folder = files(visit),
            folder.files[file] != nil || TriggerFolder.mayBeNew(file)
        else { return notFound(visit.visitor) }
        let now = TriggerFolder.version(folder.files[file])
        let clock = Clock(visit.zone)
        let page = VersionsPage(
            file: file, path: "\(visit.path)/edit",
            rows: try await store.fileVersions(of: file, shop: visit.shop).map {
                row($0, now: now, clock: clock, visit)
            }, version: now, maySave: maySave(visit))
        return pages.desk(page, frame(title: "Versions of \(file)", page: .edit, visit: visit))
    }

    private func row(
        _ version: FileVersion, now: String, clock: Daemon.Clock, _ visit: Visit
    ) -> VersionsPage.Row {
        VersionsPage.Row(
            at: Instant(version.savedAt, clock),
            who: version.who.isEmpty ? "outside the desk" : people[version.who]?.name ?? version.who,
            what: version.what.replacing("_", with: " "),
            link: version.content == nil ? nil : "\(visit.path)/edit/version?id=\(version.id)",
            isNow: version.version == now)
    }

    private func version(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        guard let id = request.query["id"].flatMap(Int64.init), let folder = files(visit),
            let version = try await store.fileVersion(id, shop: visit.shop), let content = version.content
        else { return notFound(visit.visitor) }
        let now = TriggerFolder.version(folder.files[version.path])
        let text = String(decoding: content, as: UTF8.self)
        let page = VersionsPage(
            file: version.path, path: "\(visit.path)/edit", rows: [],
            shown: row(version, now: now, clock: Clock(visit.zone), visit), id: id,
            text: content.count > EditDesk.greatestText ? nil : text,
            diff: LineDiff(from: folder.text(version.path) ?? "", to: text), version: now, maySave: maySave(visit))
        return pages.desk(page, frame(title: "A version of \(version.path)", page: .edit, visit: visit))
    }

    private func putBack(_ request: WebRequest, _ visit: Visit) async throws -> WebResponse {
        let form = request.form
        guard let id = form["id"].flatMap(Int64.init),
            let version = try await store.fileVersion(id, shop: visit.shop), let content = version.content,
            let text = String(validating: content, as: UTF8.self)
        else { return notFound(visit.visitor) }
        let draft = EditDesk.Draft(
            id: Tokens.random(), person: visit.visitor.person.email, shop: visit.shop, path: version.path, text: text,
            base: String((form["version"] ?? "").prefix(64)), what: "put_back")
        return try await saved(draft, visit)
    }

    // MARK: - Download

    private func download(_ request: WebRequest, _ visit: Visit) -> WebResponse {
        guard let file = request.query["file"], let content = files(visit)?.files[file] else {
            return notFound(visit.visitor)
        }
        return Self.attachment(content, named: file)
    }

    /// A file to be kept, and not to be shown.
    private static func attachment(_ content: [UInt8], named path: String) -> WebResponse {
        let name = path.split(separator: "/").last.map(String.init) ?? "file"
        let safe = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_") }
        return WebResponse(
            200,
            headers: [
                "content-type": "text/plain; charset=utf-8",
                "content-disposition": "attachment; filename=\"\(safe)\"",
            ], body: .bytes(content))
    }
}
