using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Tracker;

namespace ArtifactSync.Sync;

/// <summary>The tracker plane: issues and merge requests of GitLab projects.</summary>
public sealed partial class SyncEngine
{
    /// <summary>Brings exactly the named items into the archive, all or none (surgical spec).</summary>
    public async Task<SyncRun> SurgicalAsync(SurgicalRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var valid = request.Check();
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.Create);
        return await new SurgicalRunner(archive, valid, observer).RunAsync(cancellationToken);
    }

    /// <summary>What <see cref="SurgicalAsync"/> would do, as far as the archive can tell: no request is made, nothing is written.</summary>
    public SyncRun PlanSurgical(SurgicalRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var valid = request.Check();
        cancellationToken.ThrowIfCancellationRequested();
        using var archive = OpenExisting();
        return SurgicalPlan.Make(options, archive?.Reader, valid);
    }

    /// <summary>Rebuilds documents that are behind, embeds what lacks embeddings, and lists items whose threads are owed.</summary>
    public async Task<SyncRun> UpdateIndexAsync(IndexRequest request, IRunObserver observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var embed = request.Embed?.Check();
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadWrite);
        return await new IndexRunner(archive, embed, observer).RunAsync(cancellationToken);
    }

    /// <summary>What <see cref="UpdateIndexAsync"/> would do.</summary>
    public SyncRun PlanUpdateIndex(IndexRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var embed = request.Embed?.Check();
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        return IndexRunner.Plan(options, archive.Reader, embed);
    }

    /// <summary>Issues of the archive, those updated last first.</summary>
    public IEnumerable<TrackedIssue> GetIssues(TrackedQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var issue in TrackedReader.Issues(archive, query))
        {
            yield return issue;
        }
    }

    /// <summary>Merge requests of the archive, those updated last first.</summary>
    public IEnumerable<TrackedMergeRequest> GetMergeRequests(TrackedQuery query)
    {
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        foreach (var mergeRequest in TrackedReader.MergeRequests(archive, query))
        {
            yield return mergeRequest;
        }
    }

    /// <summary>Issues and merge requests that a text is about, best match first.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArgument: a text too long. EmbedUnavailable, EmbedFailed: only of a search by meaning.</exception>
    public async Task<IReadOnlyList<ArchiveDocument>> FindDocumentsAsync(DocumentQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        using var archive = ArchiveDatabase.Open(options, ArchiveMode.ReadOnly);
        var expression = SearchText.ToExpression(query.Text);
        if (query.Semantic is not { } target)
        {
            return expression is null ? []
                : [.. DocumentSearch.ByWords(archive.Reader, expression, query.Project, query.First, archive.Folder).Select(hit => hit.Document)];
        }
        using var client = new EmbedClient(target);
        var vector = (await client.EmbedAsync([query.Text], cancellationToken))[0];
        var words = expression is null ? []
            : DocumentSearch.ByWords(archive.Reader, expression, query.Project, Math.Max(query.First, 100), archive.Folder).ToList();
        return [.. DocumentSearch.Fused(
            archive.Reader, words, vector, client.Model, query.Project, query.First, archive.Folder, cancellationToken)];
    }
}
