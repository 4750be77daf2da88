extension TriggerFolder {
    /// Makes a folder on the disk have these files, and no others that are read. All of them are on the disk before the
    /// first takes its place, so that a full disk changes nothing.
    ///
    /// - Parameters:
    ///   - before: what the folder has; a file that is another by now ends it (`.changed`).
    ///   - place: the folder's own path.
    public func write(over before: TriggerFolder, in place: String) throws(WriteFailure) {
        var pending: [(file: PendingFile, version: String)] = []
        let paths = Set(files.keys).union(before.files.keys).sorted()
        // What is removed goes last: a letter that is still named is there for as long as its trigger.
        for path in paths.filter({ files[$0] != nil }) + paths.filter({ files[$0] == nil }) {
            guard files[path] != before.files[path] else { continue }
            let file = try Self.prepare(files[path], at: path, in: place)
            pending.append((file, Self.version(before.files[path])))
        }
        for (file, version) in pending { try file.finish(replacing: version) }
    }
}
