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
        var plan = engine.PlanResolve(items);
        var conflicts = Read(engine, items);
        List<ConflictDecision> wanted = [];
        List<ConflictDecision> settled = []; // so already: shown as they are
        foreach (var result in plan)
        {
            if (result.Error is not null)
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(result.Error));
            else if (result.Effect == DecisionEffect.None)
                settled.Add(result.Decision);
            else if (conflicts.TryGetValue(result.Decision.ConflictId, out var conflict)
                && await sink.ShouldProcessAsync($"{conflict.SessionId} {conflict.Field}", Action(conflict, result)) == Decision.Act)
                wanted.Add(result.Decision);
        }
        if (wanted.Count > 0)
        {
            foreach (var result in engine.Resolve(wanted, cancellationToken).Where(result => result.Error is not null))
            {
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(result.Error!));
                wanted.Remove(result.Decision);
            }
        }
        conflicts = Read(engine, items);
        foreach (var decision in items.Where(decision => wanted.Contains(decision) || settled.Contains(decision)))
            await sink.WriteObjectAsync(conflicts[decision.ConflictId]);
    }

    private static Dictionary<long, MetaConflict> Read(SyncEngine engine, IReadOnlyList<ConflictDecision> decisions) =>
        engine.GetConflicts(new ConflictQuery { ConflictIds = [.. decisions.Select(decision => decision.ConflictId)] })
            .ToDictionary(conflict => conflict.ConflictId);

    private static string Action(MetaConflict conflict, DecisionResult result) => (result.Decision.Accept, result.Effect) switch
    {
        (ConflictChoice.Winner, _) => $"Note that '{ShownText.Of(conflict.WinningValue)}' of {conflict.WinningOrigin} was right, in this archive alone",
        (_, DecisionEffect.Published) => $"Set '{ShownText.Of(conflict.LosingValue)}' of {conflict.LosingOrigin} again, on every machine",
        _ => $"Note that '{ShownText.Of(conflict.LosingValue)}' of {conflict.LosingOrigin} was right, which stands already",
    };
}
