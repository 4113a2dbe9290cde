using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Live;

/// <summary>One of our archives in the role of a recorded machine.</summary>
internal sealed class Machine
{
    public Machine(string origin, string archiveFolder, DateTimeOffset? now = null)
    {
        Origin = origin;
        Folder = archiveFolder;
        Options = new EngineOptions { ArchivePath = archiveFolder, Clock = new ManualClock(now ?? Recordings.Afterwards) };
    }

    public EngineOptions Options { get; }

    public string Origin { get; }

    public string Folder { get; }

    public string Artifacts => Path.Combine(Folder, "artifacts");

    public string DatabaseFile => Path.Combine(Folder, "archive.db");

    /// <summary>One exchange; a failed one is returned like any other.</summary>
    public Task<SyncRun> SyncAsync(string target, bool initialize, bool full = false) => new SyncEngine(Options).ExchangeAsync(
        new ExchangeRequest { Target = target, Initialize = initialize, OriginId = Origin, Full = full },
        NullObserver.Instance,
        CancellationToken.None);

    /// <summary>The database as it lies on disk, created when there is none.</summary>
    public ArchiveSql Open()
    {
        ArchiveDatabase.Open(Options, ArchiveMode.Create).Dispose();
        return new ArchiveSql(DatabaseFile);
    }
}
