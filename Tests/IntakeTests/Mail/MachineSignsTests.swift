import Testing

@testable import Intake

@Suite("The signs of a machine") struct MachineSignsTests {
    private func signs(_ lines: String..., text: String = "Hello", domains: [String] = []) -> MachineSigns {
        let limits = MailLimits()
        var reader = MailPartReader(limits)
        let tree = reader.read(
            letter(lines + (lines.contains { $0.hasPrefix("From:") } ? [] : ["From: ada@s.example"]), text))
        return MachineSigns(tree.fields, body: MailBody(tree, limits: limits), domains: domains)
    }

    @Test(
        "one is enough, and is named",
        arguments: [
            ("Auto-Submitted: auto-replied; owner-email=a@b.example", "Auto-Submitted: auto-replied"),
            ("Auto-Submitted: auto-generated", "Auto-Submitted: auto-generated"),
            ("X-Autoreply: yes", "x-autoreply"), ("X-Auto-Response-Suppress: All", "X-Auto-Response-Suppress: all"),
            ("X-Auto-Response-Suppress: DR, AutoReply", "X-Auto-Response-Suppress: dr, autoreply"),
            ("Precedence: auto_reply", "Precedence: auto_reply"), ("X-Loop: a@b.example", "X-Loop"),
            ("Delivered-To: Autoresponder", "Delivered-To: autoresponder"),
            ("Return-Path: <>", "a mail system's address, or an empty return path"),
            ("From: MAILER-DAEMON@mx.example", "a mail system's address, or an empty return path"),
            ("From: no-reply@shop.example", "an address that takes no answers"),
            ("From: orders.noreply@shop.example", "an address that takes no answers"),
            ("Subject: Automatische Antwort: Ihre Mail", "Subject"), ("Subject: OOO: back on Monday", "Subject"),
            ("X-Spamarrest: 1", "a challenge to the sender"),
        ])
    func one(_ line: String, _ sign: String) {
        let signs = signs(line)
        #expect(signs.signs == [sign] && signs.isAutomatic && !signs.isList, "\(signs.signs)")
    }

    @Test(
        "a list's or a mass mail is no answer",
        arguments: ["Precedence: bulk", "List-Id: <news.shop.example>", "List-Unsubscribe: <mailto:a@b.example>"])
    func lists(_ line: String) {
        let signs = signs(line)
        #expect(signs.isList && !signs.isAutomatic && signs.signs.count == 1)
    }

    @Test("a group address of the shop's own puts a list's headers on people's mail")
    func ownGroup() {
        let lines = [
            "List-Id: Support <support.fig.example>", "List-Unsubscribe: <mailto:x@fig.example>", "Precedence: list",
        ]
        #expect(signs(lines[0], lines[1], lines[2], domains: ["fig.example"]).signs.isEmpty)
        #expect(signs(lines[0], lines[1], lines[2], domains: ["ig.example"]).isList, "another's domain")
    }

    @Test(
        "people's mail has none",
        arguments: [
            "Auto-Submitted: no", "X-Auto-Response-Suppress: DR, RN, NRN, OOF", "Precedence: first-class",
            "X-Autoreply: no", "Subject: Re: away from home, where is it?", "Return-Path: <ada@s.example>",
            "From: Nora Reply <nora@reply.example>", "Subject: my automatic watch",
        ])
    func people(_ line: String) {
        let signs = signs(line)
        #expect(signs.signs.isEmpty && !signs.isAutomatic && !signs.isList, "\(signs.signs)")
    }
}
