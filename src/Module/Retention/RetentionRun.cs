using System.Text.Json.Serialization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Retention;

/// <summary>The frame of every run of this plane: begun in the ledger, closed on every way out.</summary>
internal static class RetentionRun
{
    /// <summary>A run that failed is returned with its code; it is for the caller to say so.</summary>
    public static async Task<SyncRun> RunAsync(
        ArchiveDatabase archive, Func<string, RunStart> describe, IRunObserver observer, Func<RunRecorder, Task> work, CancellationToken cancellationToken)
    {
        using var run = RunRecorder.Begin(archive, describe, observer, cancellationToken);
        try
        {
            await work(run);
            return run.Finish();
        }
        catch (OperationCanceledException)
        {
            run.Abandon();
            throw;
        }
        catch (ArtifactSyncException fault)
        {
            return run.Finish(fault);
        }
        catch (Exception fault)
        {
            run.Finish(new ArtifactSyncException(ErrorCode.UnexpectedError, fault.Message, archive.Folder, fault));
            throw;
        }
    }

    /// <summary>What -WhatIf tells beside its objects.</summary>
    public static SyncRun Planned(ArchiveDatabase archive, RunKind kind, string? target, RunCounters counters) => new()
    {
        Kind = kind,
        Status = RunStatus.Planned,
        Target = target,
        Phase = "planned",
        Counters = counters,
        StartedAt = archive.Clock.GetUtcNow(),
        FinishedAt = archive.Clock.GetUtcNow(),
        Host = ProcessIdentity.Current.Host,
        ProcessId = ProcessIdentity.Current.ProcessId,
        ArchivePath = archive.Folder,
    };
}

/// <summary>What the ledger keeps of a request; no secret.</summary>
internal sealed record CollectRecord(
    IReadOnlyList<string> Targets, IReadOnlyList<string> Origins, double GraceSeconds, double QuarantineGraceSeconds, long? MaxObjects, long? MaxBytes, bool Full)
{
    public static CollectRecord Of(CollectRequest request) => new(
        request.Targets, request.Origins, request.GracePeriod.TotalSeconds, request.QuarantineGracePeriod.TotalSeconds, request.MaxObjects,
        request.MaxBytes, request.Full);
}

[JsonSerializable(typeof(CollectRecord))]
internal sealed partial class RetentionJson : JsonSerializerContext;
