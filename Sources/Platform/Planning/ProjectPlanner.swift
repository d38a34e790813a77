public import Base
internal import Columnar
internal import Foundation
internal import ProjectModel
internal import SQL

/// What `gariep plan` shows.
public struct PlanReport: Sendable {
    public struct Dataset: Sendable {
        public let name: String
        public let kind: String
        public let engine: String
        public let columns: Int?
        public let freshness: String?
        public let inputs: [String]
    }

    public struct Stream: Sendable {
        public let model: String
        /// The relational plan as an indented tree.
        public let explanation: String
    }

    public let datasets: [Dataset]
    public let streams: [Stream]
    public let errors: [ErrorReport]
    public let warnings: [ErrorReport]
}

/// A project that has been read and checked, and found to be without mistakes.
struct SoundProject: Sendable {
    let project: Project
    let plan: ProjectPlan
    let checker: EngineChecker
}

/// Reads and checks projects.
public enum ProjectPlanner {
    public static func plan(_ options: PlatformOptions) throws -> PlanReport {
        let (project, plan, checker) = try check(options)
        var streams: [PlanReport.Stream] = []
        if plan.isSound {
            for model in project.models where model.config.materialized.value == .stream {
                let bound = try checker.bind(project.composed(model).text, inputs(of: model, project, plan))
                streams.append(.init(model: model.name.description, explanation: bound.explanation))
            }
        }
        return PlanReport(
            datasets: plan.datasets.map { dataset in
                PlanReport.Dataset(
                    name: dataset.name.description, kind: Self.kind(dataset.kind), engine: dataset.engine.rawValue,
                    columns: dataset.schema?.count, freshness: dataset.freshness?.description,
                    inputs: dataset.inputs.map(\.description))
            }, streams: streams, errors: plan.errors,
            // They may come before anything runs.
            warnings: plan.warnings + project.missingDataFiles())
    }

    /// - Throws: `ErrorReports` with every mistake.
    static func soundProject(_ options: PlatformOptions) throws -> SoundProject {
        let (project, plan, checker) = try check(options)
        guard plan.isSound else {
            throw ErrorReports(plan.errors + [PlatformFailure.projectHasMistakes(count: plan.errors.count).report])
        }
        return SoundProject(project: project, plan: plan, checker: checker)
    }

    private static func check(_ options: PlatformOptions) throws -> (Project, ProjectPlan, EngineChecker) {
        let (project, errors) = ProjectLoader.load(
            directory: options.projectDirectory, environment: ProcessInfo.processInfo.environment)
        let checker = try EngineChecker(project: project)
        let plan = ProjectChecker(sql: checker, schemas: checker).check(project, loadErrors: errors)
        return (project, plan, checker)
    }

    /// The schemas of what a model reads.
    static func inputs(of model: ModelDefinition, _ project: Project, _ plan: ProjectPlan) -> [DatasetName: Columnar
        .Schema]
    {
        var schemas: [DatasetName: Columnar.Schema] = [:]
        for name in project.physicalReads(model) { schemas[name] = plan[name]?.schema }
        return schemas
    }

    /// The files of a new project, by path.
    public static func scaffold(name: String) -> [(path: String, text: String)] {
        Scaffold.files(name: name).map { ($0.path, $0.text) }
    }

    static func kind(_ kind: DatasetKind) -> String {
        switch kind {
        case .sourceTable: "source"
        case .topic: "topic"
        case .seed: "seed"
        case .model(let materialization): materialization.rawValue
        case .lateTopic: "late rows"
        case .deadLetterTopic: "dead letters"
        case .lakeTable: "Delta table"
        case .endpoint: "endpoint"
        }
    }
}
