extension Replay {
    /// The templates whose mails may differ between two sets, and so have to be rendered for comparison: those whose
    /// own files differ, or all of them if a partial differs or anything about the shop that every mail can show.
    public static func templatesToCompare(
        before: (set: TriggerSet, folder: TriggerFolder), after: (set: TriggerSet, folder: TriggerFolder)
    ) -> Set<String> {
        let used = Set((before.set.triggers + after.set.triggers).flatMap(\.lines).map(\.template)).subtracting([""])
        var differing: Set<String> = []
        for path in Set(before.folder.files.keys).union(after.folder.files.keys) where path.hasPrefix("templates/") {
            guard before.folder.files[path] != after.folder.files[path] else { continue }
            if path.hasPrefix("templates/partials/") { return used }
            if let name = TriggerFolder.templateName(path) { differing.insert(name) }
        }
        let (old, new) = (before.set.settings, after.set.settings)
        let isSameShop =
            old.brand == new.brand && old.locale == new.locale
            && old.labelsExpireAfterDays == new.labelsExpireAfterDays
            && old.segments.map(\.name) == new.segments.map(\.name)
            && old.segments.map { $0.clauses.flatMap(\.sources) } == new.segments.map { $0.clauses.flatMap(\.sources) }
        return isSameShop ? differing.intersection(used) : used
    }
}
