internal import Glibc
internal import Synchronization

/// Another process that does one thing with untrusted input and answers, or dies: a program, its input, and how long it
/// may take.
///
/// The time limit is enforced here, with a kill; the process itself first sets its limits on memory and CPU time
/// (`ResourceLimits.apply`), which the kernel then enforces. Its environment has only what the loader needs, so no
/// secrets, and its only open files are its input and output.
public struct LimitedProcess: Sendable {
    /// How it ended.
    public enum Outcome: Sendable, Equatable {
        /// Exited with this status, having written this.
        case exited(status: Int32, output: [UInt8])
        /// Killed by this signal: SIGSEGV, or SIGABRT and SIGILL, which Swift uses for traps. `memory` is its peak in
        /// bytes, or that of the process that started it if higher: the kernel keeps one figure from before and after
        /// the program is loaded (getrusage(2), `ru_maxrss`).
        case killed(signal: Int32, memory: Int)
        /// It was killed because it took too long.
        case tooSlow
        /// It was killed because it wrote too much.
        case tooMuchOutput
        /// It could not be started; `errno`.
        case notStarted(code: Int32)
    }

    /// The program's file.
    public var program: String
    /// Its arguments.
    public var arguments: [String]
    /// The wall-clock time after which it is killed.
    public var time: Duration
    /// The most bytes it may write.
    public var mostOutput: Int

    /// This program's own file, even if a newer one has replaced it meanwhile.
    public static let own = "/proc/self/exe"

    /// A program with bounds.
    public init(_ program: String, _ arguments: [String], time: Duration, mostOutput: Int) {
        self.program = program
        self.arguments = arguments
        self.time = time
        self.mostOutput = mostOutput
    }

    /// Ends a process before its time.
    public final class Switch: Sendable {
        private enum State {
            case notStarted, over
            case running(pid_t)
            case cancelled
        }
        private let state = Mutex(State.notStarted)

        /// For one process.
        public init() {}

        /// Kills the process, or keeps it from doing anything where it has not started yet.
        public func cancel() {
            state.withLock { state in
                // Until it was waited for, its number is nobody else's.
                if case .running(let child) = state { kill(child, SIGKILL) }
                if case .over = state { return }
                state = .cancelled
            }
        }

        /// Whether it was cancelled before it ended by itself.
        public var isCancelled: Bool {
            state.withLock { if case .cancelled = $0 { true } else { false } }
        }

        fileprivate func started(_ child: pid_t) {
            state.withLock { state in
                if case .cancelled = state { kill(child, SIGKILL) } else { state = .running(child) }
            }
        }

        fileprivate func ended() {
            state.withLock { if case .running = $0 { $0 = .over } }
        }
    }

