package import Daemon
import Foundation
import Logging
package import Outreach
import Platform
package import ServiceLifecycle
import Store

/// The pages that the daemon serves beside its loops.
package enum WebServices {
    /// The desk where people are listed, and the shopper's pages; as the configuration says.
    ///
    /// - Parameter readPeople: reads people.yaml again.
    package static func all(
        _ core: DaemonCore, readPeople: @escaping PeopleBook.Reading
    ) throws -> [any Service] {
        guard core.configuration.desk != nil || core.configuration.pages != nil else { return [] }
        let pages = try Pages()
        var services: [any Service] = []
        if let site = core.configuration.desk {
            if core.configuration.people.all.isEmpty {
                core.logger.log(
                    Line.noDesk,
                    [
                        "file": "\(core.configuration.peopleFile ?? "people.yaml")",
                        "reason": "it lists nobody, has mistakes, or is not there",
                    ])
            } else {
                try site.requireFree()
                let people = PeopleBook(core.configuration.people, core: core, read: readPeople)
                let lookAgain = LookAgain()
                core.store.changes.add(lookAgain.wake)
                let edits = EditDesk(wake: lookAgain.wake)
                let desk = DeskSite(
                    core: core, site: site, people: people, pages: pages, lookAgain: lookAgain, edits: edits)
                services += [
                    people, edits,
                    SiteServer(name: "desk", place: site.place, site: desk, logger: core.logger),
                    // The last is shut down first: the server waits for the streams of open pages, which this ends.
                    lookAgain,
                ]
            }
        }
        if let site = core.configuration.pages {
            try site.requireFree()
            services.append(
                SiteServer(
                    name: "public pages", place: site.place,
                    site: PublicSite(core: core, site: site, pages: pages), logger: core.logger))
        }
        return services
    }

    /// What a shop's design of a page looks like, with nobody's data, as one file. Throws what the design throws.
    package static func preview(_ design: PageDesign) throws -> [UInt8] { try Pages().preview(design) }

    /// A one-time way into the desk: what the link's path has, and its digest for the store.
    package static func newLogin() -> (path: String, digest: [UInt8]) {
        let token = Tokens.random()
        return ("/login/\(token)", Tokens.digest(token))
    }
}

extension Configuration.Site {
    /// Sees that nobody else listens there. Throws `DaemonProblem`.
    func requireFree() throws {
        if case .port(let host, let port) = place {
            try Configuration.Listen(host: host, port: port).requireFree()
        }
    }
}
