using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

public sealed partial class SyncEngine
{
    /// <summary>Imports and exports of memories are repeated from what the ledger keeps of their request.</summary>
    private (Work Run, Work Plan) RepeatMemory(RunRequest run, TargetAccess access)
    {
        var record = JsonSerializer.Deserialize(run.RequestedJson, MemoryImportRecordJson.Default.MemoryImportRecord)!;
        return record.Paths.Count > 0
            ? ((o, t) => RetryMemoryAsync(record, run.RunId, access, o, t), (o, t) => PlanMemoryRetryAsync(record, run.RunId, access, o, t))
            : throw new ArtifactSyncException(
                ErrorCode.InvalidArgument, $"The run '{run.RunId}' took its content from the pipeline, which is not kept. Import it again.", run.RunId);
    }

    private async Task<SyncRun> PlanMemoryRetryAsync(
        MemoryImportRecord record, string runId, TargetAccess access, IRunObserver observer, CancellationToken cancellationToken)
    {
        var counters = new RunCounters();
        foreach (var result in await RepeatAsync(record, runId, access, whatIf: true, observer, cancellationToken))
        {
            counters.MemoryInserted += result.SessionsImported + result.ObservationsInserted + result.PromptsInserted;
            counters.MemoryUpdated += result.ObservationsUpdated;
            counters.MemorySkipped += result.ObservationsSkipped + result.PromptsSkipped;
        }

        return PlannedRun.Of(options, RunKind.MemoryImport, record.Paths[0], counters) with { ParentRunId = runId };
    }

    private async Task<SyncRun> RetryMemoryAsync(
        MemoryImportRecord record, string runId, TargetAccess access, IRunObserver observer, CancellationToken cancellationToken)
    {
        var results = await RepeatAsync(record, runId, access, whatIf: false, observer, cancellationToken);
        return GetRuns(new RunQuery { RunIds = [results[0].RunId!], IncludeEntities = true }).Single();
    }

    private async Task<IReadOnlyList<MemoryImportResult>> RepeatAsync(
        MemoryImportRecord record, string parent, TargetAccess access, bool whatIf, IRunObserver observer, CancellationToken cancellationToken)
    {
        var chunks = new MemoryChunkRequest { Path = record.Paths[0], Project = record.Project, WhatIf = whatIf, ParentRunId = parent };
        var cloud = new CloudChunkRequest
        {
            Target = record.Paths[0], Project = record.Project ?? "", Access = access, WhatIf = whatIf, ParentRunId = parent,
        };
        switch (record.Work)
        {
            case MemoryWork.ImportCloudChunks:
                return [await ImportCloudChunksAsync(cloud, observer, cancellationToken)];
            case MemoryWork.ExportCloudChunks:
                string? runId = null;
                await ExportCloudChunksAsync(cloud, chunk =>
                {
                    runId = chunk.RunId;
                    return ValueTask.CompletedTask;
                }, observer, cancellationToken);
                return [new MemoryImportResult { RunId = runId }];
            case MemoryWork.ImportChunks:
                return [await ImportMemoryChunksAsync(chunks, observer, cancellationToken)];
            case MemoryWork.ExportChunk:
                return [new MemoryImportResult { RunId = (await ExportMemoryChunkAsync(chunks, observer, cancellationToken)).RunId }];
            default:
                var files = new MemoryImportRequest { Paths = record.Paths, WhatIf = whatIf, ParentRunId = parent };
                var results = new List<MemoryImportResult>();
                await foreach (var result in ImportMemoryAsync(files, observer, cancellationToken))
                {
                    results.Add(result);
                }

                return results;
        }
    }
}
