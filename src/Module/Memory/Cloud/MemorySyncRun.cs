using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Cycles with one server until nothing more is pending, as one run of the ledger (memory spec 7.1).</summary>
internal sealed class MemorySyncRun(ArchiveDatabase archive, Func<IMutationApi> open, ExchangeRequest request, IRunObserver observer)
{
    /// <summary>A pull may journal rows (a backfill, answers): they go with a further cycle.</summary>
    private const int MaxCycles = 4;

    /// <summary>A machine that was away longer looks below its cursor first (7.5 "at start").</summary>
    private static readonly TimeSpan s_away = TimeSpan.FromMinutes(10);
    private const int LongestKey = 200;

    /// <summary>The run as the ledger has it, whatever became of it.</summary>
    public Task<SyncRun> RunAsync(CancellationToken cancellationToken) =>
        RunRecorder.DoAsync(archive, Describe, observer, WorkAsync, cancellationToken);

    private async Task WorkAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        using var api = open();
        run.Enter("sync");
        var failure = request.PreflightOnly ? await PreviewAsync(run, api, cancellationToken)
            : await SyncAsync(run, api, cancellationToken);
        if (failure is not null)
        {
            throw failure;
        }
    }

    private RunStart Describe(string runId) => new(runId, request.PreflightOnly ? RunKind.Preflight : RunKind.MemorySync)
    {
        ParentRunId = request.ParentRunId,
        Target = request.Target,
        Phase = "prepare",
        RequestedJson = JsonSerializer.Serialize(ExchangeRecord.Of(request), ExchangeRecordJson.Default.ExchangeRecord),
    };

    private async Task<ArtifactSyncException?> SyncAsync(RunRecorder run, IMutationApi api, CancellationToken cancellationToken)
    {
        var lastSync = MemoryTargetTable.Read(archive.Reader).LastSyncAt;
        var isStart = lastSync is { } at && archive.Clock.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(at) > s_away;
        var settings = new MemorySyncSettings
        {
            Order = request.MemoryOrder, Projects = [.. request.MemoryProjects.Select(MemoryText.Project)], IsStart = isStart,
                IsFull = request.Full,
        };
        for (var cycle = 0; cycle < MaxCycles; cycle++)
        {
            var sync = new MemorySync(
                archive, api, cycle == 0 ? settings : settings with { IsStart = false, IsFull = false }, run.RunId, observer);
            var report = await new MemoryCycle(sync).RunAsync(archive.Options.LeaseTimeout, cancellationToken);
            Tell(run, report);
            var hasMore = (report.Queued > 0 || report.ReadFromZero) && JournalTable.Sendable(archive.Reader, 0, 1).Count > 0;
            if (report.Failure is not null || report.PushFault is not null || !hasMore)
            {
                return report.Failure;
            }
        }

        return null;
    }

    /// <summary>Reads what is new and counts it; neither the archive nor the server changes.</summary>
    private async Task<ArtifactSyncException?> PreviewAsync(RunRecorder run, IMutationApi api, CancellationToken cancellationToken)
    {
        var state = MemoryTargetTable.Read(archive.Reader);
        var since = state.ServerUrl == api.ServerUrl ? state.Cursor : 0;
        PullPage page;
        do
        {
            page = await api.PullAsync(since, MemorySyncSettings.DefaultPageSize, cancellationToken);
            since = page.Next(since, api.ServerUrl);
            run.Count(
                counters =>
                    (counters.Received, counters.BytesReceived) = (
                        counters.Received + page.Mutations.Count, counters.BytesReceived + page.Size));
        }
        while (page.HasMore);

        foreach (var (project, count, _) in JournalTable.CountPending(archive.Reader).Where(count => count.IsEnrolled))
        {
            run.Count(counters => counters.Sent += count);
            run.Add("project", project, "preflight", EntityStatus.Planned, null, $"{count} changes to send");
        }

        return null;
    }

    private static void Tell(RunRecorder run, CycleReport report)
    {
        run.Count(counters =>
        {
            counters.Sent += report.Pushed.Values.Sum();
            counters.Received += report.Pulled.Values.Sum();
            counters.Applied += report.Applied;
            counters.Echoes += report.Echoes;
            counters.Stale += report.Stale;
            counters.Queued += report.Queued;
            counters.Rejected += report.Died;
            counters.BytesSent += report.BytesSent;
            counters.BytesReceived += report.BytesReceived;
        });
        foreach (var project in report.Pushed.Keys)
        {
            run.Done("project", Cut(project), "push");
        }

        foreach (var project in report.Pulled.Keys)
        {
            run.Done("project", Cut(project), "pull");
        }

        foreach (var fault in report.Faults)
        {
            Tell(run, fault with { Key = Cut(fault.Key) });
        }
    }

    private static void Tell(RunRecorder run, CycleFault fault)
    {
        switch (fault.Code)
        {
            case ErrorCode.MutationRefused when fault.EntityType != "project":
                run.Quarantined(fault.EntityType, fault.Key, fault.Stage, fault.Code, fault.Message);
                break;
            case ErrorCode.MutationUnusable:
                run.Rejected(fault.EntityType, fault.Key, fault.Stage, fault.Code, fault.Message);
                break;
            case ErrorCode.MutationWaits:
                run.Deferred(fault.EntityType, fault.Key, fault.Stage, fault.Code, fault.Message);
                break;
            default:
                run.Add(fault.EntityType, fault.Key, fault.Stage, EntityStatus.Failed, fault.Code, fault.Message);
                break;
        }
    }

    // Keys and names of a log come from outside and have any length.
    private static string Cut(string key) => key.Length <= LongestKey ? key : key[..LongestKey] + "…";
}
