using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>Garbage collection of the local store (spec 11, 14.12).</summary>
[Trait("Category", "Retention")]
public sealed class CollectTests : IDisposable
{
    private static readonly TimeSpan s_week = TimeSpan.FromDays(7);
    private readonly TempFolder _root = new();
    private readonly Keeper _keeper;

    public CollectTests() => _keeper = new Keeper(_root["own"], "own-3d4e5f");

    private string Share => _root["share"];

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Collect_SupersededClosureAfterGrace_Goes()
    {
        _keeper.PublishTwice(Share);
        var live = Keeper.LiveOf(_keeper.Store);
        Assert.Equal(6, _keeper.Files().Length);
        _keeper.Clock.Advance(s_week + TimeSpan.FromMinutes(1));

        var (run, stale) = _keeper.Collect(s_week);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(RunKind.Collect, run.Kind);
        Assert.Equal(live, _keeper.Files());
        Assert.Equal([ArtifactKind.Checkpoints, ArtifactKind.Manifests, ArtifactKind.Segments], stale.Select(item => item.Kind));
        Assert.Equal([StaleReason.Superseded, StaleReason.Unreferenced, StaleReason.Unreferenced], stale.Select(item => item.Reason));
        Assert.All(stale, item => Assert.True(item.Age > s_week && item is { Action: StaleAction.Removed, Target: null } && item.RunId == run.RunId));
        Assert.Equal((3, 6, stale.Sum(item => item.Size)), (run.Counters.Collected, run.Counters.Scanned, run.Counters.BytesCollected));
        _keeper.AssertCatalogIsDisk();
        Assert.Empty(_keeper.Verify());
    }

    [Fact]
    public void Collect_BeforeGrace_KeepsAndCounts()
    {
        _keeper.PublishTwice(Share);
        _keeper.Clock.Advance(s_week - TimeSpan.FromMinutes(5));
        var (run, stale) = _keeper.Collect(s_week);
        Assert.Empty(stale);
        Assert.Equal((0, 3), (run.Counters.Collected, run.Counters.KeptByGrace));
        Assert.Equal(6, _keeper.Files().Length);
    }

    [Fact]
    public void Collect_WhatIf_GivesTheVeryListAndWritesNothing()
    {
        _keeper.PublishTwice(Share);
        _keeper.PublishTwice(Share, "t");
        var before = Tree();
        var (planned, wouldGo) = _keeper.Collect(new CollectRequest { GracePeriod = TimeSpan.Zero, Targets = [Share], WhatIf = true });
        Assert.Equal(before, Tree());
        Assert.Equal(RunStatus.Planned, planned.Status);
        Assert.Null(planned.RunId);
        Assert.All(wouldGo, item => Assert.True(item is { Action: StaleAction.Planned, RunId: null }));

        var (_, went) = _keeper.Collect(TimeSpan.Zero, Share);

        Assert.NotEmpty(went);
        Assert.Equal(wouldGo.Select(Identity), went.Select(Identity));

        static object Identity(StaleArtifact item) => (item.Target, item.Origin, item.Kind, item.Name, item.Size, item.Reason, item.LastModified);
    }

    [Theory]
    [InlineData(null, 500L)]
    [InlineData(2L, null)]
    public void Collect_Limits_StopGoOnAndPlanAlike(long? objects, long? bytes)
    {
        foreach (var text in (string[])["a", "b", "c", "d"])
        {
            _keeper.Machine.Write("s", text);
            _keeper.Exchange(Share);
        }
        var limited = new CollectRequest { GracePeriod = TimeSpan.Zero, MaxObjects = objects, MaxBytes = bytes };
        var all = _keeper.Collect(limited with { MaxObjects = null, MaxBytes = null, WhatIf = true }).Stale;
        var removed = new List<string>();
        for (var round = 0; removed.Count < all.Count; round++)
        {
            var planned = _keeper.Collect(limited with { WhatIf = true }).Stale;
            var stale = _keeper.Collect(limited).Stale;
            Assert.Equal(planned.Select(item => item.Name), stale.Select(item => item.Name));
            Assert.InRange(stale.Count, 1, objects ?? 3);
            Assert.True(stale.Count == 1 || bytes is null || stale.Sum(item => item.Size) <= bytes);
            removed.AddRange(stale.Select(item => item.Name));
        }
        Assert.Equal(all.Select(item => item.Name), removed);
        Assert.Equal(Keeper.LiveOf(_keeper.Store), _keeper.Files());
    }

