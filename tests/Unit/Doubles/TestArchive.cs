using ArtifactSync.Archive;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Doubles;

/// <summary>A new archive in a folder of its own.</summary>
internal sealed class TestArchive : IDisposable
{
    private readonly TempFolder _folder = new();

    public TestArchive(TimeProvider? clock = null, Action<string>? checkpoint = null) => Database = ArchiveDatabase.Open(
        new EngineOptions { ArchivePath = _folder["archive"], Clock = clock ?? TimeProvider.System, Checkpoint = checkpoint ?? (static _ => { }) },
        ArchiveMode.Create);

    public ArchiveDatabase Database { get; }

    public string Folder => Database.Folder;

    /// <summary>As another process opens it, without the checkpoint hook.</summary>
    public ArchiveDatabase OpenAgain() =>
        ArchiveDatabase.Open(new EngineOptions { ArchivePath = Folder, Clock = Database.Clock }, ArchiveMode.ReadWrite);

    public Lease Lease() => Database.AcquireLease("test", TimeSpan.FromSeconds(10), default);

    /// <summary>Files below a folder of the archive, relative to it.</summary>
    public string[] Files(string below)
    {
        var root = Path.Combine(Folder, below);
        return !Directory.Exists(root)
            ? []
            : [.. Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = default })
                .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        Database.Dispose();
        _folder.Dispose();
    }
}
