import Testing

@testable import Outreach
