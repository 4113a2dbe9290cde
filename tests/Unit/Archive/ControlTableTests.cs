using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Archive;

/// <summary>Catalog, quarantine, targets, ingest state, transcripts and single values.</summary>
public sealed class ControlTableTests : IDisposable
{
    private const string Other = "other-000000";
    private static readonly DateTimeOffset Now = SteppingClock.Start;
    private readonly TestArchive _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Catalog_Put_IsFoundAndRenewedUnderItsNumber()
    {
        var artifact = Some.Segment("a");
        var aid = Put(artifact, size: 5);
        Assert.Equal(new CatalogEntry(aid, artifact, Some.Hash("a"), 5, 6, 7, ErrorCode.FutureVersion), CatalogTable.Find(_test.Reader, artifact));
        Assert.Equal(aid, Put(artifact, size: 9));
        Assert.Equal(9, CatalogTable.Find(_test.Reader, artifact)!.Size);
        Assert.True(CatalogTable.Contains(_test.Reader, artifact));
        Assert.False(CatalogTable.Contains(_test.Reader, Some.Segment("b")));
    }

    [Fact]
    public void Catalog_Removed_NumberIsNotReused()
    {
        var first = Put(Some.Segment("a"));
        _test.Write(db => CatalogTable.Remove(db, Some.Segment("a")));
        Assert.True(Put(Some.Segment("b")) > first);
        Assert.Equal(0, CatalogTable.MaxAid(_test.Reader) - Put(Some.Segment("b")));
    }

    [Fact]
    public void Catalog_Lists_AreOrdered()
    {
        var aids = new[] { 3, 1, 2 }.Select(n => Put(ArtifactName.Checkpoint(Some.Origin, n))).ToArray();
        Put(Some.Segment("x"));
        Put(ArtifactName.Checkpoint(Other, 9));

        Assert.Equal([1, 2, 3], Sequences(CatalogTable.List(_test.Reader, Some.Origin, ArtifactKind.Checkpoints)));
        Assert.Equal([3, 2, 1], Sequences(CatalogTable.ListDescending(_test.Reader, Some.Origin, ArtifactKind.Checkpoints)));
        Assert.Equal([1, 2], Sequences(CatalogTable.List(_test.Reader, Some.Origin, ArtifactKind.Checkpoints, aids[0])));
        Assert.Equal(3, ArtifactName.Sequence(CatalogTable.Last(_test.Reader, Some.Origin, ArtifactKind.Checkpoints)!.Artifact));
        Assert.Equal(4, CatalogTable.ListAfter(_test.Reader, aids[0]).Count());
        Assert.Equal([Some.Origin, Other], CatalogTable.Origins(_test.Reader));
    }

    [Fact]
    public void Catalog_Edges_GoWithTheirArtifact()
    {
        var aid = Put(Some.Segment("m"));
        _test.Write(db => CatalogTable.AddEdges(db, aid, [(ArtifactKind.Segments, "h1"), (ArtifactKind.Raw, "h2"), (ArtifactKind.Segments, "h1")]));
        Assert.Equal([(ArtifactKind.Segments, "h1"), (ArtifactKind.Raw, "h2")], CatalogTable.Edges(_test.Reader, aid));
        _test.Write(db => CatalogTable.Remove(db, Some.Segment("m")));
        Assert.Empty(CatalogTable.Edges(_test.Reader, aid));
    }

    [Fact]
    public void Quarantine_Entries_AreKept()
    {
        var artifact = Some.Segment("a");
        var qid = _test.Write(db => QuarantineTable.Add(db, artifact, "h", 3, ErrorCode.HashMismatch, "why", "f", Now));
        var entry = new QuarantineEntry(qid, artifact, "h", 3, ErrorCode.HashMismatch, "why", "f", Now);
        Assert.Equal([entry], QuarantineTable.Find(_test.Reader, artifact));
        Assert.Equal([entry], QuarantineTable.List(_test.Reader, artifact.Origin, artifact.Kind));
        Assert.Equal(entry, QuarantineTable.Get(_test.Reader, qid));
        Assert.True(_test.Write(db => QuarantineTable.Remove(db, qid)));
        Assert.Empty(QuarantineTable.List(_test.Reader));
    }

    [Fact]
    public void Repairs_Requested_UntilRepaired()
    {
        var artifact = Some.Segment("a");
        _test.Write(db =>
        {
            QuarantineTable.RequestRepair(db, artifact, "h", 3, Now);
            QuarantineTable.RequestRepair(db, artifact, "h", 3, Now.AddDays(1));
        });
        Assert.Equal([new RepairEntry(artifact, "h", 3, Now)], QuarantineTable.Repairs(_test.Reader));
        Assert.True(_test.Write(db => QuarantineTable.Repaired(db, artifact)));
        Assert.Empty(QuarantineTable.Repairs(_test.Reader));
    }

