using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>An artifact that may go. <paramref name="FileNs"/> is the time of its file; null = the file is gone already.</summary>
internal readonly record struct Candidate(CatalogRow Row, long? FileNs, StaleArtifact Stale);

/// <summary>
/// What of an origin may go from the local store (spec 11, steps 4 and 5): unmarked rows of the catalog whose file is old
/// enough, what refers first.
/// </summary>
internal sealed class LocalPlanner(CollectContext context, OriginMarks marks, CancellationToken cancellationToken)
{
    // Events are never candidates: all machines need all of them for ever.
    private static readonly ArtifactKind[] s_kinds = [ArtifactKind.Checkpoints, ArtifactKind.Manifests, ArtifactKind.Raw, ArtifactKind.Segments];

    private readonly CatalogPages _catalog = new(context.Archive.Reader, marks.Origin);

    /// <summary>When the first artifact that grace kept will be too old, and which; null = it kept none.</summary>
    public (DateTimeOffset Due, string Path, long MtimeNs)? NextDue { get; private set; }

    /// <summary>Pages of candidates; each page is of one kind.</summary>
    public IEnumerable<List<Candidate>> Pages(int size)
    {
        foreach (var kind in s_kinds)
        {
            var page = new List<Candidate>(size);
            foreach (var candidate in OfKind(kind))
            {
                page.Add(candidate);
                if (page.Count == size)
                {
                    yield return page;
                    page = new List<Candidate>(size);
                }
            }
            if (page.Count > 0)
            {
                yield return page;
            }
        }
    }

    private IEnumerable<Candidate> OfKind(ArtifactKind kind)
    {
        var directory = context.Store.DirectoryOf(marks.Origin, kind);
        foreach (var rows in _catalog.Of(kind))
        {
            cancellationToken.ThrowIfCancellationRequested();
            context.Counters.Scanned += rows.Count;
            foreach (var candidate in Judge(directory, rows.FindAll(row => !marks.Live.Contains(row.Aid))))
            {
                yield return candidate;
            }
        }
    }

    private IEnumerable<Candidate> Judge(string directory, List<CatalogRow> rows)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = context.Archive.Options.ThrottleLimit, CancellationToken = cancellationToken };
        var stats = LocalFiles.Stat(directory, rows.ConvertAll(static row => row.Name), parallel);
        for (var i = 0; i < stats.Length; i++)
        {
            var (row, stat) = (rows[i], stats[i]);
            if (stat is { Type: not EntryType.File })
            {
                continue; // a link or a folder is none of ours: Test-ArtifactStore tells of it
            }
            var modified = context.Time(stat?.Modified ?? row.MtimeNs);
            if (context.IsTooYoung(modified))
            {
                Keep(row, modified, stat?.Modified ?? row.MtimeNs);
                continue;
            }
            var artifact = ArtifactName.Parse(marks.Origin, row.Kind, row.Name);
            yield return new Candidate(row, stat?.Modified, context.Stale(artifact, stat?.Size ?? 0, modified, target: null));
        }
    }

    private void Keep(CatalogRow row, DateTimeOffset modified, long mtimeNs)
    {
        context.Counters.KeptByGrace++;
        if (NextDue is null || modified + context.Grace < NextDue.Value.Due)
        {
            NextDue = (modified + context.Grace, ArtifactName.Parse(marks.Origin, row.Kind, row.Name).Path, mtimeNs);
        }
    }
}
