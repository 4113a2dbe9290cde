using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Pipeline;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets;

/// <summary>Settles conflicts: what won stays, or what lost is said again, on every machine.</summary>
[Cmdlet(VerbsDiagnostic.Resolve, "MetaConflict", SupportsShouldProcess = true)]
[OutputType(typeof(MetaConflict))]
public sealed class ResolveMetaConflictCommand : BatchCmdlet<ConflictDecision>
{
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConflictIdCompleter))]
    [ValidateNotNullOrEmpty]
    public long[] ConflictId { get; set; } = [];

    [Parameter(Mandatory = true)]
    public ConflictChoice Accept { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Note { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in ConflictId)
            Gather(new ConflictDecision(id, Accept, Note), Note?.Length ?? 0);
    }

    private protected override async Task DoAsync(
        SyncEngine engine, IReadOnlyList<ConflictDecision> items, PipelineSink sink, CancellationToken cancellationToken)
    {
        var conflicts = Read(engine, items);
        List<ConflictDecision> wanted = [];
        foreach (var (decision, refusal) in items.Zip(engine.PlanResolve(items)))
        {
            if (refusal is not null)
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(refusal));
            else if (await sink.ShouldProcessAsync(Target(conflicts[decision.ConflictId]), Action(conflicts[decision.ConflictId], decision)) == Decision.Act)
                wanted.Add(decision);
        }
        if (wanted.Count == 0)
            return;
        var refusals = engine.Resolve(wanted, cancellationToken);
        conflicts = Read(engine, wanted);
        foreach (var (decision, refusal) in wanted.Zip(refusals))
        {
            if (refusal is not null)
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(refusal));
            else
                await sink.WriteObjectAsync(conflicts[decision.ConflictId]);
        }
    }

    private static Dictionary<long, MetaConflict> Read(SyncEngine engine, IReadOnlyList<ConflictDecision> decisions) =>
        engine.GetConflicts(new ConflictQuery { ConflictIds = [.. decisions.Select(decision => decision.ConflictId)] })
            .ToDictionary(conflict => conflict.ConflictId);

    private static string Target(MetaConflict conflict) => $"{conflict.SessionId} {conflict.Field}";

    private static string Action(MetaConflict conflict, ConflictDecision decision) => decision.Accept == ConflictChoice.Winner
        ? $"Keep '{conflict.WinningValue}' of {conflict.WinningOrigin}, in this archive alone"
        : $"Set '{conflict.LosingValue}' of {conflict.LosingOrigin} again, on every machine";
}
