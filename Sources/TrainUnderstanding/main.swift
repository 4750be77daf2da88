import Foundation
import Understanding

// Trains the model of Understanding from the phrasings in a folder, and prints Weights.swift.
// `scripts/train-understanding` runs it.

guard CommandLine.arguments.count == 2 else {
    FileHandle.standardError.write(Data("usage: TrainUnderstanding PHRASINGS\n".utf8))
    exit(2)
}
do {
    var trainer = Trainer()
    for (name, language) in Trainer.files {
        let file = URL(filePath: CommandLine.arguments[1]).appending(path: name)
        do {
            try trainer.read(String(contentsOf: file, encoding: .utf8), language: language)
        } catch let section as Trainer.UnknownSection {
            FileHandle.standardError.write(Data("\(name): \(section)\n".utf8))
            exit(1)
        }
    }
    try FileHandle.standardOutput.write(contentsOf: Data(trainer.weightsFile().utf8))
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
