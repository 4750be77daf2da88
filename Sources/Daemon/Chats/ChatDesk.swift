package import Delivery
package import Platform

/// One shop's side of the chat, as the public pages see it.
package struct ChatDesk: Sendable {
    package var settings: ChatSettings
    /// Called when something was posted.
    package var wake: Wake

    package init(settings: ChatSettings, wake: Wake) {
        self.settings = settings
        self.wake = wake
    }

    /// Whether a page of that origin may have the chat.
    package func allows(_ origin: String) -> Bool { settings.origins.contains(origin) }
}
