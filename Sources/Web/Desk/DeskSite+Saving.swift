import Daemon
import Foundation
import Outreach
import Platform
import Store

// Saving a file of the set. Everything that is saved at the desk, by Edit, by Settings or by putting a version back,
// goes this way:
//
//     the version it was made from is still there ──▶ the folder takes it ──▶ the limited process finds it right
//     ──▶ the new content is on the disk, unnamed ──▶ what was and what will be, and the audit, in one commit
//     ──▶ one rename
//
// The daemon then reads the folder as after any edit, and holds what would write to many people at once.

extension DeskSite {
    /// What came of a save.
    enum Saving: Sendable {
        case saved
        /// Nothing was written, and this says why.
        case refused(String, EditTrial.Finding?)
        /// Somebody else saved the file since it was read.
        case conflict
    }

    /// The folder of a visit's shop, and its configuration.
    func folder(_ visit: Visit) -> (path: String, webhooks: Set<String>)? {
        core.configuration.shops.first { $0.domain == visit.shop }.map { ($0.triggers, Set($0.webhooks.keys)) }
    }

    /// Reads the folder; nil where it cannot be.
    func files(_ visit: Visit) -> TriggerFolder? {
        folder(visit).flatMap { try? TriggerFolder(readingFrom: $0.path, name: "triggers") }
    }

    /// Whether a visitor may save: by their role, and by bookbag.yaml.
    func maySave(_ visit: Visit) -> Bool { site.savesEdits && visit.visitor.may([.edit]) }

    /// A draft laid over the files on the disk.
    static func laid(_ draft: EditDesk.Draft, over folder: TriggerFolder) -> TriggerFolder {
        var folder = folder
        folder.files[draft.path] = draft.text.map { Array($0.utf8) }
        return folder
    }

    /// What the limited process is to try of a draft.
    func trial(
        _ draft: EditDesk.Draft, over folder: TriggerFolder, want: EditTrial.Want, _ visit: Visit
    ) -> EditTrial {
        trial(Self.laid(draft, over: folder), want: want, visit)
    }

    private func trial(_ files: TriggerFolder, want: EditTrial.Want, _ visit: Visit) -> EditTrial {
        let now = core.now()
        return EditTrial(
            files, webhooks: self.folder(visit)?.webhooks, want: want, shop: visit.shop,
            store: core.configuration.store, now: now, today: visit.zone.day(at: now))
    }

    /// Saves a draft, or says why not.
    func save(_ draft: EditDesk.Draft, _ visit: Visit) async throws -> Saving {
        guard edits.beginSaving(visit.shop) else {
            return .refused("Somebody is saving at this moment. Save once more.", nil)
        }
        defer { edits.endSaving(visit.shop) }
        // The files in force are those of the machine that serves the shop.
        if let served = core.served, !served.contains(visit.shop) {
            let owners = try await store.server(now: core.now())?.owners ?? []
            let owner = owners.first { $0.shops.contains(visit.shop) }?.name
            return .refused(
                "This shop is served by \(owner ?? "no daemon at this moment"), so its files are saved at that machine's desk.",
                nil)
        }
        guard let place = folder(visit)?.path, let folder = files(visit) else {
            return .refused("The folder of the files cannot be read by the daemon.", nil)
        }
        let before = folder.files[draft.path]
        guard TriggerFolder.version(before) == draft.base else { return .conflict }
        guard before != nil || TriggerFolder.mayBeNew(draft.path) else {
            return .refused("No file of that name is read.", nil)
        }
        let after = draft.text.map { Array($0.utf8) }
        guard before != after else { return .refused("The file already says this.", nil) }
        if let after, let refusal = folder.refusal(of: after, at: draft.path) { return .refused(refusal, nil) }
        let finding: EditTrial.Finding
        switch await edits.check(trial(draft, over: folder, want: .check, visit)) {
        case .found(let found): finding = found
        case .died(let words): return .refused(words, nil)
        case .cancelled: return .refused("The check was cancelled.", nil)
        }
        if !finding.isGood {
            // What is wrong already in another file is no reason not to fix this one.
            var earlier = EditTrial.Finding()
            if case .found(let found) = await edits.check(trial(folder, want: .check, visit)) { earlier = found }
            if let words = Self.objection(finding, earlier: earlier, path: draft.path) {
                return .refused(words, finding)
            }
        }
        return try await write(draft, before: before, after: after, in: place, visit)
    }

    /// Why a file with these findings is not saved; nil where all of it was wrong before, elsewhere.
    static func objection(_ finding: EditTrial.Finding, earlier: EditTrial.Finding, path: String) -> String? {
        let known = Set(earlier.faults.map { "\($0.file) \($0.line) \($0.message)" })
        let errors = finding.faults.filter { $0.isError }
        let mine = errors.filter { $0.file == path || !known.contains("\($0.file) \($0.line) \($0.message)") }
        if let first = mine.first {
            let place = first.file == path ? "line \(first.line)" : "\(first.file), line \(first.line)"
            return mine.count == 1
                ? "Not saved: it has a mistake (\(place))." : "Not saved: it has \(mine.count) mistakes."
        }
        // Where the folder had mistakes before, no example was run.
        guard errors.isEmpty else { return nil }
        let failed = Set(earlier.failures.map { "\($0.file) \($0.example)" })
        let new = finding.failures.filter { $0.file == path || !failed.contains("\($0.file) \($0.example)") }
        if new.isEmpty { return nil }
        return new.count == 1
            ? "Not saved: the example '\(new[0].example)' of \(new[0].file) does not hold."
            : "Not saved: \(new.count) examples do not hold."
    }

    private func write(
        _ draft: EditDesk.Draft, before: [UInt8]?, after: [UInt8]?, in place: String, _ visit: Visit
    ) async throws -> Saving {
        let now = core.now()
        let version = TriggerFolder.version(after)
        var entry = AuditEntry(
            who: visit.visitor.person.email, shop: visit.shop, what: draft.what, about: draft.path,
            detail: after == nil ? nil : "version \(version.prefix(8))")
        let pending: TriggerFolder.PendingFile
        do throws(TriggerFolder.WriteFailure) {
            pending = try TriggerFolder.prepare(after, at: draft.path, in: place)
        } catch {
            return Self.refused(error, place)
        }
        try await store.keepVersion(
            FileSave(path: draft.path, before: before, after: after, what: draft.what), shop: visit.shop, audit: entry,
            now: now)
        do throws(TriggerFolder.WriteFailure) {
            try pending.finish(replacing: draft.base)
        } catch {
            if case .unsure = error {
                log(entry)
                return Self.refused(error, place)
            }
            entry.what = "save_failed"
            entry.detail = nil
            try await store.audit(entry, now: now)
            log(entry)
            return Self.refused(error, place)
        }
        log(entry)
        return .saved
    }

    private static func refused(_ failure: TriggerFolder.WriteFailure, _ place: String) -> Saving {
        switch failure {
        case .changed: .conflict
        case .notOurs:
            .refused("This file is not in the folder: its link leads elsewhere. Change it where it is.", nil)
        case .system(let words):
            .refused(
                "Nothing was written: \(words). The daemon's user must be able to write into \(place); docs/desk.md says how.",
                nil)
        case .unsure(let words):
            .refused(
                "The file is in place, but the disk did not confirm it: \(words). Ask the operator to look at the disk.",
                nil)
        }
    }
}
