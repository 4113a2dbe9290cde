using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Archive;

public sealed class PublicationTableTests : IDisposable
{
    private const string Origin = "laptop-0a1b2c";
    private static readonly DateTimeOffset Now = SteppingClock.Start;
    private readonly TestArchive _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Claim_ChangedAfterTheBound_WaitsForTheNextRun()
    {
        Add("a");
        Add("b");
        var bound = PublicationTable.Generation(_test.Reader);
        Touch("a");
        Assert.Equal(["b"], Claim(bound));
        Assert.Equal(["a", "b"], Claim(PublicationTable.Generation(_test.Reader)));
    }

    [Fact]
    public void Acknowledge_UnchangedSession_LeavesTheQueue()
    {
        Add("a");
        Assert.True(_test.Write(db => PublicationTable.Acknowledge(db, First())));
        Assert.False(PublicationTable.HasWork(_test.Reader));
    }

    [Fact]
    public void Acknowledge_ChangedSession_StaysQueued()
    {
        Add("a");
        var claimed = First();
        Touch("a");
        Assert.False(_test.Write(db => PublicationTable.Acknowledge(db, claimed)));
        Assert.True(PublicationTable.HasWork(_test.Reader));
    }

    [Fact]
    public void Acknowledge_OldClaimOfASessionQueuedAnew_IsRefused()
    {
        Add("a");
        var old = First();
        _test.Write(db => PublicationTable.Acknowledge(db, old));
        Touch("a");
        Assert.False(_test.Write(db => PublicationTable.Acknowledge(db, old)));
        Assert.True(PublicationTable.HasWork(_test.Reader));
    }

    [Fact]
    public void Reject_Session_IsOutOfTheWayUntilItChanges()
    {
        Add("a");
        _test.Write(db => PublicationTable.Reject(db, First(), ErrorCode.DocumentLimitExceeded));
        Assert.False(PublicationTable.HasWork(_test.Reader));
        Touch("a");
        Assert.Equal("a", First().SessionId);
    }

    [Fact]
    public void Queue_ChangesOfASession_KeepItsPlace()
    {
        Add("b");
        _test.Write(db => db.Execute("UPDATE publish_queue SET enqueued_at = '2000-01-01T00:00:00.000Z'"));
        Add("a");
        Touch("b");
        Assert.Equal(["b", "a"], Claim(long.MaxValue));
        Assert.Single(PublicationTable.Claim(_test.Reader, long.MaxValue, 1));
    }

    [Fact]
    public void Queue_TrashAndDelete_AreWork()
    {
        Add("a");
        _test.Write(db => PublicationTable.Acknowledge(db, First()));
        _test.Write(db => db.Execute("UPDATE sessions SET deleted_at = 'x'"));
        Assert.Equal("a", First().SessionId);
        _test.Write(db => PublicationTable.Acknowledge(db, First()));
        _test.Write(db => SessionTable.Delete(db, "a"));
        Assert.Equal("a", First().SessionId);
    }

    [Fact]
    public void EnqueueAll_QueuesOwnAndPublished()
    {
        Add("a");
        _test.Write(db =>
        {
            PublicationTable.Acknowledge(db, First());
            PublicationTable.Publish(db, Origin, "gone", "h");
            SessionTable.Put(db, SomeSession.Row("peer~x", own: false, origin: "peer"));
            PublicationTable.EnqueueAll(db, Now);
        });
        Assert.Equal(["a", "gone"], Claim(long.MaxValue));
    }

    [Fact]
    public void Map_AnyIds_IsInUtf8ByteOrder()
    {
        string[] ids = ["b", "a", "ü", "💡", "\uffee", "Z", "a~b", "aa", "a-"];
        _test.Write(db => Array.ForEach(ids, id => PublicationTable.Publish(db, Origin, id, "h")));
        Assert.Equal(
            ids.OrderBy(id => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(id)), StringComparer.Ordinal),
            PublicationTable.Map(_test.Reader).Select(p => p.Key));
    }

    [Fact]
    public void Publish_ChangesOnly_RaiseTheRevision()
    {
        _test.Write(db =>
        {
            Assert.True(PublicationTable.Publish(db, Origin, "a", "h1"));
            Assert.False(PublicationTable.Publish(db, Origin, "a", "h1"));
            Assert.True(PublicationTable.Publish(db, Origin, "a", "h2"));
            Assert.False(PublicationTable.Unpublish(db, Origin, "b"));
            Assert.True(PublicationTable.Unpublish(db, Origin, "a"));
        });
        Assert.Equal(new PublicationHead(Origin, 3), PublicationTable.Head(_test.Reader));
    }

    [Fact]
    public void RecordCheckpoint_StaleRevision_IsRefused()
    {
        _test.Write(db => PublicationTable.Publish(db, Origin, "a", "h1"));
        var head = PublicationTable.Head(_test.Reader)! with { Sequence = 1, MapSha256 = "m", CheckpointSha256 = "c", CheckpointSize = 9 };
        _test.Write(db => PublicationTable.Publish(db, Origin, "a", "h2"));
        Assert.False(_test.Write(db => PublicationTable.RecordCheckpoint(db, head)));
        Assert.True(_test.Write(db => PublicationTable.RecordCheckpoint(db, head with { Revision = 2 })));
        Assert.Equal(head with { Revision = 2, PublishedRevision = 2 }, PublicationTable.Head(_test.Reader));
    }

    [Fact]
    public void ReserveSequence_NumbersSeen_AreNeverReused()
    {
        _test.Write(db =>
        {
            Assert.Equal(1, PublicationTable.ReserveSequence(db, Origin, 0));
            Assert.Equal(2, PublicationTable.ReserveSequence(db, Origin, 0));
            Assert.Equal(11, PublicationTable.ReserveSequence(db, Origin, 10));
            PublicationTable.RaiseFloor(db, Origin, 20);
            PublicationTable.RaiseFloor(db, Origin, 15);
            Assert.Equal(21, PublicationTable.ReserveSequence(db, Origin, 3));
            Assert.Equal(1, PublicationTable.ReserveSequence(db, "other-000000", 0));
            var error = Assert.Throws<ArtifactSyncException>(() => PublicationTable.ReserveSequence(db, Origin, Limits.MaxSequence));
            Assert.Equal(ErrorCode.SequenceExhausted, error.Code);
        });
        Assert.Equal(21, PublicationTable.Floor(_test.Reader, Origin));
    }

    private void Add(string id) => _test.Write(db => SessionTable.Put(db, SomeSession.Row(id)));

    private void Touch(string id) => _test.Write(db => SessionTable.BumpRevision(db, SessionTable.FindSid(db, id)!.Value));

    private QueuedSession First() => PublicationTable.Claim(_test.Reader, long.MaxValue, 10)[0];

    private string[] Claim(long bound) => [.. PublicationTable.Claim(_test.Reader, bound, 10).Select(s => s.SessionId)];
}
