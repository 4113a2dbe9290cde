using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// The rows of an origin, kind by kind; only a page is in memory at a time. Rows that follow each other by name lie all over
/// the catalog: when enough of it is asked for, it is cheaper to pass it once from end to end.
/// </summary>
internal sealed class CatalogPages(Database db, string origin)
{
    /// <summary>Small enough that no list of a page is a large object, which the collector keeps for long.</summary>
    private const int PageRows = 1_024;

    /// <summary>So many rows are passed in the time that finding one by its name takes.</summary>
    private const int PassedPerFound = 8;

    public string Origin => origin;

    private readonly long _all = CatalogTable.Count(db);

    public IEnumerable<List<CatalogRow>> Of(ArtifactKind kind)
    {
        var byArrival = RetentionTable.Count(db, origin, kind) * PassedPerFound >= _all;
        var (name, aid) = ("", 0L);
        while (true)
        {
            var rows = byArrival
                ? RetentionTable.PageByArrival(db, origin, kind, aid, PageRows)
                : RetentionTable.PageByName(db, origin, kind, name, PageRows);
            yield return rows;
            if (rows.Count < PageRows)
            {
                yield break;
            }
            (name, aid) = (rows[^1].Name, rows[^1].Aid);
        }
    }
}
