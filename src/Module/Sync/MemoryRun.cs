using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Model;

namespace ArtifactSync.Sync;

/// <summary>
/// The ledger's side of what imports and exports memories: a run with a row for each file that changed something or failed.
/// </summary>
internal sealed class MemoryRun(RunRecorder recorder) : IDisposable
{
    public string RunId => recorder.RunId;

    public static MemoryRun Begin(
        ArchiveDatabase archive, string phase, MemoryImportRecord record, string? parentRunId, IRunObserver observer,
        CancellationToken cancellationToken) =>
        new(RunRecorder.Begin(
            archive,
            runId => new RunStart(runId, RunKind.MemoryImport)
            {
                Phase = phase,
                ParentRunId = parentRunId,
                Target = record.Paths.Count == 1 ? record.Paths[0] : null,
                RequestedJson = JsonSerializer.Serialize(record, MemoryImportRecordJson.Default.MemoryImportRecord),
            },
            observer, cancellationToken));

    public static MemoryImportResult Fill(MemoryImportResult result, MergeCounts counts) => result with
    {
        SessionsImported = counts.SessionsImported,
        ObservationsInserted = counts.ObservationsInserted,
        ObservationsUpdated = counts.ObservationsUpdated,
        ObservationsSkipped = counts.ObservationsSkipped,
        PromptsInserted = counts.PromptsInserted,
        PromptsSkipped = counts.PromptsSkipped,
    };

    public static MemoryImportResult Failed(string name, ArtifactSyncException fault) => new()
    {
        Path = name,
        Status = "Failed",
        ErrorCode = fault.Code.ToString(),
        ErrorMessage = fault.Message,
        RecommendedAction = ErrorCatalog.Action(fault.Code),
    };

    /// <summary>Counts a result; a row is kept of what changed or failed.</summary>
    public MemoryImportResult Record(MemoryImportResult result)
    {
        recorder.Count(counters =>
        {
            counters.FilesImported += result.Status == "Imported" ? 1 : 0;
            counters.FilesSkipped += result.Status == "Unchanged" ? 1 : 0;
            counters.FilesFailed += result.Status == "Failed" ? 1 : 0;
            counters.MemoryInserted += result.SessionsImported + result.ObservationsInserted + result.PromptsInserted;
            counters.MemoryUpdated += result.ObservationsUpdated;
            counters.MemorySkipped += result.ObservationsSkipped + result.PromptsSkipped;
        });
        if (result.ErrorCode is { } code)
        {
            recorder.Add("file", result.Path, "import", EntityStatus.Failed, Enum.Parse<ErrorCode>(code), result.ErrorMessage);
        }
        else if (result.Status == "Imported")
        {
            recorder.Done("file", result.Path, "import");
        }

        return result with { RunId = RunId };
    }

    public MemoryChunk Record(MemoryChunk chunk)
    {
        if (chunk.ErrorCode is { } code)
        {
            recorder.Add("file", chunk.Path, "export", EntityStatus.Failed, Enum.Parse<ErrorCode>(code), chunk.ErrorMessage);
        }
        else if (chunk.Status == "Exported")
        {
            recorder.Done("file", chunk.File ?? chunk.ChunkId!, "export");
        }

        return chunk with { RunId = RunId };
    }

    /// <summary>Does a step; what ends the run closes it on the way out.</summary>
    public T Guard<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception fault)
        {
            Close(fault);
            throw;
        }
    }

    /// <inheritdoc cref="Guard"/>
    public async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception fault)
        {
            Close(fault);
            throw;
        }
    }

    private void Close(Exception fault)
    {
        if (fault is OperationCanceledException)
        {
            recorder.Abandon();
        }
        else if (fault is ArtifactSyncException known)
        {
            recorder.Finish(known);
        }
    }

    /// <summary>Changes that a server confirmed, and bytes.</summary>
    public void Count(long sent, long bytesSent, long bytesReceived) => recorder.Count(counters =>
    {
        counters.Sent += sent;
        counters.BytesSent += bytesSent;
        counters.BytesReceived += bytesReceived;
    });

    public SyncRun Finish() => recorder.Finish();

    public void Abandon() => recorder.Abandon();

    public void Dispose() => recorder.Dispose();
}
