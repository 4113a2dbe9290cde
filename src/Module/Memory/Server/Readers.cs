using System.Collections.Concurrent;
using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Server;

/// <summary>
/// Reading connections for requests that run at the same time: one each, given back for the next. The archive closes them.
/// </summary>
internal sealed class Readers(ArchiveDatabase archive)
{
    private readonly ConcurrentBag<Database> _free = [];

    public Rental Rent() => new(_free.TryTake(out var db) ? db : archive.OpenReader(), _free);

    internal readonly struct Rental(Database db, ConcurrentBag<Database> free) : IDisposable
    {
        public Database Db => db;

        public void Dispose() => free.Add(db);
    }
}
