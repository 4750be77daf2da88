import Daemon
import Foundation
import Outreach
import Testing

@testable import bookbag

@Suite("Where pages are served, and to whom")
struct SiteSettingsTests {
    private static let shop = "shops:\n  - { domain: juniperfig.myshopify.com, token: 'env:TOKEN' }\n"

    private func read(_ text: String) -> (configuration: Configuration?, faults: [String]) {
        let surroundings = ConfigurationReader.Surroundings(
            secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t"]), stateDirectory: "/tmp",
            folder: "/etc/bookbag")
        do {
            return (try ConfigurationReader.read(Self.shop + text, file: "b.yaml", surroundings: surroundings), [])
        } catch { return (nil, error.faults.map(\.description)) }
    }

    @Test("a port or a socket, and the name that browsers use")
    func sites() throws {
        let (found, faults) = read(
            """
            desk: { listen: "127.0.0.1:8788", url: "https://Desk.juniperfig.example:443/" }
            public: { listen: "unix:run/public.sock", url: "http://127.0.0.1:8789" }
            """)
        #expect(faults.isEmpty)
        let configuration = try #require(found)
        let desk = try #require(configuration.desk)
        #expect(desk.place == .port(host: "127.0.0.1", port: 8788))
        #expect(desk.authority == "desk.juniperfig.example" && desk.url == "https://desk.juniperfig.example")
        #expect(desk.isSecure && desk.userHeader == nil && desk.savesEdits)
        let git = read("desk: { listen: '127.0.0.1:1', url: 'https://desk.example', edit: off }")
        #expect(git.configuration?.desk?.savesEdits == false)
        let odd = read("desk: { listen: '127.0.0.1:1', url: 'https://desk.example', edit: maybe }")
        #expect(odd.faults.contains { $0.contains("'maybe' is neither on nor off") })
        #expect(!read("public: { listen: '127.0.0.1:1', url: 'https://t.example', edit: off }").faults.isEmpty)
        let pages = try #require(configuration.pages)
        #expect(pages.place == .socket("/etc/bookbag/run/public.sock"))
        #expect(pages.authority == "127.0.0.1:8789" && !pages.isSecure)
        #expect(configuration.peopleFile == "/etc/bookbag/people.yaml")
        #expect(read("").configuration?.desk == nil, "nothing is served unless it is written down")
    }

    @Test(
        "what would let strangers in is refused, with its place",
        arguments: [
            ("desk: { listen: '127.0.0.1:1', url: 'http://desk.example' }", "people would log in unencrypted"),
            ("desk: { listen: '127.0.0.1:1', url: 'https://desk.example/path' }", "'url' needs scheme and host only"),
            ("desk: { listen: '127.0.0.1:1', url: 'https://a:b@desk.example' }", "'url' needs scheme and host only"),
            ("desk: { listen: '127.0.0.1:1' }", "'desk' has no 'url'"),
            ("desk: { url: 'https://desk.example' }", "'desk' has no 'listen'"),
            ("desk: { listen: 'unix:', url: 'https://desk.example' }", "'unix:' needs the path of a socket"),
            (
                "desk: { listen: '127.0.0.1:1', url: 'https://desk.example', user_header: X-Forwarded-Email }",
                "whoever reaches the port could send 'X-Forwarded-Email' and be anybody"
            ),
            (
                "desk: { listen: 'unix:/run/d', url: 'https://desk.example', user_header: 'X: y' }",
                "'X: y' is not the name of a header"
            ),
            (
                "public: { listen: '127.0.0.1:1', url: 'https://t.example', user_header: X }",
                "unknown key 'user_header'"
            ),
        ])
    func refused(_ text: String, _ words: String) {
        let faults = read(text).faults
        #expect(faults.contains { $0.contains(words) && $0.hasPrefix("b.yaml:3:") }, "\(faults)")
    }

    private func people(_ text: String) -> (people: People?, faults: [String]) {
        PeopleReader.read(text, file: "people.yaml", shops: ["juniperfig.myshopify.com", "northloom.myshopify.com"])
    }

    @Test("people have roles, and all shops unless some are named")
    func listed() throws {
        let (found, faults) = people(
            """
            people:
              - { email: Ada@juniperfig.example, name: Ada Finch, may: [shop, operate] }
              - { email: tom@juniperfig.example, may: answer, shops: [juniperfig], languages: [de, en],
                  teams: [returns], alert: every 30 minutes }
              - { email: ana@juniperfig.example, may: answer, alert: 08:00 }
            """)
        #expect(faults.isEmpty)
        let people = try #require(found)
        let ada = try #require(people["ADA@juniperfig.example"])
        #expect(ada.email == "ada@juniperfig.example" && ada.roles == [.shop, .operate])
        #expect(ada.serves("northloom.myshopify.com"))
        let tom = try #require(people["tom@juniperfig.example"])
        #expect(tom.roles == [.answer] && tom.name == "tom@juniperfig.example" && tom.languages == ["de", "en"])
        #expect(tom.teams == ["returns"] && tom.alert == .every(.minutes(30)) && ada.alert == nil)
        #expect(people["ana@juniperfig.example"]?.alert == .daily(8 * 3600))
        #expect(tom.serves("juniperfig.myshopify.com") && !tom.serves("northloom.myshopify.com"))
    }

    @Test("a mistake lets nobody in, and all are told at once")
    func mistakes() {
        let (found, faults) = people(
            """
            people:
              - { email: ada, may: [shop] }
              - { email: tom@juniperfig.example, may: [shpo], shops: [juniperfi] }
              - { name: Nobody, may: [shop] }
              - { email: eve@juniperfig.example }
              - { email: eve@juniperfig.example, may: [shop], password: x }
              - { email: sid@juniperfig.example, may: [answer], alert: sometimes }
              - { email: una@juniperfig.example, may: [shop], alert: at_once }
            """)
        #expect(found == nil)
        for words in [
            "people.yaml:2:14: 'ada' is not a mail address", "unknown role 'shpo'; did you mean 'shop'?",
            "unknown shop 'juniperfi'", "people.yaml:4:5: a person has no 'email'", "nothing says what they may do",
            "unknown key 'password'", "is listed twice", "'sometimes' says no time",
            "only who answers is told of customers who wait",
        ] {
            #expect(faults.contains { $0.contains(words) }, "\(words) in \(faults)")
        }
        #expect(PeopleReader.read(file: "/nowhere/people.yaml", shops: []).people == People())
    }
}
