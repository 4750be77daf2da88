internal import CGMime
import Synchronization

// GMime is a C library of GObjects. Each new object has one reference, which its creator must release; a message holds
// references of its own to whatever is put into it. Here each object has one Swift owner that releases its reference
// when it is destroyed, so that nothing leaks and nothing is freed twice.
//
// GMime's objects may not be shared between threads, and its charset tables are built on first use. Composing takes
// some tens of microseconds, so all of it happens under one lock: that is easier to get right than working out which of
// its globals are protected.

/// The lock under which GMime is used, and proof that it was initialised: `g_mime_init` runs once, before the first
/// use.
enum GMime {
    private static let lock = Mutex(false)

    /// Runs `body` while no other thread uses GMime. Its result must not contain a GMime object.
    static func exclusively<Value: Sendable>(_ body: () -> Value) -> Value {
        lock.withLock { isStarted in
            if !isStarted {
                g_mime_init()
                isStarted = true
            }
            return body()
        }
    }
}

/// The sole owner of a reference to a GObject.
final class OwnedObject {
    let raw: UnsafeMutableRawPointer

    /// Takes over the reference that a `..._new` function returned.
    init(_ pointer: UnsafeMutableRawPointer) { raw = pointer }

    deinit { g_object_unref(raw) }

    /// The object as one of the types it inherits from; GObject structs begin with their parents.
    func cast<Parent>(to type: Parent.Type = Parent.self) -> UnsafeMutablePointer<Parent> {
        raw.assumingMemoryBound(to: type)
    }
}

/// A part of a mail, as a value.
indirect enum MIMEPart {
    /// UTF-8 text of a subtype, with `format=flowed` if it is.
    case text(subtype: String, String, isFlowed: Bool)
    case file(name: String, type: String, subtype: String, bytes: [UInt8])
    case multipart(subtype: String, boundary: String, [MIMEPart])

    /// The part as a GMime object. Only under `GMime.exclusively`.
    func object() -> OwnedObject {
        switch self {
        case .text(let subtype, let text, let isFlowed):
            let part = OwnedObject(g_mime_part_new_with_type("text", subtype))
            g_mime_object_set_content_type_parameter(part.cast(), "charset", "utf-8")
            if isFlowed { g_mime_object_set_content_type_parameter(part.cast(), "format", "flowed") }
            let encoding = Self.encoding(for: text)
            // Base64 contains the canonical form, with CRLF (RFC 2046, 4.1.1); quoted-printable has line endings of its
            // own.
            let canonical = encoding == GMIME_CONTENT_ENCODING_BASE64 ? text.replacing("\n", with: "\r\n") : text
            Self.setContent(part, Array(canonical.utf8), encoding: encoding)
            return part
        case .file(let name, let type, let subtype, let bytes):
            let part = OwnedObject(g_mime_part_new_with_type(type, subtype))
            g_mime_object_set_disposition(part.cast(), "attachment")
            g_mime_part_set_filename(part.cast(), name)
            Self.setContent(part, bytes, encoding: GMIME_CONTENT_ENCODING_BASE64)
            return part
        case .multipart(let subtype, let boundary, let parts):
            let multipart = OwnedObject(g_mime_multipart_new_with_subtype(subtype))
            g_mime_multipart_set_boundary(multipart.cast(), boundary)
            for part in parts {
                let child = part.object()
                g_mime_multipart_add(multipart.cast(), child.cast())
            }
            return multipart
        }
    }

    /// Quoted-printable if most of it stays readable, base64 if that is shorter.
    private static func encoding(for text: String) -> GMimeContentEncoding {
        var total = 0
        var quoted = 0
        for byte in text.utf8 {
            total += 1
            if byte >= 0x80 || byte == UInt8(ascii: "=") { quoted += 1 }
        }
        return quoted * 6 > total ? GMIME_CONTENT_ENCODING_BASE64 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
    }

    /// Gives the part its bytes.
    private static func setContent(_ part: OwnedObject, _ bytes: [UInt8], encoding: GMimeContentEncoding) {
        let stream = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                OwnedObject(g_mime_stream_mem_new_with_buffer($0.baseAddress, $0.count))
            }
        }
        let content = OwnedObject(g_mime_data_wrapper_new_with_stream(stream.cast(), GMIME_CONTENT_ENCODING_DEFAULT))
        g_mime_part_set_content(part.cast(), content.cast())
        g_mime_part_set_content_encoding(part.cast(), encoding)
    }
}
