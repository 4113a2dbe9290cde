using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Store;

public sealed class LocalStoreTests : IDisposable
{
    private readonly TestArchive _archive = new();
    private readonly LocalStore _store;

    public LocalStoreTests() => _store = new LocalStore(_archive.Database);

    public void Dispose() => _archive.Dispose();

    private IReadOnlyList<StoreOutcome> Keep(params SomeWire[] artifacts)
    {
        using var batch = _store.BeginBatch();
        foreach (var artifact in artifacts)
        {
            using var wire = artifact.Open();
            batch.Receive(artifact.Artifact, wire, default);
        }

        using var lease = _archive.Lease();
        return batch.Commit(lease, default);
    }

    private void Change(Action<Database> change)
    {
        using var lease = _archive.Lease();
        using var transaction = lease.Begin();
        change(transaction.Db);
        transaction.Commit();
    }

    private byte[] Read(ArtifactRef artifact)
    {
        using var wire = _store.OpenWire(artifact);
        using var copy = new MemoryStream();
        wire.CopyTo(copy);
        return copy.ToArray();
    }

    private static ErrorCode CodeOf(Action action) => Assert.Throws<ArtifactSyncException>(action).Code;

    [Fact]
    public void Commit_Received_AreReadableCataloguedAndPrivate()
    {
        var (raw, segment, checkpoint) = (SomeWire.Raw("a"), SomeWire.EmptySegment(), SomeWire.Checkpoint(7));

        var outcomes = Keep(checkpoint, raw, segment);

        Assert.Equal(
            [new(segment.Artifact, StoreResult.Added), new(raw.Artifact, StoreResult.Added), new(checkpoint.Artifact, StoreResult.Added)], outcomes);
        foreach (var artifact in new[] { raw, segment, checkpoint })
        {
            Assert.Equal(artifact.Wire, Read(artifact.Artifact));
            var entry = _store.Find(artifact.Artifact)!;
            Assert.Equal(artifact.Wire.Length, entry.WireSize);
            Assert.Equal(FileStat.Of(_store.PathOf(artifact.Artifact))!.Value.Modified, entry.MtimeNs);
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(_store.PathOf(artifact.Artifact)) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        Assert.Equal([Some.Origin], _store.ListOrigins());
        Assert.Empty(CatalogTable.Edges(_archive.Database.Reader, _store.Find(checkpoint.Artifact)!.Aid));
        Assert.Equal(3, _archive.Files("artifacts").Length);
    }

    [Fact]
    public void Begin_NameKnownOnlyAtTheEnd_IsStoredUnderIt()
    {
        using var batch = _store.BeginBatch();
        ArtifactIdentity identity;
        using (var write = batch.Begin(Some.Origin, ArtifactKind.Segments))
        {
            using var encoder = new ArtifactEncoder(ArtifactKind.Segments, write.Stream);
            encoder.Write(Some.Bytes("any bytes\n"));
            identity = encoder.Finish();
            write.Complete(ArtifactName.Segment(Some.Origin, identity.Sha256), new ArtifactInfo(identity, false, []));
        }

        Assert.Equal((1, identity.WireSize), (batch.Count, batch.WireBytes));
        using var lease = _archive.Lease();
        batch.Commit(lease, default);

        using var decoded = ArtifactCodec.OpenDecoded(ArtifactKind.Segments, _store.OpenWire(ArtifactName.Segment(Some.Origin, identity.Sha256)));
        using var text = new StreamReader(decoded);
        Assert.Equal("any bytes\n", text.ReadToEnd());
    }

    [Fact]
    public void Complete_OtherThanBegun_IsAMistakeOfTheCaller()
    {
        using var batch = _store.BeginBatch();
        using var write = batch.Begin(Some.Origin, ArtifactKind.Raw);
        write.Stream.Write("ab"u8);
        var raw = SomeWire.Raw("a").Artifact;
        Assert.Throws<ArgumentException>(() => write.Complete(raw, new ArtifactInfo(new ArtifactIdentity(Some.Hash("a"), 1, 1), false, [])));
        Assert.Throws<ArgumentException>(() => write.Complete(Some.Segment("a"), new ArtifactInfo(new ArtifactIdentity(Some.Hash("a"), 2, 2), false, [])));
    }

    [Fact]
    public void Dispose_WithoutCommit_LeavesNothing()
    {
        using (var batch = _store.BeginBatch())
        {
            using var wire = SomeWire.Raw("a").Open();
            batch.Receive(SomeWire.Raw("a").Artifact, wire, default);
            using var unfinished = batch.Begin(Some.Origin, ArtifactKind.Raw);
            unfinished.Stream.Write("x"u8);
        }

        Assert.Empty(_archive.Files("artifacts"));
        Assert.Null(_store.Find(SomeWire.Raw("a").Artifact));
    }

    [Fact]
    public void Receive_OtherContentThanItsName_IsRefusedAloneAndLeavesNothing()
    {
        var good = SomeWire.Raw("good");
        using var batch = _store.BeginBatch();
        using (var bad = SomeWire.Raw("evil").Open())
        {
            Assert.Equal(ErrorCode.HashMismatch, CodeOf(() => batch.Receive(SomeWire.Raw("promised").Artifact, bad, default)));
        }

        using (var truncated = new MemoryStream(SomeWire.EmptySegment().Wire[..^1]))
        {
            Assert.Equal(ErrorCode.ArtifactCorrupt, CodeOf(() => batch.Receive(SomeWire.EmptySegment().Artifact, truncated, default)));
        }

        using var wire = good.Open();
        batch.Receive(good.Artifact, wire, default);
        using var lease = _archive.Lease();
        Assert.Equal([new(good.Artifact, StoreResult.Added)], batch.Commit(lease, default));
        Assert.Equal([good.Artifact.Path], _archive.Files("artifacts"));
    }

    [Fact]
    public void Receive_ByManyWorkers_AreAllThere()
    {
        var artifacts = Enumerable.Range(0, 200).Select(n => SomeWire.Raw($"content {n}", n % 2 == 0 ? "a-000001" : "b-000001")).ToArray();
        using var batch = _store.BeginBatch();
        Parallel.ForEach(artifacts, new ParallelOptions { MaxDegreeOfParallelism = 8 }, artifact =>
        {
            using var wire = artifact.Open();
            batch.Receive(artifact.Artifact, wire, default);
        });
        using var lease = _archive.Lease();
        Assert.Equal(200, batch.Commit(lease, default).Count(outcome => outcome.Result == StoreResult.Added));
        Assert.All(artifacts, artifact => Assert.Equal(artifact.Wire, Read(artifact.Artifact)));
        Assert.Equal(["a-000001", "b-000001"], _store.ListOrigins());
        Assert.Equal(100, _store.List("a-000001", ArtifactKind.Raw).Count());
    }

    [Fact]
    public void List_AfterAnAid_GivesTheLaterOnes()
    {
        Keep(SomeWire.Raw("1"));
        var first = _store.List(Some.Origin, ArtifactKind.Raw).Single();
        Keep(SomeWire.Raw("2"), SomeWire.EmptySegment());
        Assert.Equal([SomeWire.Raw("2").Artifact], _store.List(Some.Origin, ArtifactKind.Raw, first.Aid).Select(entry => entry.Artifact));
    }

    [Fact]
    public void Commit_TheSameAgain_IsADuplicateWithTheSameNumber()
    {
        Keep(SomeWire.Raw("a"));
        var before = _store.Find(SomeWire.Raw("a").Artifact);
        Assert.Equal([new(SomeWire.Raw("a").Artifact, StoreResult.Duplicate)], Keep(SomeWire.Raw("a")));
        Assert.Equal(before, _store.Find(SomeWire.Raw("a").Artifact));
    }

    [Fact]
    public void Publish_CrashBeforeTheCatalog_IsAdoptedByTheNextRun()
    {
        using (var batch = _store.BeginBatch())
        {
            using var wire = SomeWire.Raw("a").Open();
            batch.Receive(SomeWire.Raw("a").Artifact, wire, default);
            batch.Publish(default);
        }

        Assert.Null(_store.Find(SomeWire.Raw("a").Artifact));
        Assert.Equal([new(SomeWire.Raw("a").Artifact, StoreResult.Duplicate)], Keep(SomeWire.Raw("a")));
        Assert.Equal(SomeWire.Raw("a").Wire, Read(SomeWire.Raw("a").Artifact));
    }

    [Fact]
    public void Commit_OtherCompressionOfTheSame_KeepsTheFileAndKnowsItsSize()
    {
        var segment = SomeWire.EmptySegment();
        // The zero-byte file is the other valid form of the empty segment (appendix A, 5).
        var other = segment with { Wire = [] };
        Keep(other);
        Assert.Equal([new(segment.Artifact, StoreResult.Duplicate)], Keep(segment));
        Assert.Equal(0, _store.Find(segment.Artifact)!.WireSize);
        Assert.Empty(Read(segment.Artifact));
    }

    [Fact]
    public void Commit_DamagedFileInTheWay_MovesItToTheQuarantineAndReplacesIt()
    {
        var raw = SomeWire.Raw("good");
        Directory.CreateDirectory(Path.GetDirectoryName(_store.PathOf(raw.Artifact))!);
        File.WriteAllText(_store.PathOf(raw.Artifact), "rotten");

        Assert.Equal([new(raw.Artifact, StoreResult.Repaired)], Keep(raw));

        Assert.Equal(raw.Wire, Read(raw.Artifact));
        var row = Assert.Single(QuarantineTable.List(_archive.Database.Reader));
        Assert.Equal((raw.Artifact, ErrorCode.ArtifactCorrupt, 6L, Some.Hash("rotten")), (row.Artifact, row.Code, row.WireSize, row.Sha256));
        Assert.Equal("rotten", File.ReadAllText(Path.Combine(_archive.Database.QuarantineFolder, row.File)));
        Assert.Equal([row.File], _archive.Files("quarantine"));
        Assert.False(_store.IsQuarantined(raw.Artifact));
    }

    [Fact]
    public void Commit_OtherCheckpointOfTheSameNumber_IsAConflictAndChangesNothing()
    {
        var first = SomeWire.Checkpoint(3, "one");
        Keep(first);
        var outcome = Assert.Single(Keep(SomeWire.Checkpoint(3, "two")));
        Assert.Equal((StoreResult.Refused, ErrorCode.CheckpointConflict), (outcome.Result, outcome.Error!.Code));
        Assert.Equal(first.Wire, Read(first.Artifact));
        Assert.Single(_archive.Files("artifacts"));
    }

    [Fact]
    public void OpenWire_NotInTheCatalog_ArtifactNotFound() =>
        Assert.Equal(ErrorCode.ArtifactNotFound, CodeOf(() => _store.OpenWire(SomeWire.Raw("a").Artifact)));

    [Theory]
    [InlineData(null), InlineData(""), InlineData("longer than it was")]
    public void OpenWire_FileMissingOrOfAnotherSize_IsDamage(string? now)
    {
        var raw = SomeWire.Raw("content");
        Keep(raw);
        File.Delete(_store.PathOf(raw.Artifact));
        if (now is not null)
        {
            File.WriteAllText(_store.PathOf(raw.Artifact), now);
        }

        var error = Assert.Throws<ArtifactSyncException>(() => _store.OpenWire(raw.Artifact));
        Assert.Equal((ErrorCode.ArtifactCorrupt, raw.Artifact.Path), (error.Code, error.Target));
    }

    [Theory]
    [InlineData(null), InlineData("short"), InlineData("rotten7")]
    public void Repair_DamagedFile_TakesTheVeryContentThatWasThere(string? damage)
    {
        var raw = SomeWire.Raw("content");
        Keep(raw);
        var entry = _store.Find(raw.Artifact)!;
        File.Delete(_store.PathOf(raw.Artifact));
        if (damage is not null)
        {
            File.WriteAllText(_store.PathOf(raw.Artifact), damage);
        }

        Change(db => _store.RequestRepair(db, entry));
        Assert.Equal([raw.Artifact], _store.Repairs().Select(repair => repair.Artifact));

        var outcome = Assert.Single(Keep(raw));

        Assert.Equal(damage is null ? StoreResult.Added : StoreResult.Repaired, outcome.Result);
        Assert.Equal(raw.Wire, Read(raw.Artifact));
        Assert.Equal(entry.Aid, _store.Find(raw.Artifact)!.Aid);
        Assert.Empty(_store.Repairs());
    }

    [Fact]
    public void Repair_OtherCheckpointOffered_IsRefusedAndTheRequestStays()
    {
        var checkpoint = SomeWire.Checkpoint(3, "one");
        Keep(checkpoint);
        var entry = _store.Find(checkpoint.Artifact)!;
        File.WriteAllText(_store.PathOf(checkpoint.Artifact), "rotten");
        Change(db => _store.RequestRepair(db, entry));

        using var batch = _store.BeginBatch();
        using var other = SomeWire.Checkpoint(3, "two").Open();
        Assert.Equal(ErrorCode.CheckpointConflict, CodeOf(() => batch.Receive(checkpoint.Artifact, other, default)));
        Assert.Equal(0, batch.Count);
        Assert.Single(_store.Repairs());
    }

    [Fact]
    public void Quarantine_Refused_LeavesTheLiveStoreAndIsRemembered()
    {
        var (raw, other) = (SomeWire.Raw("refused"), SomeWire.Raw("other"));
        Keep(raw, other);
        using (var lease = _archive.Lease())
        {
            _store.Quarantine(lease, raw.Artifact, ErrorCode.DocumentNotCanonical, "not canonical");
        }

        Assert.Null(_store.Find(raw.Artifact));
        Assert.Equal([other.Artifact.Path], _archive.Files("artifacts"));
        var row = Assert.Single(QuarantineTable.List(_archive.Database.Reader));
        Assert.Equal(
            (raw.Artifact, ErrorCode.DocumentNotCanonical, "not canonical", ArtifactName.Sha256(raw.Artifact)), (row.Artifact, row.Code, row.Reason, row.Sha256));
        Assert.Equal(raw.Wire, File.ReadAllBytes(Path.Combine(_archive.Database.QuarantineFolder, row.File)));
        Assert.True(_store.IsQuarantined(raw.Artifact));
        Assert.False(_store.IsQuarantined(other.Artifact));
    }

    [Fact]
    public void Quarantine_OneNameTwice_KeepsBoth()
    {
        for (var n = 0; n < 2; n++)
        {
            Keep(SomeWire.Checkpoint(1, $"{n}"));
            using var lease = _archive.Lease();
            _store.Quarantine(lease, SomeWire.Checkpoint(1).Artifact, ErrorCode.DocumentInvalid, "x");
        }

        Assert.Equal(2, _archive.Files("quarantine").Length);
        var rows = QuarantineTable.List(_archive.Database.Reader).ToList();
        Assert.Equal(2, rows.Select(row => row.Sha256).Distinct().Count());
        Assert.All(rows, row => Assert.True(_store.IsQuarantined(row.Artifact, row.Sha256)));
        Assert.False(_store.IsQuarantined(SomeWire.Checkpoint(1).Artifact, Some.Hash("something else")));
        Assert.False(_store.IsQuarantined(SomeWire.Checkpoint(1).Artifact));
    }

    [Fact]
    public void Quarantine_LongestName_FitsTheFileSystem()
    {
        // An event's free part is up to what one file name holds.
        var artifact = ArtifactName.Meta(Some.Origin, $"{new string('9', 255 - 70)}-{Some.Hash("x")}");
        Directory.CreateDirectory(Path.GetDirectoryName(_store.PathOf(artifact))!);
        File.WriteAllText(_store.PathOf(artifact), "x");
        Change(db => _store.Quarantine(db, artifact, Some.Hash("x"), ErrorCode.EventInvalid, "x"));
        Assert.Empty(_archive.Files("artifacts"));
        Assert.Single(_archive.Files("quarantine"));
        Assert.True(_store.IsQuarantined(artifact));
    }

    [Fact]
    public void Quarantine_FileAlreadyGone_KeepsTheVerdict()
    {
        Keep(SomeWire.Raw("a"));
        File.Delete(_store.PathOf(SomeWire.Raw("a").Artifact));
        using (var lease = _archive.Lease())
        {
            _store.Quarantine(lease, SomeWire.Raw("a").Artifact, ErrorCode.DocumentInvalid, "x");
        }

        Assert.True(_store.IsQuarantined(SomeWire.Raw("a").Artifact));
        Assert.Null(_store.Find(SomeWire.Raw("a").Artifact));
        Assert.Equal("", QuarantineTable.List(_archive.Database.Reader).Single().File);
    }

    [Fact]
    public void Refuse_NeverStored_IsRemembered()
    {
        var checkpoint = SomeWire.Checkpoint(1).Artifact;
        Change(db => _store.Refuse(db, checkpoint, Some.Hash("bytes"), 5, ErrorCode.DocumentInvalid, "x"));
        Assert.True(_store.IsQuarantined(checkpoint, Some.Hash("bytes")));
        Assert.Empty(_archive.Files("quarantine"));
    }

    [Fact]
    public void LargestSequence_CountsWhateverWasEverThere()
    {
        Assert.Equal(0, _store.LargestSequence(Some.Origin));
        Keep(SomeWire.Checkpoint(3), SomeWire.Checkpoint(99, origin: "other-000001"));
        Assert.Equal(3, _store.LargestSequence(Some.Origin));

        Keep(SomeWire.Checkpoint(5));
        using (var lease = _archive.Lease())
        {
            _store.Quarantine(lease, SomeWire.Checkpoint(5).Artifact, ErrorCode.DocumentInvalid, "x");
        }

        Assert.Equal(5, _store.LargestSequence(Some.Origin));

        // A crash before the catalog, and one between the move to the quarantine and its row.
        File.WriteAllText(_store.PathOf(ArtifactName.Checkpoint(Some.Origin, 8)), "x");
        Assert.Equal(8, _store.LargestSequence(Some.Origin));
        File.Move(
            _store.PathOf(ArtifactName.Checkpoint(Some.Origin, 8)),
            Path.Combine(_archive.Database.QuarantineFolder, Some.Origin, "checkpoints", "0123456789abcdef-cp-0000000011.json"));
        Assert.Equal(11, _store.LargestSequence(Some.Origin));
        File.WriteAllText(_store.PathOf(SomeWire.Checkpoint(3).Artifact) + ".tmp", "x");
        Assert.Equal(11, _store.LargestSequence(Some.Origin));
    }

    [Fact]
    public void Commit_LeaseLost_CataloguesNothing()
    {
        using var batch = _store.BeginBatch();
        using var wire = SomeWire.Raw("a").Open();
        batch.Receive(SomeWire.Raw("a").Artifact, wire, default);
        var lease = _archive.Lease();
        using (var thief = _archive.Database.BeginLedger())
        {
            thief.Db.Execute("UPDATE app_locks SET fence = fence + 1");
            thief.Commit();
        }

        Assert.Equal(ErrorCode.LeaseLost, CodeOf(() => batch.Commit(lease, default)));
        Assert.Null(_store.Find(SomeWire.Raw("a").Artifact));
    }
}