    [Fact]
    public void Collect_EventsAndRawOfALiveManifest_Stay()
    {
        _keeper.PublishTwice(Share);
        _keeper.Machine.Transact(db => Raw(db, live: true));
        _keeper.Machine.Transact(db => Raw(db, live: false));
        var meta = Some.Artifact(ArtifactKind.Meta, "edit", _keeper.Origin);
        _keeper.Machine.Transact(db => CatalogTable.Put(db, meta, new ArtifactIdentity(ArtifactName.Sha256(meta)!, 1, 1), 0, null));

        var stale = _keeper.Collect(TimeSpan.Zero).Stale;

        Assert.Equal(SomeWire.Raw("loose", _keeper.Origin).Artifact.Name, Assert.Single(stale, item => item.Kind == ArtifactKind.Raw).Name);
        Assert.DoesNotContain(stale, item => item.Kind == ArtifactKind.Meta);
    }

    [Theory]
    [InlineData("segments", "missing")]
    [InlineData("segments", "short")]
    [InlineData("segments", "flipped")]
    [InlineData("manifests", "missing")]
    [InlineData("manifests", "flipped")]
    [InlineData("checkpoints", "missing")]
    [InlineData("checkpoints", "flipped")]
    [InlineData("checkpoints", "uncatalogued")]
    public void Collect_NewestClosureIsDamaged_TheOriginIsLeftAlone(string kind, string how)
    {
        _keeper.PublishTwice(Share);
        var file = Keeper.LiveOf(_keeper.Store).Single(path => path.Contains($"/{kind}/", StringComparison.Ordinal));
        Damage.Do(how, Path.Combine(_keeper.Store, file));
        if (how == "uncatalogued")
        {
            _keeper.Machine.Transact(db => db.Execute("DELETE FROM artifacts WHERE kind = 4"));
        }
        var before = _keeper.Files();

        var (run, stale) = _keeper.Collect(TimeSpan.Zero);

        Assert.Empty(stale);
        Assert.Equal(before, _keeper.Files());
        Assert.Equal(1, run.Counters.SkippedOrigins);
        Assert.Equal(EntityStatus.Skipped, Assert.Single(run.Entities).Status);
        Assert.Equal(RunStatus.Succeeded, run.Status);
    }

    [Theory]
    [InlineData("""{"origin":"own-3d4e5f","seq":9,"sessions":{},"v":1}""", "a number that is not that of its name")]
    [InlineData("""{"origin":"own-3d4e5f","origin":"own-3d4e5f","seq":3,"sessions":{},"v":1}""", "a member twice")]
    [InlineData("""{"origin":"own-3d4e5f","seq":3,"sessions":{"own-3d4e5f~s":"x","own-3d4e5f~s":"x"},"v":1}""", "a session twice")]
    [InlineData("""{"origin":"own-3d4e5f","seq":3,"sessions":{},"v":2}""", "a later version")]
    [InlineData("""{"more":1,"origin":"own-3d4e5f","seq":3,"sessions":{},"v":1}""", "an unknown member")]
    [InlineData("""{"origin": "own-3d4e5f","seq":3,"sessions":{},"v":1}""", "a blank")]
    public void Collect_NewestCheckpointIsNotStrictlyValid_TheOriginIsLeftAlone(string json, string why)
    {
        _keeper.PublishTwice(Share);
        Plant(ArtifactName.Checkpoint(_keeper.Origin, 3), json.Replace("\"x\"", $"\"{Hash()}\"", StringComparison.Ordinal) + "\n");
        var before = _keeper.Files();
        Assert.True(_keeper.Collect(TimeSpan.Zero).Stale.Count == 0, why);
        Assert.Equal(before, _keeper.Files());
    }

    [Fact]
    public void Collect_OneManifestForTwoSessions_TheOriginIsLeftAlone()
    {
        _keeper.PublishTwice(Share);
        Plant(ArtifactName.Checkpoint(_keeper.Origin, 3),
            $$"""{"origin":"own-3d4e5f","seq":3,"sessions":{"own-3d4e5f~s":"{{Hash()}}","own-3d4e5f~t":"{{Hash()}}"},"v":1}""" + "\n");
        Assert.Empty(_keeper.Collect(TimeSpan.Zero).Stale);
    }

