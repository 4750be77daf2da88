// Which files each machine's folder had when it last agreed with what is in force.
//
// With a store at a server, several machines have a folder of each shop's files, and one of them serves the shop. What
// is saved there comes into force and is kept in the store; the folders of the others then say something older. Whether
// such a folder is only behind, or was edited there, is told by what it had when it last agreed: a folder that has not
// been touched since follows the store, one that was edited while nothing else changed is an edit like any other, and
// where both happened a person decides. So no machine that takes a shop over puts old files into force by itself.

import Foundation
import Synchronization

/// The digests of the folders of this machine when they last agreed with what was in force, by shop. They are kept in a
/// file of the daemon's own folder.
package final class FolderBases: Sendable {
    /// How a folder stands to what is in force.
    package enum Standing: Hashable, Sendable {
        /// They are the same.
        case same
        /// The folder was edited, and nothing else happened: an edit like any other.
        case edited
        /// The folder is as it was when they last agreed: something else came into force elsewhere.
        case behind
        /// Both happened, or nobody knows.
        case parted
    }

    private let path: String
    private let bases: Mutex<[String: String]>
    /// What was in force when the folders of shops that others serve were last looked at.
    private let looked = Mutex<[String: String]>([:])

    /// - Parameter state: the daemon's own folder. A file there that cannot be read counts as none.
    package init(state: String) {
        path = state + "/trigger-folders.json"
        let data = FileManager.default.contents(atPath: path)
        bases = Mutex(data.flatMap { try? JSONDecoder().decode([String: String].self, from: $0) } ?? [:])
    }

    /// How a folder stands to what is in force.
    ///
    /// - Parameters:
    ///   - folder: the digest of the folder's files now.
    ///   - inForce: that of the files in force.
    package func standing(of folder: String, to inForce: String, shop: String) -> Standing {
        if folder == inForce { return .same }
        switch bases.withLock({ $0[shop] }) {
        case inForce: return .edited
        case folder: return .behind
        default: return .parted
        }
    }

    /// True once for whatever comes into force.
    package func mustLook(_ inForce: String, shop: String) -> Bool {
        looked.withLock { $0.updateValue(inForce, forKey: shop) } != inForce
    }

    /// Notes that a folder says what is in force. Where that cannot be written it is known until the process ends.
    package func note(_ digest: String, shop: String) {
        bases.withLock { bases in
            guard bases[shop] != digest else { return }
            bases[shop] = digest
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try? encoder.encode(bases).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }
}
