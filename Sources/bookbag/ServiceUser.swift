import Foundation

/// The user that Bookbag runs as: `bookbag`, created by systemd's sysusers. A command started as root reads the
/// configuration and the credentials as root, and then becomes that user, so that no file of the store ever belongs to
/// root: the daemon could not write it.
enum ServiceUser {
    /// Its name.
    static let name = "bookbag"

    /// Becomes the service's user, permanently, if we were started as root and that user exists; otherwise does
    /// nothing.
    ///
    /// - Parameter state: the folder of the store. It is created for that user if missing, or given to them while it is
    ///   empty.
    static func become(for state: String) throws {
        guard geteuid() == 0, let user = getpwnam(name)?.pointee else { return }
        prepare(state, user)
        guard initgroups(name, user.pw_gid) == 0, setgid(user.pw_gid) == 0,
            setuid(user.pw_uid) == 0, setuid(0) != 0
        else {
            complain(
                "root cannot become the user '\(name)' (\(String(cString: strerror(errno)))); start this as '\(name)' instead, with: sudo -u \(name)"
            )
            throw ExitStatus.fault
        }
        _ = umask(0o077)
    }

    private static func prepare(_ state: String, _ user: passwd) {
        var about = stat()
        if stat(state, &about) != 0 {
            guard
                (try? FileManager.default.createDirectory(
                    atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])) != nil
            else { return }
            _ = lchown(state, user.pw_uid, user.pw_gid)
        } else if about.st_uid == 0, (try? FileManager.default.contentsOfDirectory(atPath: state))?.isEmpty == true {
            _ = lchown(state, user.pw_uid, user.pw_gid)
        }
    }
}