    [Fact]
    public void Collect_FilesWereTouched_AreReadOnceAndBelieved()
    {
        _keeper.PublishTwice(Share);
        foreach (var file in _keeper.Files())
        {
            File.SetLastWriteTimeUtc(Path.Combine(_keeper.Store, file), DateTime.UtcNow.AddDays(-30));
        }
        Assert.Equal(3, _keeper.Collect(s_week).Stale.Count);
        Assert.Equal(
            _keeper.Files().Length - 1, // the checkpoint is read anyway
            _keeper.Machine.Read(db => CatalogTable.ListAfter(db, 0).Count(entry => entry.MtimeNs < (_keeper.Clock.Now.AddDays(-29).ToUnixTimeMilliseconds() * 1_000_000))));
    }

    [UnixFact]
    public void Collect_Full_FindsDamageThatSizeAndTimeHide()
    {
        _keeper.PublishTwice(Share);
        var segment = Path.Combine(_keeper.Store, Keeper.LiveOf(_keeper.Store).Single(path => path.Contains("/segments/", StringComparison.Ordinal)));
        var before = _root["before"];
        Privileges.Run("cp", "-p", segment, before);
        Damage.Do("flipped", segment);
        Privileges.Run("touch", "-r", before, segment);

        Assert.NotEmpty(_keeper.Collect(new CollectRequest { GracePeriod = TimeSpan.Zero, WhatIf = true }).Stale);
        Assert.Empty(_keeper.Collect(new CollectRequest { GracePeriod = TimeSpan.Zero, Full = true }).Stale);
    }

    [Fact]
    public void Collect_EncodedButNotYetInACheckpoint_Stays()
    {
        _keeper.PublishTwice(Share);
        _keeper.Machine.Write("s", "third");
        var steps = new Keeper(_keeper.Folder, _keeper.Origin, step: step =>
        {
            if (step == "checkpoint:mapped")
            {
                throw new ArtifactSyncException(ErrorCode.DiskFull, "full", null);
            }
        });
        Assert.Equal(RunStatus.Failed, steps.Exchange(Share).Status);
        var before = _keeper.Files();

        var stale = _keeper.Collect(TimeSpan.Zero).Stale;

        Assert.Equal(3, stale.Count); // the first version alone
        Assert.Equal(before.Length - 3, _keeper.Files().Length);
        Assert.Equal(RunStatus.Succeeded, _keeper.Exchange(Share).Status);
        Assert.Equal(3, Keeper.LiveOf(_keeper.Store).Count); // the third is whole
        Assert.Empty(_keeper.Verify());
    }

    [Fact]
    public async Task Collect_ArtifactBecomesLiveBetweenMarkAndSweep_Stays()
    {
        _keeper.PublishTwice(Share);
        var acted = false;
        var request = new CollectRequest { GracePeriod = TimeSpan.Zero };
        var engine = new SyncEngine(_keeper.Machine.Options);
        // The first object comes after the page of checkpoints: then another process publishes the first version again.
        var run = await engine.CollectAsync(request, item =>
        {
            if (!acted)
            {
                acted = true;
                _keeper.Machine.Write("s", "first");
                Assert.Equal(RunStatus.Succeeded, _keeper.Exchange(Share).Status);
            }
            return ValueTask.CompletedTask;
        }, NullObserver.Instance, default);

        Assert.Equal(RunStatus.Succeeded, run.Status);
        var live = Keeper.LiveOf(_keeper.Store);
        Assert.Equal(live.Count, live.Count(path => File.Exists(Path.Combine(_keeper.Store, path))));
        Assert.Empty(_keeper.Verify());
    }

    [Fact]
    public async Task Collect_Cancelled_StopsAndTheNextGoesOn()
    {
        _keeper.PublishTwice(Share);
        using var stop = new CancellationTokenSource();
        var engine = new SyncEngine(_keeper.Machine.Options);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.CollectAsync(new CollectRequest { GracePeriod = TimeSpan.Zero }, _ =>
        {
            stop.Cancel();
            return ValueTask.CompletedTask;
        }, NullObserver.Instance, stop.Token));
        Assert.Equal(RunStatus.Aborted, _keeper.Machine.Read(db => RunReader.Read(db, new RunQuery { Kinds = [RunKind.Collect] }, "").Single().Status));

