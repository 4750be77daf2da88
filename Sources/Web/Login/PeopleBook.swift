package import Daemon
import Logging
import Outreach
import Platform
import ServiceLifecycle
import Store
import Synchronization

/// Who may use the desk now. The file is read again on SIGHUP; one with mistakes changes nothing.
package final class PeopleBook: Service {
    /// Reads people.yaml. Returns the mistakes, a line each, where it has any.
    package typealias Reading = @Sendable () -> (people: People?, faults: [String])

    private let people: Mutex<People>
    private let read: Reading
    private let core: DaemonCore?
    private let wake = Wake()

    package init(_ people: People, core: DaemonCore? = nil, read: @escaping Reading = { (nil, []) }) {
        self.people = Mutex(people)
        self.core = core
        self.read = read
        core?.hangup.add(wake)
    }

    subscript(email: String) -> Person? { people.withLock { $0[email] } }

    /// Those who answer a shop's customers, by name.
    func answering(_ shop: String) -> [Person] {
        people.withLock { $0.all }.filter { $0.roles.contains(.answer) && $0.serves(shop) }.sorted { $0.name < $1.name }
    }

    /// All that somebody listed may do at a shop.
    func roles(at shop: String) -> Set<Role> {
        people.withLock { $0.all.filter { $0.serves(shop) }.reduce(into: []) { $0.formUnion($1.roles) } }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await endOld()
            while !Task.isCancelled {
                guard await wake.wait(atMost: .seconds(86_400)) else { continue }
                await readAgain()
            }
        }
    }

    /// Reads the file again. Whoever is not listed any more is out at once.
    func readAgain() async {
        let (found, faults) = read()
        guard let found else {
            for fault in faults { core?.logger.log(Line.configuration, ["reason": "\(fault)"]) }
            return
        }
        people.withLock { $0 = found }
        core?.listed.replace(found)
        await endOld()
    }

    private func endOld() async {
        guard let core else { return }
        let listed = people.withLock { Set($0.all.map(\.email)) }
        _ = try? await core.store.endSessions(exceptOf: listed, now: core.now())
    }
}