    [Fact]
    public void Targets_Cursors_AreRemembered()
    {
        var tid = _test.Write(db => TargetTable.Ensure(db, "/share"));
        Assert.Equal(tid, _test.Write(db => TargetTable.Ensure(db, "/share")));
        var cursor = new TargetCursor(Some.Origin, ArtifactKind.Manifests, "token", 7);
        _test.Write(db =>
        {
            TargetTable.SetCursor(db, tid, cursor);
            TargetTable.SetCursor(db, tid, cursor with { Token = null, HighAid = 8 });
            TargetTable.Exchanged(db, tid, Now);
        });
        Assert.Equal([cursor with { Token = null, HighAid = 8 }], TargetTable.Cursors(_test.Reader, tid));
        Assert.Equal(Now, TargetTable.LastExchange(_test.Reader, tid));
        Assert.Null(TargetTable.Find(_test.Reader, "/other"));
        _test.Write(db => TargetTable.ClearCursors(db, tid));
        Assert.Empty(TargetTable.Cursors(_test.Reader, tid));
    }

    [Fact]
    public void Ingest_ArrivalWhileIngesting_StaysPending()
    {
        Mark(content: true, metadata: false);
        var seen = IngestTable.Pending(_test.Reader).Single();
        Mark(content: true, metadata: true);

        Assert.False(_test.Write(db => IngestTable.ClearContent(db, seen)));
        seen = IngestTable.Pending(_test.Reader).Single();
        Assert.True(_test.Write(db => IngestTable.ClearContent(db, seen)));
        Assert.Equal((0, 1), (IngestTable.Pending(_test.Reader).Single().Content, IngestTable.Pending(_test.Reader).Single().Metadata));
        Assert.True(_test.Write(db => IngestTable.ClearMetadata(db, seen)));
        Assert.Empty(IngestTable.Pending(_test.Reader));
        Assert.Single(IngestTable.Origins(_test.Reader));
    }

    [Fact]
    public void Watermarks_OfAnOrigin_AreOrderedAndItsOwn()
    {
        string[] gids = ["a-000000~z", "a-000000~", "a-000000~é", "a-0000000~x", "a-000000", "b-000000~a"];
        _test.Write(db => Array.ForEach(gids, g => IngestTable.SetWatermark(db, g, "h" + g.Length)));
        Assert.Equal(["a-000000~", "a-000000~z", "a-000000~é"], IngestTable.Watermarks(_test.Reader, "a-000000").Select(w => w.Key));
        _test.Write(db => IngestTable.SetWatermark(db, "b-000000~a", "new"));
        Assert.Equal("new", IngestTable.Watermark(_test.Reader, "b-000000~a"));
        Assert.True(_test.Write(db => IngestTable.RemoveWatermark(db, "b-000000~a")));
        Assert.Null(IngestTable.Watermark(_test.Reader, "b-000000~a"));
    }

    [Fact]
    public void Landing_NeverGoesBack()
    {
        var landing = new Landing(Other, 5, "c5", Now);
        Assert.True(_test.Write(db => IngestTable.SetLanding(db, landing)));
        Assert.False(_test.Write(db => IngestTable.SetLanding(db, landing with { Sequence = 4 })));
        Assert.Equal(landing, IngestTable.FindLanding(_test.Reader, Other));
    }

    [Fact]
    public void Transcripts_Files_AreRemembered()
    {
        var file = new TranscriptFile("/a[1].jsonl", "claude", 1, 2, 3, 4, "h", 5, ["s1", "s\"2"], "{}");
        _test.Write(db =>
        {
            TranscriptTable.Put(db, file);
            TranscriptTable.Put(db, file with { Size = 9, State = null });
        });
        var stored = TranscriptTable.Find(_test.Reader, file.Path)!;
        Assert.Equal(file with { Size = 9, State = null, SessionIds = stored.SessionIds }, stored);
        Assert.Equal(file.SessionIds, stored.SessionIds);
        Assert.Single(TranscriptTable.All(_test.Reader));
        Assert.True(_test.Write(db => TranscriptTable.Remove(db, file.Path)));
    }

    [Fact]
    public void State_Values_AreSetOnceOrReplaced() => _test.Write(db =>
    {
        Assert.Null(StateTable.Get(db, "k"));
        Assert.Equal("a", StateTable.Ensure(db, "k", "a"));
        Assert.Equal("a", StateTable.Ensure(db, "k", "b"));
        StateTable.Set(db, "k", "c");
        Assert.Equal("c", StateTable.Get(db, "k"));
        StateTable.Remove(db, "k");
        Assert.Null(StateTable.Get(db, "k"));
    });

    private static IEnumerable<long> Sequences(IEnumerable<CatalogEntry> entries) => entries.Select(e => ArtifactName.Sequence(e.Artifact));

    private long Put(ArtifactRef artifact, long size = 1) => _test.Write(db =>
        CatalogTable.Put(db, artifact, new ArtifactIdentity(Some.Hash("a"), size, 6), 7, ErrorCode.FutureVersion));

    private void Mark(bool content, bool metadata) => _test.Write(db => IngestTable.MarkPending(db, Other, content, metadata, Now));
}
