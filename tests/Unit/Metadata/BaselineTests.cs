using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

[Trait("Category", "Metadata")]
public sealed class BaselineTests : IDisposable
{
    private const string Origin = "alpha-0a1b2c";
    private readonly LedgerMachine _machine = new(origin: null);

    public BaselineTests()
    {
        foreach (string id in (string[])["s3", "s1", "s2"])
        {
            _machine.AddSession(id, (0, "u0"), (1, ""), (2, "u2"));
        }

        _machine.Recorder.Apply(
            _machine.Lease,
            [
                CurationEdit.SetDisplayName("s1", "early name"), CurationEdit.SetDisplayName("s3", "named and trashed"),
                CurationEdit.SetStarred("s2", true), CurationEdit.SetStarred("s1", true), CurationEdit.AddPin("s3", 2, "early pin"),
                CurationEdit.AddPin("s3", 1, null), CurationEdit.SetTrashed("s3", true),
            ]);
        _machine.Adopt(Origin);
        _machine.Write(Baseline.Owe);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Publish_Owed_WritesWhatNoRegisterKnowsInTheOrderOfTheSpec()
    {
        Assert.Equal(7, Publish());

        Assert.Equal(
            ["rename s1", "rename s3", "star s1", "star s2", "soft_delete s3", "pin s3 :1", "pin s3 u2:2"],
            _machine.Store.Of(Origin).Select(static e => Tell(EventDocument.Read(e.Bytes))));
        Assert.Equal(["1 NULL", "2 'early pin'"], LedgerRows.Pins(_machine.Db, "s3"));
        Assert.False(Baseline.IsOwed(_machine.Db));
        Assert.Equal(0, Publish());
    }

    [Fact]
    public void Publish_PeerSpokeFirst_DoesNotOutrankThePeer()
    {
        _machine.Receive(
            LedgerEvents.Rename("bravo-3d4e5f", Origin + "~s1", "peer name"),
                LedgerEvents.Make("bravo-3d4e5f", Origin + "~s2", EventOp.Unstar),
            LedgerEvents.Pin("bravo-3d4e5f", Origin + "~s3", "", 2, "the peer's pin", seconds: 1));
        _machine.Replay();

        Publish();

        Assert.Equal(
            ["rename s3", "star s1", "soft_delete s3", "pin s3 :1"], // what the peer said of s1, s2 and message 2 stands
            _machine.Store.Of(Origin).Select(static e => Tell(EventDocument.Read(e.Bytes))));
        Assert.Equal("peer name", LedgerRows.Session(_machine.Db, "s1")!.DisplayName);
        Assert.Equal(["s1"], LedgerRows.Stars(_machine.Db));
        Assert.Equal(["1 NULL", "2 'the peer''s pin'"], LedgerRows.Pins(_machine.Db, "s3"));
    }

    [Fact]
    public void Publish_FailureBetweenPages_LeavesTheRestOwed()
    {
        _machine.Write(db =>
        {
            for (int i = 0; i < 300; i++)
            {
                LedgerRows.AddSession(db, $"x{i:D3}", []);
                CurationTable.Star(db, $"x{i:D3}", "now");
            }
        });
        int publications = 0;
        _machine.Store.Step = step =>
        {
            if (step == "before" && ++publications == 2)
            {
                throw new IOException("killed");
            }
        };
        Assert.Throws<IOException>(() => Publish());
        Assert.True(Baseline.IsOwed(_machine.Db));

        _machine.Store.Step = static _ => { };
        Publish();

        Assert.Equal(307, _machine.Store.Of(Origin).Select(static e => Tell(EventDocument.Read(e.Bytes))).Distinct(StringComparer.Ordinal)
            .Count());
        Assert.Equal(307, LedgerRows.Applied(_machine.Db).Count);
    }

    [Fact]
    public void Publish_AtAPeer_ShowsTheSame()
    {
        Publish();
        using var peer = new LedgerMachine("bravo-3d4e5f");
        foreach (string id in (string[])["s1", "s2", "s3"])
        {
            peer.AddSession($"{Origin}~{id}", (0, "u0"), (1, ""), (2, "u2"));
        }

        peer.Receive(_machine.Store.Of(Origin));
        peer.Replay();

        Assert.Equal(LedgerRows.Registers(_machine.Db), LedgerRows.Registers(peer.Db));
        Assert.Equal(LedgerRows.Session(_machine.Db, "s3")!.DeletedAt, LedgerRows.Session(peer.Db, Origin + "~s3")!.DeletedAt);
        Assert.Equal(LedgerRows.Pins(_machine.Db, "s3"), LedgerRows.Pins(peer.Db, Origin + "~s3"));
    }

    private long Publish() => Baseline.Publish(_machine.Archive, _machine.Store, _machine.Lease, CancellationToken.None);

    private static string Tell(MetadataEvent document)
    {
        string text = $"{document.Op} {document.SessionGid.Split('~')[1]}";
        return document.Pin is { } pin ? $"{text} {pin.SourceUuid}:{pin.Ordinal}" : text;
    }
}
