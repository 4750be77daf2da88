import Daemon
import Delivery
import Testing

@testable import bookbag

@Suite("The helpdesk in bookbag.yaml") struct HelpdeskSettingsTests {
    private func read(_ text: String) throws(ConfigurationFaults) -> Configuration.Shop {
        try ConfigurationReader.read(
            """
            state: /var/lib/bookbag
            triggers: /etc/bookbag/triggers
            shops:
              - { domain: juniperfig.myshopify.com, token: "env:T" }
            \(text)
            """, file: "bookbag.yaml",
            surroundings: .init(
                secrets: SecretSource(credentials: nil, environment: ["T": "t0ken"]), stateDirectory: "/tmp",
                folder: "/etc/bookbag")
        ).shops[0]
    }

    private func faults(_ text: String) -> String {
        do throws(ConfigurationFaults) {
            _ = try read(text)
            return ""
        } catch { return "\(error)" }
    }

    @Test("is Zendesk, Gorgias, or a webhook, and gets what is handed over")
    func read() throws {
        let zendesk = try read(
            "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://fig.zendesk.com/\", email: a@fig.example, token: \"env:T\", hook_secret: \"env:T\" }"
        )
        let settings = try #require(zendesk.helpdesk)
        #expect(
            settings.kind == .zendesk && settings.url == "https://fig.zendesk.com" && settings.hookSecrets.count == 1)
        #expect(zendesk.handOverTo == nil && !"\(settings)".contains("t0ken"))
        let token = try read(
            "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://fig.zendesk.com\", token: \"env:T\" }")
        #expect(token.helpdesk?.email == nil)
        let hook = try read(
            "hand_over_to: helpdesk\nhelpdesk: { kind: hook, url: \"https://fig.example/b\", secret: \"env:T\" }")
        #expect(hook.helpdesk?.secrets.count == 1)
        let desk = try read(
            "hand_over_to: desk\nhelpdesk: { kind: hook, url: \"https://fig.example/b\", secret: \"env:T\" }")
        #expect(desk.helpdesk == nil)
        #expect(try read("hand_over_to: desk").helpdesk == nil)
    }

    @Test("has the mailbox only where bookbag.yaml says so")
    func belongs() throws {
        let helpdesk =
            "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://fig.zendesk.com\", token: \"env:T\" }"
        #expect(try !read(helpdesk).mailboxBelongsToHelpdesk)
        #expect(try read("\(helpdesk)\nmailbox_belongs_to: helpdesk").mailboxBelongsToHelpdesk)
        #expect(try !read("\(helpdesk)\nmailbox_belongs_to: bookbag").mailboxBelongsToHelpdesk)
    }

    @Test(
        "what is wrong is told with its line",
        arguments: [
            ("hand_over_to: helpdesk", "bookbag.yaml:5:", "no helpdesk is configured"),
            (
                "helpdesk: { kind: zendesk, url: \"https://a.example\", token: \"env:T\" }", "bookbag.yaml:",
                "nothing goes to the helpdesk"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { url: \"https://a.example\" }", "bookbag.yaml:6:",
                "does not say which it is"
            ),
            ("hand_over_to: helpdesk\nhelpdesk: { kind: freshdesk }", "bookbag.yaml:6:", "'freshdesk' is no helpdesk"),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://a.example\" }", "bookbag.yaml:6:",
                "has no 'token'"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, token: \"env:T\" }", "bookbag.yaml:6:",
                "has no 'url'"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"http://a.example\", token: \"env:T\" }",
                "bookbag.yaml:6:", "in the clear"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: a.example, token: \"env:T\" }",
                "bookbag.yaml:6:", "no web address"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: gorgias, url: \"https://a.example\", token: \"env:T\" }",
                "bookbag.yaml:6:", "has no 'email'"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: gorgias, url: \"https://a.example\", token: \"env:T\", email: anna }",
                "bookbag.yaml:6:", "not a mail address"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: hook, url: \"https://a.example\" }", "bookbag.yaml:6:",
                "has no 'secret'"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: hook, url: \"https://a.example\", secret: \"env:T\", token: \"env:T\" }",
                "bookbag.yaml:6:", "does not go with"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://a.example\", token: plain }",
                "bookbag.yaml:6:", "must not be written into this file"
            ),
            (
                "hand_over_to: helpdesk\nhelpdesk: { kind: zendesk, url: \"https://a.example\", token: \"env:T\", tokn: x }",
                "bookbag.yaml:6:", "tokn"
            ),
            ("mailbox_belongs_to: helpdesk", "bookbag.yaml:5:", "no helpdesk is configured"),
            (
                "mailbox_belongs_to: nobody\nhand_over_to: desk", "bookbag.yaml:5:", "does not belong to 'nobody'"
            ),
            (
                "mailbox_belongs_to: helpdesk\nhand_over_to: desk\nhelpdesk: { kind: zendesk, url: \"https://a.example\", token: \"env:T\" }",
                "bookbag.yaml:5:", "would not go to the helpdesk"
            ),
            (
                "mailbox_belongs_to: helpdesk\nhand_over_to: helpdesk\nmailbox: { only_to: [hello@fig.example] }\nhelpdesk: { kind: zendesk, url: \"https://a.example\", token: \"env:T\" }",
                "bookbag.yaml:5:", "has a 'mailbox', and its mail arrives in the helpdesk"
            ),
            (
                "mailbox_belongs_to: helpdesk\nhand_over_to: helpdesk\nhelpdesk: { kind: hook, url: \"https://a.example\", secret: \"env:T\" }",
                "bookbag.yaml:5:", "needs Zendesk or Gorgias"
            ),
        ])
    func faults(_ text: String, _ place: String, _ words: String) {
        let told = faults(text)
        #expect(told.contains(place) && told.contains(words), "\(told)")
    }
}
