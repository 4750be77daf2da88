package import Outreach
package import Platform

/// Reads a mailbox page by page. One reader, one connection; whatever reads beside it has its own.
package actor MailboxReader {
    /// How often a mail may break the session before it is parked.
    static let maximumAttempts = 3
    /// How many heads are asked for at once.
    private static let headsAtOnce = 200
    /// How many bytes of mails are fetched together, and brought by one page of a folder.
    private static let bytesAtOnce = 8 << 20
    private static let pageBytes = 32 << 20
    /// How much of a text is kept where a mail is too large.
    private static let cutText = 1 << 20
    /// Names of the folder of sent mail where the server marks none.
    private static let sentNames: Set<String> = [
        "sent", "sent items", "sent messages", "sent mail", "inbox.sent", "inbox/sent", "gesendet",
        "gesendete elemente",
        "gesendete objekte", "envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata",
        "verzonden items",
    ]

    private let settings: MailboxSettings
    private let identity: MailIdentity
    private let engine: TransferEngine
    private var client: IMAPClient?
    private var isReading = false
    /// How often fetching a mail by itself broke the session, by folder and UID. In memory: after a restart it is tried
    /// as often again.
    private var attempts: [String: Int] = [:]
    /// The mails that were being fetched when the session broke: they are fetched one by one.
    private var suspects: Set<String> = []
    /// Up to which mail of a folder the heads are asked for one by one, since asking for them together failed.
    private var oneByOne: [String: UInt32] = [:]
    private var sentFolder: String?

    package init(_ settings: MailboxSettings, identity: MailIdentity, engine: TransferEngine) {
        self.settings = settings
        self.identity = identity
        self.engine = engine
    }

    /// Ends the connection.
    package func close() async {
        await client?.logOut()
        client = nil
    }

    private func begin() throws(SourceFailure) {
        guard !isReading else { throw SourceFailure("the mailbox is being read already; it is read again later") }
        isReading = true
    }

    /// A session, and whether it has served before.
    private func connected() async throws(MailboxTrouble) -> (IMAPClient, wasKept: Bool) {
        if let client, await !client.isOver { return (client, true) }
        let fresh = try await settings.logIn(engine)
        client = fresh
        return (fresh, false)
    }

    /// The folders to read, and whose mail is in them.
    ///
    /// - Parameter trouble: set where the folder of sent mail is not found; the others are read all the same.
    private func folders(
        _ client: IMAPClient, _ trouble: inout MailboxTrouble?
    ) async throws(MailboxTrouble) -> [(String, MailKind.Side)] {
        var all = settings.folders.map { ($0, MailKind.Side.inbox) }
        switch settings.sent {
        case .none: break
        case .named(let name): all.append((name, .sent))
        case .marked:
            if sentFolder == nil {
                do throws(IMAPFailure) { sentFolder = try await Self.sentFolder(client) } catch {
                    throw MailboxTrouble(error)
                }
            }
            if let sentFolder {
                all.append((sentFolder, .sent))
            } else {
                trouble = MailboxTrouble(
                    kind: .folder,
                    words: "the mail server \(settings.server.place) marks no folder as that of sent mail, where the "
                        + "people's own answers lie; write its name as 'sent:' under 'mailbox', or 'sent: none'")
            }
        }
        return all
    }

    /// The folder of sent mail that the server marks, or that bears a usual name; nil where there is none.
    static func sentFolder(_ client: IMAPClient) async throws(IMAPFailure) -> String? {
        let known = try await client.folders().filter(\.isSelectable)
        return (known.first(where: \.isSent) ?? known.first { sentNames.contains($0.name.lowercased()) })?.name
    }

    // MARK: New mail

    /// What came since a cursor.
    func page(from text: String?, now: Moment) async throws -> SourcePage {
        try begin()
        defer { isReading = false }
        do throws(MailboxTrouble) {
            var (client, wasKept) = try await connected()
            while true {
                let page = await page(client, from: text, now: now)
                // A connection that was kept may have ended meanwhile; that is no trouble.
                if wasKept, page.trouble != nil, page.observations.isEmpty, await client.isOver {
                    (client, wasKept) = try await connected()
                    wasKept = false
                    continue
                }
                // What one session refuses, for it fell out of step with the server's files, another may give.
                if page.trouble?.kind == .refused { await close() }
                if let trouble = page.trouble, page.observations.isEmpty, page.cursor.text == text ?? "" {
                    throw trouble
                }
                if let trouble = page.trouble, page.cursor.folders.isEmpty { throw trouble }
                if page.trouble?.kind == .cancelled { throw MailboxTrouble(kind: .cancelled, words: "") }
                return SourcePage(
                    page.observations, cursor: page.cursor.text, isMore: page.isMore,
                    failure: page.trouble.map { SourceFailure($0.words) })
            }
        } catch { throw error.outward }
    }

    private struct Page {
        var observations: [RawObservation] = []
        var cursor: MailboxCursor
        var isMore = false
        var trouble: MailboxTrouble?
    }

    private func page(_ client: IMAPClient, from text: String?, now: Moment) async -> Page {
        var page = Page(cursor: MailboxCursor(text, host: settings.server.host, user: settings.server.user))
        do throws(MailboxTrouble) {
            for (folder, side) in try await folders(client, &page.trouble) {
                var part = FolderPage(place: page.cursor.folders[folder])
                var ended: MailboxTrouble?
                do throws(IMAPFailure) { try await read(client, folder, side, into: &part, now: now) } catch {
                    ended = MailboxTrouble(error)
                }
                page.observations += part.observations
                page.cursor.folders[folder] = part.place
                page.isMore = page.isMore || part.isMore
                page.trouble = page.trouble ?? ended
                if let ended, !ended.isLocal {
                    // The next connection goes on.
                    page.isMore = false
                    return page
                }
            }
        } catch { page.trouble = error }
        return page
    }

    /// What one folder brings to a page.
    private struct FolderPage {
        var observations: [RawObservation] = []
        var place: MailboxCursor.Place?
        var isMore = false
    }

    private func read(
        _ client: IMAPClient, _ folder: String, _ side: MailKind.Side, into page: inout FolderPage, now: Moment
    ) async throws(IMAPFailure) {
        let opened = try await client.examine(folder)
        guard var place = page.place else {
            var last = opened.nextUID.map { $0 > 0 ? $0 - 1 : 0 }
            if last == nil { last = opened.count == 0 ? 0 : try await client.lastUID() }
            page.place = MailboxCursor.Place(validity: opened.validity, last: last ?? 0, opened: now, newest: now)
            return
        }
        if place.validity != opened.validity {
            place.validity = opened.validity
            place.last = 0
            // A server's day may be another's: its SEARCH knows no zone.
            place.again = max(place.opened, place.newest) - .days(1)
            page.place = place
        }
        guard place.last < .max else { return }
        let since = place.again.map { IMAPDate.day($0.seconds) }
        let uids = try await client.uids(from: place.last + 1, since: since)
        var stretch = Stretch(folder: folder, validity: opened.validity, side: side, now: now)
        if place.again != nil { stretch.oldest = place.opened }
        do throws(IMAPFailure) { try await take(client, uids, &stretch) } catch {
            note(stretch, in: &page)
            throw error
        }
        note(stretch, in: &page)
        page.isMore = stretch.taken < uids.count
        guard !page.isMore else { return }
        page.place?.again = nil
        // What the server counts up to has been looked at, whatever was filtered out.
        if let next = opened.nextUID, next > 0, let last = page.place?.last { page.place?.last = max(last, next - 1) }
    }

    private func note(_ stretch: Stretch, in page: inout FolderPage) {
        page.observations += stretch.observations
        if let last = stretch.last { page.place?.last = last }
        if let newest = stretch.newest, let known = page.place?.newest { page.place?.newest = max(known, newest) }
    }

    // MARK: Older mail

    /// Reads what came before, for what can be learned from it, and marks it so.
    ///
    /// - Parameters:
    ///   - since: no mail that the server got earlier.
    ///   - cursor: up to where mail was read as new: what lies beyond is new still, and must not be kept as history. A
    ///     folder that has no place in it is left out. Nil where nothing is ever read as new.
    ///   - limit: how many mails of each folder are looked at, the newest.
    ///   - keep: takes a page; it is kept when it returns.
    /// - Returns: how many mails there were.
    package func history(
        since: Moment, upTo cursor: MailboxCursor? = nil, now: Moment, limit: Int = 10_000,
        keep: @Sendable ([RawObservation]) async throws -> Void
    ) async throws -> Int {
        try begin()
        defer { isReading = false }
        do {
            let (client, _) = try await connected()
            var trouble: MailboxTrouble?
            var count = 0
            for (folder, side) in try await folders(client, &trouble) {
                let opened = try await client.examine(folder)
                let day = IMAPDate.day((since - .days(1)).seconds)
                var last = UInt32.max
                if let cursor {
                    guard let place = cursor.folders[folder], place.validity == opened.validity else { continue }
                    last = place.last
                }
                let known = try await client.uids(from: 1, since: day).filter { $0 <= last }
                var uids = known.suffix(max(0, limit))
                while !uids.isEmpty {
                    var stretch = Stretch(
                        folder: folder, validity: opened.validity, side: side, now: now, oldest: since, isHistory: true)
                    try await take(client, Array(uids.prefix(Self.headsAtOnce)), &stretch)
                    if !stretch.observations.isEmpty { try await keep(stretch.observations) }
                    count += stretch.observations.count
                    uids = uids.dropFirst(max(1, stretch.taken))
                }
            }
            if let trouble { throw trouble }
            return count
        } catch let failure as IMAPFailure { throw MailboxTrouble(failure).outward } catch let trouble as MailboxTrouble
        {
            throw trouble.outward
        }
    }

    /// The newest mails that came in and are the shop's, stored nowhere: what `doctor` looks at.
    package func latest(_ count: Int, now: Moment) async throws -> [RawObservation] {
        try begin()
        defer { isReading = false }
        do {
            let (client, _) = try await connected()
            let opened = try await client.examine(settings.folders.first ?? "INBOX")
            let uids = try await client.uids(from: 1).suffix(max(0, count))
            var stretch = Stretch(
                folder: settings.folders.first ?? "INBOX", validity: opened.validity, side: .inbox, now: now,
                isHistory: true)
            try await take(client, Array(uids), &stretch)
            return stretch.observations
        } catch let failure as IMAPFailure { throw MailboxTrouble(failure).outward } catch let trouble as MailboxTrouble
        {
            throw trouble.outward
        }
    }

    // MARK: Mails

    /// Mails of one folder on their way into a page.
    private struct Stretch {
        var folder: String
        var validity: UInt32
        var side: MailKind.Side
        var now: Moment
        /// What the server got earlier is passed by.
        var oldest: Moment?
        var isHistory = false
        var observations: [RawObservation] = []
        var bytes = 0
        /// How many UIDs were dealt with, and the last of them.
        var taken = 0
        var last: UInt32?
        /// When the newest came.
        var newest: Moment?

        /// The header fields that tell whether a mail is the shop's.
        var fields: [String] { side == .inbox ? ShopAddresses.recipientFields : ShopAddresses.senderFields }

        func key(_ uid: UInt32) -> String { "\(folder)\u{0}\(validity)\u{0}\(uid)" }
    }

    /// Goes through mails in order, until all are dealt with or the page is full. What was done before it throws
    /// stands.
    private func take(_ client: IMAPClient, _ uids: [UInt32], _ stretch: inout Stretch) async throws(IMAPFailure) {
        var rest = uids[...]
        while !rest.isEmpty, stretch.observations.count < settings.pageMails, stretch.bytes < Self.pageBytes {
            if let uid = rest.first, let last = oneByOne[stretch.key(0)], uid <= last {
                try await takeAlone(client, uid, nil, &stretch)
                passed(uid, nil, &stretch)
                rest = rest.dropFirst()
                continue
            }
            let some = Array(rest.prefix(Self.headsAtOnce))
            let heads: [IMAPMailHead]
            do throws(IMAPFailure) { heads = try await client.heads(of: some, fields: stretch.fields) } catch {
                if error.kind != .cancelled { oneByOne[stretch.key(0)] = some.last }
                guard error.kind == .refused else { throw error }
                continue
            }
            try await take(client, some, Dictionary(heads.map { ($0.uid, $0) }) { $1 }, &stretch)
            rest = rest.dropFirst(some.count)
        }
    }

    private func take(
        _ client: IMAPClient, _ uids: [UInt32], _ heads: [UInt32: IMAPMailHead], _ stretch: inout Stretch
    ) async throws(IMAPFailure) {
        var index = 0
        while index < uids.count, stretch.observations.count < settings.pageMails, stretch.bytes < Self.pageBytes {
            // As many as go together: the shop's, neither suspect nor too large, and what lies between them.
            var batch: [UInt32] = []
            var bytes = 0
            var end = index
            while end < uids.count {
                let uid = uids[end]
                guard let head = heads[uid], isWanted(head, stretch) else {
                    if heads[uid] == nil { break }
                    end += 1
                    continue
                }
                let isPlain = head.size <= settings.maximumMail && !suspects.contains(stretch.key(uid))
                let fits =
                    batch.isEmpty
                    || bytes + head.size <= Self.bytesAtOnce
                        && stretch.observations.count + batch.count < settings.pageMails
                guard isPlain, fits else { break }
                batch.append(uid)
                bytes += head.size
                end += 1
            }
            let mails = try await fetch(client, batch, stretch)
            for uid in uids[index..<end] {
                if batch.contains(uid) {
                    if let mail = mails[uid] {
                        add(mail, heads[uid], &stretch)
                    } else {
                        try await takeAlone(client, uid, heads[uid], &stretch)
                    }
                }
                passed(uid, heads[uid], &stretch)
            }
            index = end
            guard index < uids.count, batch.isEmpty else { continue }
            let uid = uids[index]
            try await takeAlone(client, uid, heads[uid], &stretch)
            passed(uid, heads[uid], &stretch)
            index += 1
        }
    }

    private func isWanted(_ head: IMAPMailHead, _ stretch: Stretch) -> Bool {
        if let oldest = stretch.oldest, Moment(seconds: head.received) < oldest { return false }
        return settings.addresses.covers(head.fields, on: stretch.side)
    }

    private func passed(_ uid: UInt32, _ head: IMAPMailHead?, _ stretch: inout Stretch) {
        stretch.taken += 1
        stretch.last = uid
        if let head {
            // A server's clock that ran ahead must not move the place from which it would be read again.
            let received = min(Moment(seconds: head.received), stretch.now)
            stretch.newest = max(stretch.newest ?? received, received)
        }
    }

    /// Fetches mails together. What the server will not give together is missing, and asked for one by one.
    private func fetch(
        _ client: IMAPClient, _ uids: [UInt32], _ stretch: Stretch
    ) async throws(IMAPFailure) -> [UInt32: [UInt8]] {
        do throws(IMAPFailure) { return try await client.mails(uids, limit: settings.maximumMail + (1 << 20)) } catch {
            if error.kind == .refused { return [:] }
            for uid in uids { suspects.insert(stretch.key(uid)) }
            throw error
        }
    }

    /// Deals with one mail by itself: one that is suspect, too large, or was missing. One that cannot be had is parked.
    private func takeAlone(
        _ client: IMAPClient, _ uid: UInt32, _ known: IMAPMailHead?, _ stretch: inout Stretch
    ) async throws(IMAPFailure) {
        let key = stretch.key(uid)
        guard attempts[key, default: 0] < Self.maximumAttempts else {
            return park(uid, "every attempt to fetch it broke the connection", &stretch)
        }
        attempts[key, default: 0] += 1
        do throws(IMAPFailure) {
            var head = known
            if head == nil { head = try await client.heads(of: [uid], fields: stretch.fields).first }
            if let head {
                guard isWanted(head, stretch) else { return settle(key) }
                if head.size <= settings.maximumMail,
                    let mail = try await client.mails([uid], limit: settings.maximumMail + (1 << 20))[uid]
                {
                    add(mail, head, &stretch)
                    return settle(key)
                }
                if let cut = try await cut(client, uid) {
                    add(cut, head, &stretch, isCut: true)
                    return settle(key)
                }
            }
            // Gone meanwhile is no trouble.
            if try await client.uids(from: uid).first == uid {
                park(uid, "the mail server names it and does not give it", &stretch)
            }
            settle(key)
        } catch {
            guard error.kind == .refused else { throw error }
            park(uid, error.description, &stretch)
            settle(key)
        }
    }

    private func settle(_ key: String) {
        attempts[key] = nil
        suspects.remove(key)
    }

    /// The head of a mail and the beginning of its text, as a mail of their own.
    private func cut(_ client: IMAPClient, _ uid: UInt32) async throws(IMAPFailure) -> [UInt8]? {
        guard let head = try await client.part("HEADER", of: uid, limit: MailHead.maximumBytes), !head.isEmpty else {
            return nil
        }
        let isMultipart = MailHead(head).values("content-type").contains { value in
            String(decoding: value.prefix(64), as: UTF8.self).lowercased().contains("multipart/")
        }
        guard let section = try await client.textSection(of: uid) else { return MailHead.without([], head) }
        let text = try await client.part(section, of: uid, limit: Self.cutText) ?? []
        guard isMultipart else { return MailHead.without([], head) + text }
        let own = try await client.part("\(section).MIME", of: uid, limit: 16 << 10) ?? []
        let outer = ["content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version"]
        // The part's own fields take the place of the whole's.
        let fields = MailHead.without(outer, head).dropLast(2) + Array("MIME-Version: 1.0\r\n".utf8)
        return fields + MailHead.without([], own) + text
    }

    private func add(_ mail: [UInt8], _ head: IMAPMailHead?, _ stretch: inout Stretch, isCut: Bool = false) {
        let own = MailHead(mail)
        let kind = MailKind(stretch.side, isHistory: stretch.isHistory, isCut: isCut)
        stretch.observations.append(
            RawObservation(
                shop: settings.shop, source: MailboxSource.sourceName, externalID: identity.id(of: mail),
                receivedAt: head.map { Moment(seconds: $0.received) } ?? stretch.now, kind: kind.text, bytes: mail,
                address: own.addresses(in: stretch.side == .inbox ? ["from"] : ["to"]).first))
        stretch.bytes += mail.count
    }

    private func park(_ uid: UInt32, _ reason: String, _ stretch: inout Stretch) {
        let kind = MailKind(stretch.side, isHistory: stretch.isHistory, isParked: true)
        let place = "\(settings.server.host)\u{0}\(settings.server.user)\u{0}\(stretch.key(uid))"
        let words = "mail number \(uid) of the folder '\(stretch.folder)' could not be fetched: \(reason)"
        stretch.observations.append(
            RawObservation(
                shop: settings.shop, source: MailboxSource.sourceName, externalID: identity.id(ofPlace: place),
                receivedAt: stretch.now, kind: kind.text, bytes: Array(words.utf8)))
    }
}