        _keeper.Collect(TimeSpan.Zero);
        Assert.Equal(Keeper.LiveOf(_keeper.Store), _keeper.Files());
    }

    [Fact]
    public void Collect_OriginThatNobodyKnows_IsAnError()
    {
        _keeper.PublishTwice(Share);
        var run = _keeper.Collect(new CollectRequest { Origins = ["nobody-000000"] }).Run;
        Assert.Equal((RunStatus.Failed, nameof(ErrorCode.OriginNotFound)), (run.Status, run.ErrorCode));
        Assert.Equal(RunStatus.Succeeded, _keeper.Collect(new CollectRequest { Origins = ["nobody*"] }).Run.Status);
        Assert.Equal(3, _keeper.Collect(new CollectRequest { Origins = ["OWN-*"], GracePeriod = TimeSpan.Zero }).Stale.Count);
    }

    [PermissionFact]
    public void Collect_FolderCantBeWritten_IsToldPerArtifactAndHealsLater()
    {
        _keeper.PublishTwice(Share);
        var directory = Path.Combine(_keeper.Store, _keeper.Origin, "segments");
        Privileges.Run("chmod", "-R", "a+rwX", _root.Path);
        Privileges.Run("chmod", "a=rX", directory);
        (SyncRun Run, List<StaleArtifact> Stale) result = (null!, null!);
        Privileges.RunUnprivileged(() => result = _keeper.Collect(TimeSpan.Zero));

        Assert.Equal(RunStatus.Partial, result.Run.Status);
        var failed = Assert.Single(result.Stale, item => item.Action == StaleAction.Failed);
        Assert.Equal((ArtifactKind.Segments, nameof(ErrorCode.AccessDenied)), (failed.Kind, failed.ErrorCode));
        Assert.NotNull(failed.RecommendedAction);

        Privileges.Run("chmod", "u+w", directory);
        _keeper.Collect(TimeSpan.Zero);
        Assert.Equal(Keeper.LiveOf(_keeper.Store), _keeper.Files());
    }

    [Fact]
    public void Collect_QuarantineAfterItsGrace_LosesContentAndKeepsTheVerdict()
    {
        _keeper.PublishTwice(Share);
        Damage.Do("flipped", Path.Combine(_keeper.Store, _keeper.Files()[^1]));
        _keeper.Repair(null, Share);
        var kept = Assert.Single(_keeper.Quarantine());
        Assert.True(kept.HasContent && File.Exists(kept.Path));
        var request = new CollectRequest { QuarantineGracePeriod = s_week };
        Assert.Empty(_keeper.Collect(request).Stale);
        _keeper.Clock.Advance(s_week);

        var planned = _keeper.Collect(request with { WhatIf = true, GracePeriod = TimeSpan.FromDays(99) }).Stale;
        Assert.True(File.Exists(kept.Path));
        var stale = Assert.Single(_keeper.Collect(request with { GracePeriod = TimeSpan.FromDays(99) }).Stale);

        Assert.Equal(StaleReason.QuarantineExpired, stale.Reason);
        Assert.Equal(stale.Name, Assert.Single(planned).Name);
        Assert.False(File.Exists(kept.Path));
        Assert.False(Assert.Single(_keeper.Quarantine()).HasContent);
    }

    private string[] Tree() => [.. Directory.EnumerateFiles(_root.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = default })
        .Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}")];

    /// <summary>The hash of the live manifest.</summary>
    private string Hash() => _keeper.Machine.Read(db => PublicationTable.ManifestOf(db, "s"))!;

    /// <summary>Puts a document into store and catalog as if it had passed the reception.</summary>
    private void Plant(ArtifactRef artifact, string content)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        var path = Path.Combine(_keeper.Store, artifact.Path);
        File.WriteAllBytes(path, bytes);
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        _keeper.Machine.Transact(db => CatalogTable.Put(
            db, artifact, new ArtifactIdentity(sha256, bytes.Length, bytes.Length), ArtifactSync.Store.FileStat.Of(path)!.Value.Modified, null));
    }

    private void Raw(Database db, bool live)
    {
        var raw = SomeWire.Raw(live ? "kept" : "loose", _keeper.Origin);
        var path = Path.Combine(_keeper.Store, raw.Artifact.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, raw.Wire);
        var sha256 = ArtifactName.Sha256(raw.Artifact)!;
        CatalogTable.Put(db, raw.Artifact, new ArtifactIdentity(sha256, raw.Wire.Length, raw.Wire.Length), ArtifactSync.Store.FileStat.Of(path)!.Value.Modified, null);
        if (live)
        {
            var manifest = CatalogTable.Find(db, ArtifactName.Manifest(_keeper.Origin, PublicationTable.ManifestOf(db, "s")!))!;
            CatalogTable.AddEdges(db, manifest.Aid, [(ArtifactKind.Raw, sha256)]);
        }
    }
}
