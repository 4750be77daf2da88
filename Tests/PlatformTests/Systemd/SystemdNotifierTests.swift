import Foundation
import Glibc
import Synchronization
import Testing

@testable import Platform

// What changes the environment does so in a process of its own: other tests start programs meanwhile, and the environment
// that these are given must not move.
@Suite("systemd", .timeLimit(.minutes(5)))
struct SystemdNotifierTests {
    @Test("tells systemd each state in its own words")
    func states() {
        let said = Mutex<[String]>([])
        let notifier = SystemdNotifier { state in said.withLock { $0.append(state) } }
        notifier.ready(status: "Watching 2 shops")
        notifier.reloading()
        notifier.status("one\nREADY=1")
        notifier.watchdog()
        notifier.extendTimeout(by: .milliseconds(1500))
        notifier.stopping(status: "Finishing")
        let lines = said.withLock { $0 }
        #expect(lines[0] == "READY=1\nSTATUS=Watching 2 shops")
        #expect(lines[1].wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[1-9]\d*/) != nil)
        #expect(lines[2] == "STATUS=one READY=1")
        #expect(lines[3] == "WATCHDOG=1")
        #expect(lines[4] == "EXTEND_TIMEOUT_USEC=1500000")
        #expect(lines[5] == "STOPPING=1\nSTATUS=Finishing")
    }

    @Test("reaches the socket that systemd names, and is silent without one")
    func socketOfSystemd() async {
        await #expect(processExitsWith: .success) {
            let folder = Fixtures.Folder()
            let path = folder.path + "/notify"
            let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            SystemdNotifier().ready()
            setenv("NOTIFY_SOCKET", path, 1)
            defer { unsetenv("NOTIFY_SOCKET") }
            SystemdNotifier().status("Ready")
            var buffer = [UInt8](repeating: 0, count: 100)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self) == "STATUS=Ready")
        }
    }

    @Test("knows how often systemd wants to hear of us")
    func watchdog() async {
        await #expect(processExitsWith: .success) {
            #expect(SystemdNotifier.watchdogInterval == nil)
            setenv("WATCHDOG_USEC", "30000000", 1)
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            #expect(SystemdNotifier.watchdogInterval == .seconds(30))
            setenv("WATCHDOG_PID", "1", 1)
            #expect(SystemdNotifier.watchdogInterval == nil)
        }
    }
}