    /// Runs it with this input, on its own thread. It ends within `time`, or when its switch is pressed.
    ///
    /// - Parameter heard: called with each piece of output as it comes, on that thread.
    public func run(
        input: [UInt8], switch: Switch = Switch(), heard: @escaping @Sendable (ArraySlice<UInt8>) -> Void = { _ in }
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            startThread { continuation.resume(returning: runBlocking(input: input, `switch`, heard)) }
        }
    }

    private func runBlocking(
        input: [UInt8], _ stop: Switch, _ heard: (ArraySlice<UInt8>) -> Void
    ) -> Outcome {
        // Sockets rather than pipes, because a write to a closed socket can be made to raise no signal.
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &toChild) == 0 else { return .notStarted(code: errno) }
        guard socketpair(AF_UNIX, kind, 0, &fromChild) == 0 else {
            let code = errno
            toChild.forEach { close($0) }
            return .notStarted(code: code)
        }
        var child = pid_t()
        let code = spawn(&child, input: toChild[1], output: fromChild[1])
        close(toChild[1])
        close(fromChild[1])
        defer {
            if toChild[0] >= 0 { close(toChild[0]) }
            close(fromChild[0])
        }
        guard code == 0 else { return .notStarted(code: code) }
        stop.started(child)
        let trouble = exchange(input, &toChild[0], fromChild[0], heard)
        stop.ended()
        if trouble.outcome != nil { kill(child, SIGKILL) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
        if let outcome = trouble.outcome { return outcome }
        let signal = status & 0x7F
        return signal == 0
            ? .exited(status: (status >> 8) & 0xFF, output: trouble.output)
            : .killed(signal: signal, memory: usage.ru_maxrss * 1024)
    }

    private func spawn(_ child: inout pid_t, input: Int32, output: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        // Its crash report is of no use in the journal.
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This thread blocks all signals and the daemon ignores some; the child starts with the defaults.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = []
        for name in ["LD_LIBRARY_PATH", "PATH"] {
            if let value = getenv(name) { environment.append(strdup("\(name)=\(String(cString: value))")) }
        }
        // Nobody needs a dead child's backtrace, and printing it takes seconds.
        environment.append(strdup("SWIFT_BACKTRACE=enable=no"))
        // Otherwise glibc reserves 64 MB of addresses for each thread, which RLIMIT_AS counts (mallopt(3),
        // M_ARENA_MAX).
        environment += [strdup("MALLOC_ARENA_MAX=1"), nil]
        defer { for text in words + environment { free(text) } }
        return posix_spawn(&child, program, &actions, &attributes, &words, &environment)
    }

    /// Writes the input and reads the output, whichever is ready, until the output ends.
    private func exchange(
        _ input: [UInt8], _ toChild: inout Int32, _ fromChild: Int32, _ heard: (ArraySlice<UInt8>) -> Void
    ) -> (outcome: Outcome?, output: [UInt8]) {
        let end = ContinuousClock.now + time
        var output: [UInt8] = []
        var written = 0
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            if written == input.count, toChild >= 0 {
                close(toChild)
                toChild = -1
            }
            let left = end - ContinuousClock.now
            guard left > .zero else { return (.tooSlow, []) }
            var ready = [
                pollfd(fd: fromChild, events: Int16(POLLIN), revents: 0),
                pollfd(fd: toChild, events: Int16(POLLOUT), revents: 0),
            ]
            let wait = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let count = poll(&ready, 2, Int32(clamping: max(1, wait)))
            if count < 0, errno != EINTR { return (.notStarted(code: errno), []) }
            guard count > 0 else { continue }
            if toChild >= 0, ready[1].revents != 0 {
                let sent = input.withUnsafeBytes { bytes in
                    send(
                        toChild, bytes.baseAddress! + written, min(bytes.count - written, 64 * 1024),
                        Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                if sent > 0 {
                    written += sent
                } else if errno != EAGAIN, errno != EINTR {
                    // It has read enough, or is dead; its exit status says which.
                    written = input.count
                }
            }
            guard ready[0].revents != 0 else { continue }
            let read = recv(fromChild, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if read == 0 { return (nil, output) }
            if read < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                return (nil, output)
            }
            guard output.count + read <= mostOutput else { return (.tooMuchOutput, []) }
            output.append(contentsOf: buffer[..<read])
            heard(buffer[..<read])
        }
    }
}

/// A process's resource limits, set by itself before it reads untrusted input.
///
/// The kernel counts memory that is mapped for writing (RLIMIT_DATA), not memory in use. So a process can use slightly
/// more than `memory`, because its allocator has some free memory mapped already, or less, because a thread that starts
/// later takes 8 MB of stack at once. Neither grows with the input.
public struct ResourceLimits: Sendable {
    /// Bytes of memory beyond what it has mapped when the limits are set.
    public var memory: Int
    /// Seconds of CPU time in all.
    public var processorSeconds: Int

    /// Limits of these.
    public init(memory: Int, processorSeconds: Int) {
        self.memory = memory
        self.processorSeconds = processorSeconds
    }

    /// Sets them for this process, for good; and puts it first in line where the machine runs out of memory.
    ///
    /// - Returns: false if the system forbids one of them, as a system call filter may: then untrusted input must not be
    ///   read.
    public func apply() -> Bool {
        var areSet = true
        func set(_ resource: __rlimit_resource, _ value: Int) {
            var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
            if setrlimit(__rlimit_resource_t(resource.rawValue), &limit) != 0 { areSet = false }
        }
        let now = Self.pages
        set(RLIMIT_AS, now.mapped + memory)
        // The allocator reserves addresses long before it uses them, so writable memory has a limit of its own.
        set(RLIMIT_DATA, now.writable + memory)
        set(RLIMIT_CPU, processorSeconds)
        set(RLIMIT_CORE, 0)
        // It writes no file, and starts no process.
        set(RLIMIT_FSIZE, 0)
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        if file >= 0 {
            _ = write(file, "1000", 4)
            close(file)
        }
        return areSet
    }

    /// The bytes that this process has mapped, and those of them that it may write: the first and the sixth number of
    /// /proc/self/statm, in pages (proc(5)).
    private static var pages: (mapped: Int, writable: Int) {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return (2 << 30, 1 << 30) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = max(0, read(file, &buffer, buffer.count))
        let numbers = buffer[..<count].split { !(0x30...0x39).contains($0) }
            .map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
        guard numbers.count >= 6 else { return (2 << 30, 1 << 30) }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        return (numbers[0] * page, numbers[5] * page)
    }
}

/// The CPU time that a thread has used: a bound for uninterrupted work that a slow or sleeping machine cannot reach
/// just by waiting.
public enum ThreadTime {
    /// Seconds since the thread began.
    public static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
