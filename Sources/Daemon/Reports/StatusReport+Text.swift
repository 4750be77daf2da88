import Outreach

extension StatusReport {
    package var text: String {
        var lines: [String] = []
        for shop in shops {
            lines.append(shop.shop)
            lines += self.lines(shop).map { "  \($0)" }
        }
        if shops.isEmpty { lines.append("No shop has been read yet: is the daemon running?") }
        for channel in closedChannels {
            lines.append(
                "\(channel.shop): \(channel.name) is closed: \(channel.detail ?? channel.reason ?? "unknown")")
        }
        lines += carriers.map(\.text)
        if parcelsOfNobody > 0 {
            let isOne = parcelsOfNobody == 1
            lines.append(
                "\(counted(parcelsOfNobody, "parcel")) \(isOne ? "is" : "are") followed by the shop's own tracking alone: no carrier can be asked about \(isOne ? "it" : "them")"
            )
        }
        lines.append(
            "store: \(databaseBytes / 1024) KiB, schema \(schemaVersion), last written \(lastMoment.toTheMinute)")
        if let storeServer { lines.append("store's server: \(storeServer)") }
        if let storeFault { lines.append("store: cannot be written: \(storeFault)") }
        // At the end, where it is noticed.
        if !needs.isEmpty { lines += ["", "What needs a person:"] }
        for need in needs {
            lines.append("  \(need.shop.map { "\($0): " } ?? "")\(need.what)")
            lines.append("    fix: \(need.fix)")
        }
        return lines.joined(separator: "\n")
    }

    private func lines(_ shop: Shop) -> [String] {
        var lines: [String] = []
        if !shop.served { lines.append("not in the configuration: it is not read, and nothing is sent for it") }
        if let backup = shop.restoredBackupOf {
            lines.append(
                "restored         from a backup of \(backup.toTheMinute); what happened since is learned silently")
        }
        if let fault = shop.clockFault {
            lines.append("clock            not trusted, so nothing is decided or sent: \(fault)")
        }
        if let triggers = shop.noRelayFor {
            lines.append("no relay         'smtp:' is missing, and these triggers write mails: \(triggers)")
        }
        lines.append("watched since    \(shop.liveSince.toTheMinute)")
        lines.append("last read        \(shop.lastGoodCycle.map(ago) ?? "never")")
        lines.append("read up to       \(shop.cursor?.toTheMinute ?? "nothing yet")")
        lines.append("orders to read   \(shop.toRead)\(since(shop.toReadSince))")
        if shop.parked > 0 {
            lines.append("cannot be read   \(counted(shop.parked, "order")), tried again automatically")
        }
        if shop.mailboxRead != nil || shop.mailboxFault != nil {
            let failing = shop.mailboxFailingSince.map { "; it fails since \($0.toTheMinute)" } ?? ""
            lines.append("mailbox read     \(shop.mailboxRead.map(ago) ?? "never")\(failing)")
        }
        if shop.mailsToJudge > 0 {
            lines.append("mails to judge   \(shop.mailsToJudge)\(since(shop.mailsToJudgeSince))")
        }
        lines.append("events to judge  \(shop.pendingEvents)\(since(shop.pendingSince))")
        let effects = Effect.State.allCases.compactMap { state in
            shop.effects[state.rawValue].map { "\($0) \(state.rawValue)" }
        }
        lines.append("messages         \(effects.isEmpty ? "none yet" : effects.joined(separator: ", "))")
        if shop.messagesInDoubt > 0 {
            lines.append(
                "in doubt         \(counted(shop.messagesInDoubt, "message")); repeated with the same Message-ID")
        }
        for one in shop.unwritten {
            lines.append(
                "cannot be written \(one.count) of '\(one.trigger)', since \(one.since.toTheMinute); they wait: \(one.detail ?? "")"
            )
        }
        if let held = shop.brake {
            lines.append(
                "brake            mail is held since \(held.since.toTheMinute), after \(held.people) people within an hour; `bookbag triggers confirm` releases it"
            )
        }
        for pause in shop.pauses {
            lines.append(
                "paused           \(pause.what), since \(pause.since.toTheMinute) by \(pause.by), \(pause.until.map { "until \($0.toTheMinute)" } ?? "until it is ended"); `bookbag resume \(pause.what)` ends it"
            )
        }
        if let held = shop.heldReload {
            lines.append(
                "held edit        since \(held.since.toTheMinute): it would \(held.would ?? "write to \(held.people) people at once"); `bookbag triggers confirm` releases it"
            )
        }
        for fault in [shop.shopFault, shop.mailboxFault, shop.triggerFault].compactMap(\.self) {
            lines.append("last fault       \(fault)")
        }
        return lines
    }

    private func since(_ moment: Moment?) -> String { moment.map { ", the oldest since \(ago($0))" } ?? "" }

    private func ago(_ moment: Moment) -> String {
        let seconds = max(0, (at - moment).wholeMilliseconds / 1000)
        switch seconds {
        case ..<120: return "\(seconds) s ago"
        case ..<7200: return "\(seconds / 60) min ago"
        default: return moment.toTheMinute
        }
    }
}
