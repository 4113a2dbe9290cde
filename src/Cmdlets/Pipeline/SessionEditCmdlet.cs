using System.Management.Automation;
using ArtifactSync.Cmdlets.Completion;
using ArtifactSync.Cmdlets.Parameters;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that curate sessions: each session is looked at first, asked for once, and then changed.</summary>
public abstract class SessionEditCmdlet : BatchCmdlet<IReadOnlyList<CurationEdit>>
{
    /// <summary>The sessions.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SessionId")]
    [IdTransformation("SessionId", "Id")]
    [ArgumentCompleter(typeof(SessionIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Id { get; set; } = [];

    /// <summary>Whether the sessions are returned.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected void Gather(Func<string, IEnumerable<CurationEdit>> edits)
    {
        foreach (var id in Id)
        {
            CurationEdit[] all = [.. edits(id)];
            Gather(all, all.Sum(edit => edit.Text?.Length ?? 0));
        }
    }

    /// <summary>Whether the user wants a session to be changed.</summary>
    private protected virtual Task<Decision> DecideAsync(string id, string action, PipelineSink sink) => sink.ShouldProcessAsync(id, action);

    private protected sealed override async Task DoAsync(
        SyncEngine engine, IReadOnlyList<IReadOnlyList<CurationEdit>> items, PipelineSink sink, CancellationToken cancellationToken)
    {
        var plan = new Queue<EditResult>(engine.PlanEdit([.. items.SelectMany(edits => edits)]));
        var (wanted, shown) = (new List<CurationEdit>(), new List<string>());
        foreach (var edits in items)
        {
            EditResult[] results = [.. edits.Select(_ => plan.Dequeue())];
            foreach (var refusal in Refusals(results))
                await sink.WriteErrorAsync(ErrorMapping.ToRecord(refusal));
            CurationEdit[] changes = [.. results.Where(result => result.Changed).Select(result => result.Edit)];
            var id = edits[0].SessionId;
            if (changes.Length == 0)
                sink.Verbose($"Session '{id}' stays as it is.");
            else if (await DecideAsync(id, string.Join(", ", changes.Select(edit => edit.Description)), sink) != Decision.Act)
                continue;
            wanted.AddRange(changes);
            if (results.All(result => result.Error is null))
                shown.Add(id);
        }
        await ApplyAsync(engine, wanted, PassThru ? shown : [], sink, cancellationToken);
    }

    private static async Task ApplyAsync(
        SyncEngine engine, List<CurationEdit> wanted, List<string> shown, PipelineSink sink, CancellationToken cancellationToken)
    {
        // What is removed can be shown only as it was.
        var removed = wanted.Exists(edit => edit.IsRemoval) ? Read(engine, shown) : null;
        var results = wanted.Count == 0 ? [] : engine.Edit(wanted, cancellationToken);
        foreach (var refusal in Refusals(results))
            await sink.WriteErrorAsync(ErrorMapping.ToRecord(refusal));
        shown.RemoveAll(id => results.Any(result => result.Error is not null && result.Edit.SessionId == id));
        var sessions = removed ?? Read(engine, shown);
        foreach (var id in shown)
            if (sessions.TryGetValue(id, out var session))
                await sink.WriteObjectAsync(session);
    }

    /// <summary>What stands in the way of several edits of a session, such as that it is not there, is told once.</summary>
    private static IEnumerable<ArtifactSyncException> Refusals(IEnumerable<EditResult> results) =>
        results.Select(result => result.Error).OfType<ArtifactSyncException>().DistinctBy(refusal => refusal.Message, StringComparer.Ordinal);

    /// <summary>Sessions in the trash and outside of it.</summary>
    private static Dictionary<string, ArchiveSession> Read(SyncEngine engine, List<string> ids)
    {
        IEnumerable<ArchiveSession> Find(bool? trashed) => engine.GetSessions(new SessionQuery { SessionIds = ids, Trashed = trashed });
        return ids.Count == 0 ? [] : Find(null).Concat(Find(true)).ToDictionary(session => session.SessionId, StringComparer.Ordinal);
    }
}
