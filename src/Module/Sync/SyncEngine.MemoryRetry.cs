using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

public sealed partial class SyncEngine
{
    /// <summary>What repeating an import or export of memories would do; null when the run is of another kind.</summary>
    public async Task<SyncRun?> PlanMemoryRetryAsync(string runId, IRunObserver observer, CancellationToken cancellationToken)
    {
        if (FindMemoryRecord(runId) is not { } record)
        {
            return null;
        }

        var counters = new RunCounters();
        foreach (var result in await RepeatAsync(record, runId, whatIf: true, observer, cancellationToken))
        {
            counters.MemoryInserted += result.SessionsImported + result.ObservationsInserted + result.PromptsInserted;
            counters.MemoryUpdated += result.ObservationsUpdated;
            counters.MemorySkipped += result.ObservationsSkipped + result.PromptsSkipped;
        }

        var now = options.Clock.GetUtcNow();
        return new SyncRun
        {
            ParentRunId = runId, Kind = RunKind.MemoryImport, Status = RunStatus.Planned, Target = record.Paths[0], Phase = "planned",
            Counters = counters,
            StartedAt = now, FinishedAt = now, Host = ProcessIdentity.Current.Host, ProcessId = ProcessIdentity.Current.ProcessId,
            ArchivePath = options.ArchivePath,
        };
    }

    /// <summary>Repeats an import or export of memories as a child of its run; null when the run is of another kind.</summary>
    private async Task<SyncRun?> RetryMemoryAsync(string runId, IRunObserver observer, CancellationToken cancellationToken)
    {
        if (FindMemoryRecord(runId) is not { } record)
        {
            return null;
        }

        var results = await RepeatAsync(record, runId, whatIf: false, observer, cancellationToken);
        return GetRuns(new RunQuery { RunIds = [results[0].RunId!], IncludeEntities = true }).Single();
    }

    private async Task<IReadOnlyList<MemoryImportResult>> RepeatAsync(
        MemoryImportRecord record, string parent, bool whatIf, IRunObserver observer, CancellationToken cancellationToken)
    {
        var chunks = new MemoryChunkRequest { Path = record.Paths[0], Project = record.Project, WhatIf = whatIf, ParentRunId = parent };
        switch (record.Work)
        {
            case MemoryWork.ImportChunks:
                return [ImportMemoryChunks(chunks, observer, cancellationToken)];
            case MemoryWork.ExportChunk:
                return [new MemoryImportResult { RunId = ExportMemoryChunk(chunks, observer, cancellationToken).RunId }];
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

    /// <exception cref="ArtifactSyncException">InvalidArgument: still running, or it took its content from the pipeline.</exception>
    private MemoryImportRecord? FindMemoryRecord(string runId)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        if (RunTable.FindRequest(archive.Reader, runId) is not { Kind: RunKind.MemoryImport } run)
        {
            return null;
        }

        var record = JsonSerializer.Deserialize(run.RequestedJson, MemoryImportRecordJson.Default.MemoryImportRecord)!;
        return run.Status == RunStatus.Running
            ? throw new ArtifactSyncException(ErrorCode.InvalidArgument, $"The run '{runId}' is still running.", runId)
            : record.Paths.Count > 0 ? record
            : throw new ArtifactSyncException(
                ErrorCode.InvalidArgument,
                $"The run '{runId}' took its content from the pipeline, which is not kept. Import it again.", runId);
    }
}
