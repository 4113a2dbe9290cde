using ArtifactSync.Archive;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Archive;

/// <summary>A new archive in a folder of its own.</summary>
internal sealed class TestArchive : IDisposable
{
    private readonly TempFolder _folder = new();

    public TestArchive(TimeProvider? clock = null)
    {
        Options = new EngineOptions { ArchivePath = _folder["archive"], Clock = clock ?? TimeProvider.System, Random = new Random(7) };
        Archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
    }

    public EngineOptions Options { get; }

    public ArchiveDatabase Archive { get; }

    public Database Reader => Archive.Reader;

    public string DatabaseFile => Path.Combine(Archive.Folder, "archive.db");

    /// <summary>A second process, or runspace, with the same archive.</summary>
    public ArchiveDatabase OpenAgain(ArchiveMode mode = ArchiveMode.ReadWrite) => ArchiveDatabase.Open(Options, mode);

    public void Write(Action<Database> work)
    {
        using var transaction = Archive.BeginLedger();
        work(transaction.Db);
        transaction.Commit();
    }

    public T Write<T>(Func<Database, T> work)
    {
        using var transaction = Archive.BeginLedger();
        var result = work(transaction.Db);
        transaction.Commit();
        return result;
    }

    public void Dispose()
    {
        Archive.Dispose();
        _folder.Dispose();
    }
}
