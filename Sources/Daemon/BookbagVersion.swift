/// Which Bookbag this is.
package enum BookbagVersion {
    package static let current = "0.1.0"
}
