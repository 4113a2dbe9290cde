using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>A machine whose clock is moved by hand, and whose stores are looked after.</summary>
internal sealed class Keeper
{
    /// <param name="folder">Of the archive.</param>
    /// <param name="origin">Its origin id.</param>
    /// <param name="ahead">How far the clock is ahead of the system's.</param>
    /// <param name="step">Called at named steps.</param>
    /// <param name="ticking">The system's clock, for a machine that another process is, too.</param>
    public Keeper(string folder, string origin, TimeSpan ahead = default, Action<string>? step = null, bool ticking = false)
    {
        Clock = ManualClock.AtSystemTime();
        Clock.Advance(TimeSpan.FromMinutes(1) + ahead); // it stands still while files are written
        Machine = new TestMachine(folder, origin)
        {
            Options = new EngineOptions { ArchivePath = folder, Clock = ticking ? TimeProvider.System : Clock, Checkpoint = step ?? (static _ => { }) },
        };
    }

    public ManualClock Clock { get; }
    public TestMachine Machine { get; }
    public string Folder => Machine.Folder;
    public string Origin => Machine.Origin;
    public string Store => Path.Combine(Folder, "artifacts");

    private SyncEngine Engine => new(Machine.Options);

    public SyncRun Exchange(string target, bool collect = false, TimeSpan? grace = null) =>
        Machine.Run(new ExchangeRequest { Target = target, OriginId = Origin, NoCollect = !collect, GracePeriod = grace });

    /// <summary>Two versions of one session, so that one checkpoint, manifest and segment are stale.</summary>
    public void PublishTwice(string target, string id = "s")
    {
        Machine.Write(id, "first");
        Exchange(target);
        Machine.Write(id, "second", "more");
        Assert.Equal(RunStatus.Succeeded, Exchange(target).Status);
    }

    public (SyncRun Run, List<StaleArtifact> Stale) Collect(TimeSpan grace, params IReadOnlyList<string> targets) =>
        Collect(new CollectRequest { GracePeriod = grace, Targets = targets });

    public (SyncRun Run, List<StaleArtifact> Stale) Collect(CollectRequest request, CancellationToken cancellationToken = default)
    {
        var stale = new List<StaleArtifact>();
        var run = Engine.CollectAsync(request, Keep(stale), NullObserver.Instance, cancellationToken).GetAwaiter().GetResult();
        return (run, stale);
    }

    public List<ArtifactFinding> Verify(string? target = null, bool quick = false)
    {
        var found = new List<ArtifactFinding>();
        var run = Engine.VerifyAsync(new VerifyRequest { Target = target, Quick = quick }, Keep(found), NullObserver.Instance, default).GetAwaiter().GetResult();
        Assert.True(run.Status == (found.Count == 0 ? RunStatus.Succeeded : RunStatus.Partial), $"{run.Status} {run.ErrorMessage}");
        Assert.Equal(found.Count, run.Counters.Findings);
        return found;
    }

    public (SyncRun Run, List<ArtifactFinding> Done) Repair(IReadOnlyList<ArtifactFinding>? findings, params IReadOnlyList<string> targets) =>
        Repair(new RepairRequest { Findings = findings, Targets = targets });

    public (SyncRun Run, List<ArtifactFinding> Done) Repair(RepairRequest request)
    {
        var done = new List<ArtifactFinding>();
        return (Engine.RepairAsync(request, Keep(done), NullObserver.Instance, default).GetAwaiter().GetResult(), done);
    }

    public (SyncRun Run, List<ArtifactFinding> Done) Reset(bool whatIf = false)
    {
        var done = new List<ArtifactFinding>();
        return (Engine.ResetAsync(whatIf, Keep(done), NullObserver.Instance, default).GetAwaiter().GetResult(), done);
    }

    public List<QuarantinedArtifact> Quarantine(QuarantineQuery? query = null) => [.. Engine.GetQuarantined(query ?? new QuarantineQuery())];

    public QuarantinedArtifact Restore(long id, bool whatIf = false) => Engine.RestoreQuarantined(id, whatIf, default);

    public QuarantinedArtifact Remove(long id, bool whatIf = false) => Engine.RemoveQuarantined(id, whatIf, default);

    /// <summary>Files of the local store that bear names of artifacts.</summary>
    public string[] Files() => FilesOf(Store);

    /// <summary>Files that bear names of artifacts, as paths below the folder.</summary>
    public static string[] FilesOf(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = default })
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Where(path => Parse(path) is not null).Order(StringComparer.Ordinal)];

    /// <summary>What the newest checkpoint of each origin in a folder refers to, and all events: paths, as they lie there.</summary>
    /// <remarks>Reads the files anew, without the code under test.</remarks>
    public static SortedSet<string> LiveOf(string folder)
    {
        var live = new SortedSet<string>(StringComparer.Ordinal);
        var files = FilesOf(folder);
        live.UnionWith(files.Where(path => Parse(path)!.Kind == ArtifactKind.Meta));
        foreach (var origin in files.Select(path => path.Split('/')[0]).Distinct())
        {
            if (files.LastOrDefault(path => path.StartsWith($"{origin}/checkpoints/", StringComparison.Ordinal)) is not { } newest)
            {
                continue;
            }
            live.Add(newest);
            foreach (var (_, sha256) in CheckpointDocument.Read(File.ReadAllBytes(Path.Combine(folder, newest))).Sessions ?? [])
            {
                var manifest = ArtifactName.Manifest(origin, sha256);
                live.Add(manifest.Path);
                using var wire = File.OpenRead(Path.Combine(folder, manifest.Path));
                using var decoded = ArtifactCodec.OpenDecoded(ArtifactKind.Manifests, wire);
                using var bytes = new MemoryStream();
                decoded.CopyTo(bytes);
                live.UnionWith(ManifestDocument.Read(bytes.ToArray()).Segments.Select(hash => ArtifactName.Segment(origin, hash).Path));
            }
        }
        return live;
    }

    public static ArtifactRef? Parse(string path) => path.Split('/') is [var origin, var kind, var name]
        && ArtifactName.TryParseKind(kind, out var parsed) && ArtifactName.TryParse(origin, parsed, name, out var artifact) ? artifact : null;

    /// <summary>The catalog names exactly the files that are there.</summary>
    public void AssertCatalogIsDisk() => Assert.Equal(
        Files(), Machine.Read(db => CatalogTable.ListAfter(db, 0).Select(entry => entry.Artifact.Path).Order(StringComparer.Ordinal).ToArray()));

    private static Func<T, ValueTask> Keep<T>(List<T> list) => item =>
    {
        list.Add(item);
        return ValueTask.CompletedTask;
    };
}
