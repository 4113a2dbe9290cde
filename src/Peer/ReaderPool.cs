using System.Collections.Concurrent;
using ArtifactSync.Archive;

namespace ArtifactSync.Peer;

/// <summary>Connections for queries, one a request at a time; the archive closes them.</summary>
internal sealed class ReaderPool(ArchiveDatabase archive)
{
    private readonly ConcurrentBag<Database> _free = [];

    public T Use<T>(Func<Database, T> query)
    {
        if (!_free.TryTake(out var db))
        {
            db = archive.OpenReader();
        }
        var result = query(db);
        _free.Add(db); // one that failed is not used again
        return result;
    }
}
