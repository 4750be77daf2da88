import Glibc

/// Starts a detached thread that receives no signals.
///
/// Above all no SIGPIPE: a write to a connection closed by the far end must return an error, never kill the process.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    // The new thread inherits the mask, so no signal can arrive before it sets its own.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { context in
            pthread_detach(pthread_self())
            Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(ThreadBody(body)).toOpaque())
    precondition(code == 0, "no thread could be started: \(code)")
}

/// A closure passed through a C pointer.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
