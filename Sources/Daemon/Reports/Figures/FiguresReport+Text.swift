import Outreach

// How the figures are printed: for a terminal, for spreadsheets, for programs, and as the six lines of the weekly mail.

extension FiguresReport {
    package var text: String {
        var parts = ["\(shop), \(days) days from \(from) to \(to)"]
        parts.append(
            Daemon.Table.lines(
                [["FIGURE", "", "BEFORE", ""]]
                    + headlines.map { [$0.title, $0.value.text, $0.before?.text ?? "", Self.remark(of: $0)] },
                alignedRight: 1..<3))
        for table in tables where !table.rows.isEmpty {
            let head = table.columns.map { $0.title.uppercased() }
            let rows = table.rows.map { row in
                row.map { cell in cell.value.note.isEmpty ? cell.value.text : "\(cell.value.text) (\(cell.value.note))"
                }
            }
            parts.append("\(table.title)\n" + Daemon.Table.lines([head] + rows))
        }
        return parts.joined(separator: "\n\n")
    }

    /// Of how many, how sure, and what else there is to say of a figure.
    package static func remark(of headline: Headline) -> String {
        [headline.value.note, headline.note].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// The six lines of the weekly mail, in Markdown.
    package var weeklyLines: String {
        headlines.filter(\.isWeekly).map { headline in
            let remark = Self.remark(of: headline)
            let before = headline.before.map { ", before: \($0.text)" } ?? ""
            return "- \(headline.title): **\(headline.value.text)**\(remark.isEmpty ? "" : " (\(remark))")\(before)"
        }.joined(separator: "\n")
    }

    /// One line for each figure: which one, of what, its number, and of a share how many and how sure. Bare numbers are
    /// counts, percents, seconds and days.
    package var csv: String {
        var lines = [["shop", "from", "to", "figure", "of", "measure", "value", "n", "low", "high"]]
        func add(_ figure: String, _ of: String, _ measure: String, _ value: FigureValue) {
            if case .text = value { return }
            var line = [shop, from.description, to.description, figure, of, measure]
            line.append(value.number.map { FigureValue.decimal($0, places: Self.places(of: value)) } ?? "")
            if case .share(let share) = value, share.n > 0 {
                line.append("\(share.n)")
                line += [share.interval.lowerBound, share.interval.upperBound].map {
                    FigureValue.decimal($0, places: 1)
                }
            } else if case .saved(let trial) = value, let saved = trial.saved {
                line += ["\(trial.held + trial.told)"]
                line += [saved.interval.lowerBound, saved.interval.upperBound].map {
                    FigureValue.decimal($0, places: 1)
                }
            } else {
                line += ["", "", ""]
            }
            lines.append(line)
        }
        for headline in headlines {
            add("all", "", headline.key, headline.value)
            if let before = headline.before { add("all", "", "\(headline.key)_before", before) }
        }
        for table in tables {
            for row in table.rows {
                // What names a row: its texts before the first number.
                let names = row.prefix { if case .text = $0.value { true } else { false } }
                let of = names.map(\.value.text).joined(separator: ", ")
                for (column, cell) in zip(table.columns, row).dropFirst(names.count) {
                    add(table.key, of, column.key, cell.value)
                }
            }
        }
        for chart in charts {
            for series in chart.series {
                for (index, count) in series.counts.enumerated() {
                    let day = from.adding(days: index).description
                    lines.append([
                        shop, day, day, "daily_\(chart.key)", "", series.key, "\(count)", "", "", "",
                    ])
                }
            }
        }
        return CSV.text(lines)
    }

    private static func places(of value: FigureValue) -> Int {
        switch value {
        case .share, .saved: 1
        case .ratio: 2
        case .money(_, let currency): CurrencyUnits.decimals(of: currency)
        default: 0
        }
    }
}

/// Comma-separated values (RFC 4180) that no spreadsheet takes for a formula.
package enum CSV {
    /// Lines end in CR LF.
    package static func text(_ lines: [[String]]) -> String {
        lines.map { $0.map(cell).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A cell in quotes. What begins as a formula would, whatever blanks stand before it, has an apostrophe before it,
    /// by which spreadsheets know a text.
    package static func cell(_ text: String) -> String {
        let isNumber = Double(text) != nil && text.first?.isNumber == true
        let first = text.unicodeScalars.first { !($0.properties.isWhitespace || $0.value < 0x20 || $0 == "\u{FEFF}") }
        // Full-width forms are folded by some spreadsheets.
        let isFormula =
            first.map { "=+-@|%\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains($0) } ?? false
            || (text.unicodeScalars.first.map { $0.value < 0x20 } ?? false)
        let plain = text.replacing("\0", with: "")
        let guarded = isFormula && !isNumber ? "'" + plain : plain
        return "\"" + guarded.replacing("\"", with: "\"\"") + "\""
    }
}

extension FiguresReport: Encodable {
    private struct Key: CodingKey {
        var stringValue: String
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.init(stringValue) }
        var intValue: Int? { nil }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var whole = encoder.container(keyedBy: Key.self)
        try whole.encode(shop, forKey: Key("shop"))
        try whole.encode(days, forKey: Key("days"))
        try whole.encode(from, forKey: Key("from"))
        try whole.encode(to, forKey: Key("to"))
        var figures = whole.nestedContainer(keyedBy: Key.self, forKey: Key("figures"))
        for headline in headlines {
            var figure = figures.nestedContainer(keyedBy: Key.self, forKey: Key(headline.key))
            try figure.encode(headline.title, forKey: Key("title"))
            try figure.encode(headline.definition, forKey: Key("definition"))
            try figure.encode(headline.value, forKey: Key("value"))
            if !headline.note.isEmpty { try figure.encode(headline.note, forKey: Key("note")) }
            try figure.encode(headline.before, forKey: Key("before"))
        }
        var tables = whole.nestedContainer(keyedBy: Key.self, forKey: Key("tables"))
        for table in self.tables {
            var one = tables.nestedContainer(keyedBy: Key.self, forKey: Key(table.key))
            try one.encode(table.title, forKey: Key("title"))
            try one.encode(table.definition, forKey: Key("definition"))
            var rows = one.nestedUnkeyedContainer(forKey: Key("rows"))
            for row in table.rows {
                var cells = rows.nestedContainer(keyedBy: Key.self)
                for (column, cell) in zip(table.columns, row) { try cells.encode(cell.value, forKey: Key(column.key)) }
            }
        }
        var daily = whole.nestedContainer(keyedBy: Key.self, forKey: Key("daily"))
        for chart in charts {
            var lines = daily.nestedContainer(keyedBy: Key.self, forKey: Key(chart.key))
            for series in chart.series { try lines.encode(series.counts, forKey: Key(series.key)) }
        }
    }
}
