using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>A store that is started over, and what was refused.</summary>
[Trait("Category", "Retention")]
public sealed class ResetAndQuarantineTests : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly Keeper _keeper;

    public ResetAndQuarantineTests() => _keeper = new Keeper(_root["own"], "own-3d4e5f");

    private string Share => _root["share"];

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Reset_OwnArtifactsAndEditsThatNobodyHas_AreMadeAgainWithTheSameBytes()
    {
        new Keeper(_root["other"], "other-0a1b2c").PublishTwice(Share, "o");
        _keeper.PublishTwice(Share);
        _keeper.Exchange(Share);
        Edit(true);
        Edit(false); // the first is in no register any more
        var before = Content(_keeper.Files().Where(path => path.StartsWith(_keeper.Origin, StringComparison.Ordinal) && (path.Contains("/meta/", StringComparison.Ordinal)
            || Keeper.LiveOf(_keeper.Store).Contains(path))));
        Assert.Equal(2, before.Keys.Count(path => path.Contains("/meta/", StringComparison.Ordinal)));

        var (run, done) = _keeper.Reset();

        Assert.Equal((RunStatus.Succeeded, RunKind.Reset), (run.Status, run.Kind));
        Assert.Equal([FindingAction.MovedAside, FindingAction.Awaited, FindingAction.Republished], done.Select(item => item.Action));
        Assert.Equal(before, Content(_keeper.Files()));
        Assert.True(Keeper.FilesOf(done[0].Name).Length > before.Count); // nothing was deleted
        Assert.Empty(_keeper.Verify());

        var exchange = _keeper.Exchange(Share);
        Assert.Equal((RunStatus.Succeeded, 2L, 0L, 0L), (exchange.Status, exchange.Counters.Sent, exchange.Counters.Published, exchange.Counters.ImportedSessions));
    }

    [Fact]
    public void Reset_AfterTheStoreWasLost_EventsComeFromTheirRegisters()
    {
        _keeper.PublishTwice(Share);
        Edit(true);
        var name = Assert.Single(_keeper.Files(), path => path.Contains("/meta/", StringComparison.Ordinal));
        Directory.Delete(_keeper.Store, recursive: true);
        Assert.Equal(RunStatus.Succeeded, _keeper.Exchange(Share).Status);
        Assert.DoesNotContain(name, _keeper.Files()); // as recorded
        Assert.Equal(RunStatus.Succeeded, _keeper.Reset().Run.Status);
        Assert.Contains(name, _keeper.Files());
        Assert.Equal(RunStatus.Succeeded, _keeper.Exchange(Share).Status);
        Assert.Contains(name, Keeper.FilesOf(Share));
    }

    [Fact]
    public void Reset_WhatIf_ChangesNothing()
    {
        _keeper.PublishTwice(Share);
        var (run, done) = _keeper.Reset(whatIf: true);
        Assert.Equal((RunStatus.Planned, 2), (run.Status, done.Count));
        Assert.Equal(6, _keeper.Files().Length);
        Assert.Equal(["archive.db", "artifacts"], Directory.GetFileSystemEntries(_keeper.Folder).Select(Path.GetFileName).Where(name => !name!.Contains('-', StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Reset_CopiedArchive_IsRefusedBeforeAnythingMoves()
    {
        _keeper.PublishTwice(Share);
        var options = _keeper.Machine.Options with { Machine = new MachineIdentity("elsewhere", "x") };
        var fault = Assert.Throws<AggregateException>(() => new SyncEngine(options).ResetAsync(false, static _ => ValueTask.CompletedTask, NullObserver.Instance, default).Wait());
        Assert.Equal(ErrorCode.OriginCloned, Assert.IsType<ArtifactSyncException>(fault.InnerException).Code);
        Assert.Equal(6, _keeper.Files().Length);
    }

    [Fact]
    public void Quarantine_Restore_ContentThatPassesComesBackElseItStays()
    {
        _keeper.PublishTwice(Share);
        var reader = new Keeper(_root["reader"], "reader-778899");
        reader.Exchange(Share);
        var good = Keeper.LiveOf(reader.Store).Single(path => path.Contains("/segments/", StringComparison.Ordinal));
        var bad = Keeper.LiveOf(reader.Store).Single(path => path.Contains("/manifests/", StringComparison.Ordinal));
        Damage.Do("flipped", Path.Combine(reader.Store, bad));
        reader.Machine.Transact(db =>
        {
            using var archive = ArchiveDatabase.Open(reader.Machine.Options, ArchiveMode.ReadOnly);
            var store = new LocalStore(archive);
            store.Quarantine(db, Keeper.Parse(good)!, ArtifactName.Sha256(Keeper.Parse(good)!), ErrorCode.DocumentInvalid, "so the test says");
            store.Quarantine(db, Keeper.Parse(bad)!, null, ErrorCode.ArtifactCorrupt, "damaged");
        });
        var listed = reader.Quarantine();
        Assert.Equal(2, listed.Count);
        Assert.All(listed, item => Assert.True(item.HasContent && item.QuarantinedAt == listed[0].QuarantinedAt && item.Reason.Length > 0 && item.RecommendedAction is not null));
        Assert.Single(reader.Quarantine(new QuarantineQuery { Kind = ArtifactKind.Segments, Origin = "own-*" }));
        Assert.Empty(reader.Quarantine(new QuarantineQuery { Until = reader.Clock.Now.AddDays(-1) }));

        Assert.Equal(QuarantineStatus.Planned, reader.Restore(listed[0].ArtifactId, whatIf: true).Status);
        Assert.False(File.Exists(Path.Combine(reader.Store, good)));
        Assert.Equal(QuarantineStatus.Restored, reader.Restore(listed[0].ArtifactId).Status);
        Assert.True(File.Exists(Path.Combine(reader.Store, good)));
        Assert.False(File.Exists(listed[0].Path));
        Assert.Throws<ArtifactSyncException>(() => reader.Restore(listed[1].ArtifactId));
        Assert.Equal(ErrorCode.ArtifactNotFound, Assert.Throws<ArtifactSyncException>(() => reader.Restore(999)).Code);
        Assert.Equal(listed[1].ArtifactId, Assert.Single(reader.Quarantine()).ArtifactId);
    }

    [Fact]
    public void Quarantine_Remove_ContentAndVerdictGoAndTheNumberStaysUsed()
    {
        _keeper.PublishTwice(Share);
        _keeper.Machine.Transact(db =>
        {
            using var archive = ArchiveDatabase.Open(_keeper.Machine.Options, ArchiveMode.ReadOnly);
            File.Copy(Path.Combine(_keeper.Store, ArtifactName.Checkpoint(_keeper.Origin, 2).Path), Path.Combine(_keeper.Store, ArtifactName.Checkpoint(_keeper.Origin, 40).Path));
            new LocalStore(archive).Quarantine(db, ArtifactName.Checkpoint(_keeper.Origin, 40), null, ErrorCode.DocumentInvalid, "wrong number");
        });
        var listed = Assert.Single(_keeper.Quarantine());
        Assert.Equal(QuarantineStatus.Removed, _keeper.Remove(listed.ArtifactId).Status);
        Assert.False(File.Exists(listed.Path));
        Assert.Empty(_keeper.Quarantine());
        Assert.Equal(ErrorCode.ArtifactNotFound, Assert.Throws<ArtifactSyncException>(() => _keeper.Remove(listed.ArtifactId)).Code);
        _keeper.Machine.Write("s", "third");
        _keeper.Exchange(Share);
        Assert.Contains(ArtifactName.Checkpoint(_keeper.Origin, 41).Path, _keeper.Files());
    }

    [Fact]
    public void Catalog_DuplicateThatACollectionTookMeanwhile_IsWrittenAgain()
    {
        using var archive = new TestArchive();
        var store = new LocalStore(archive.Database);
        var raw = SomeWire.Raw("content");
        Receive(store, raw, archive);
        using var batch = store.BeginBatch();
        batch.Receive(raw.Artifact, raw.Open(), default);
        Assert.Equal(StoreResult.Duplicate, Assert.Single(batch.Publish(default)).Result);
        using var lease = archive.Lease();
        using (var transaction = lease.Begin())
        {
            CatalogTable.Remove(transaction.Db, raw.Artifact);
            store.DeleteFile(raw.Artifact);
            batch.Catalog(transaction.Db);
            transaction.Commit();
        }
        Assert.True(ArtifactReader.IsIntact(store, store.Find(raw.Artifact)!, default));
    }

    private static void Receive(LocalStore store, SomeWire raw, TestArchive archive)
    {
        using var batch = store.BeginBatch();
        batch.Receive(raw.Artifact, raw.Open(), default);
        using var lease = archive.Lease();
        batch.Commit(lease, default);
    }

    private void Edit(bool starred)
    {
        using var archive = ArchiveDatabase.Open(_keeper.Machine.Options, ArchiveMode.ReadWrite);
        using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(5), default);
        Assert.True(new Recorder(archive, new LocalEventStore(new LocalStore(archive))).SetStarred(lease, "s", starred));
    }

    private Dictionary<string, string> Content(IEnumerable<string> paths) => paths.ToDictionary(
        path => path, path => Convert.ToHexString(File.ReadAllBytes(Path.Combine(_keeper.Store, path))), StringComparer.Ordinal);
}
