using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Retention;

/// <summary>One run of <c>Repair-ArtifactStore</c>: of what was found before, or of what it finds itself.</summary>
internal sealed class RepairRunner(
    ArchiveDatabase archive, RepairRequest request, Func<string, ITransport> open, Func<ArtifactFinding, ValueTask> emit, IRunObserver observer)
{
    public async Task<SyncRun> RunAsync(CancellationToken cancellationToken)
    {
        if (request.WhatIf)
        {
            using var plan = new FindingSink(archive, null, "repair", emit);
            foreach (var finding in await FindingsAsync("", cancellationToken))
            {
                await plan.TellAsync(finding with { Action = FindingAction.Planned });
            }
            return PlannedRun.Of(archive.Options, RunKind.Repair, Target, plan.Counters);
        }
        return await RunRecorder.DoAsync(
            archive, runId => new RunStart(runId, RunKind.Repair) { Target = Target, Phase = "repair" }, observer,
            RepairAsync, cancellationToken);
    }

    private string? Target => request.Targets.Count > 0 ? request.Targets[0] : null;

    private async Task RepairAsync(RunRecorder run, CancellationToken cancellationToken)
    {
        var findings = await FindingsAsync(run.RunId, cancellationToken);
        if (findings.Count == 0)
        {
            return;
        }
        var context = new ExchangeContext(archive, run, observer, full: false) { OwnOrigin = OriginAdoption.Current(archive.Reader) };
        using var sink = new FindingSink(archive, run, "repair", emit);
        await RepairLocalAsync(context, sink, findings.Where(static finding => finding.Target is null), cancellationToken);
        foreach (var group in findings.Where(static finding => finding.Target is not null).GroupBy(static finding => finding.Target!, StringComparer.Ordinal))
        {
            await using var transport = open(group.Key);
            await new TargetRepair(context, transport, sink).RunAsync(group, cancellationToken);
        }
    }

    private async Task RepairLocalAsync(ExchangeContext context, FindingSink sink, IEnumerable<ArtifactFinding> findings, CancellationToken cancellationToken)
    {
        var repair = new LocalRepair(context, sink);
        await repair.BeginAsync(findings, cancellationToken);
        try
        {
            foreach (var target in request.Targets)
            {
                if (!repair.IsDone)
                {
                    await FetchAsync(repair, target, cancellationToken);
                }
            }
        }
        catch (ArtifactSyncException)
        {
            await repair.RepublishAsync(cancellationToken); // needs no target
            throw;
        }
        await repair.RepublishAsync(cancellationToken);
        await repair.QuarantineRestAsync(cancellationToken);
    }

    /// <summary>A target that can't be reached is no reason not to try the next, but is told.</summary>
    private async Task FetchAsync(LocalRepair repair, string target, CancellationToken cancellationToken)
    {
        try
        {
            await using var transport = open(target);
            await repair.FetchAsync(transport, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (request.Targets.Count > 1 && Equals(fault.Target, target))
        {
            observer.Warning(fault.Message);
        }
    }

    private async Task<IReadOnlyList<ArtifactFinding>> FindingsAsync(string runId, CancellationToken cancellationToken)
    {
        if (request.Findings is { } given)
        {
            return given;
        }
        var found = new List<ArtifactFinding>();
        using var sink = new FindingSink(archive, null, "verify", finding =>
        {
            found.Add(finding);
            return ValueTask.CompletedTask;
        }) { RunId = runId };
        await new LocalVerifier(archive, sink, observer, quick: false).RunAsync(cancellationToken);
        return found;
    }
}
