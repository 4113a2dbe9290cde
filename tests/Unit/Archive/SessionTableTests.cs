using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Archive;

public sealed class SessionTableTests : IDisposable
{
    private readonly TestArchive _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Put_RowWithEveryField_IsReadBackEqual()
    {
        var row = SomeSession.Row("s1") with
        {
            Session = SomeSession.Fill(new SessionRecord(), 1) with { Id = "s1", QualitySignals = null },
            SessionName = "named by the agent",
            DataVersion = 42,
            HasToolCalls = true,
            HasContextData = true,
            Signals = SomeSession.Fill(new QualitySignals(), 200),
            SecretsRulesVersion = "rules-1",
        };

        var sid = _test.Write(db => SessionTable.Put(db, row));

        Assert.Equal(row with { Sid = sid }, SessionTable.Find(_test.Reader, "s1"));
        Assert.Equal(row with { Sid = sid }, SessionTable.Get(_test.Reader, sid));
    }

    [Fact]
    public void Put_RowWithNulls_IsReadBackEqual()
    {
        var row = SomeSession.Row("origin-a~s1", own: false, origin: "origin-a");
        var sid = _test.Write(db => SessionTable.Put(db, row));
        Assert.Equal(row with { Sid = sid }, SessionTable.Find(_test.Reader, "origin-a~s1"));
    }

    [Fact]
    public void Put_ExistingRow_LeavesCurationAlone()
    {
        var row = SomeSession.Row("s1");
        _test.Write(db => SessionTable.Put(db, row with { Session = row.Session with { DisplayName = "mine", DeletedAt = "2026-02-02T00:00:00Z", TranscriptRevision = "7" } }));
        _test.Write(db => SessionTable.Put(db, row with { Session = row.Session with { Project = "other", CreatedAt = "2030-01-01T00:00:00Z" } }));

        var stored = SessionTable.Find(_test.Reader, "s1")!.Session;

        Assert.Equal("other", stored.Project);
        Assert.Equal(("mine", "2026-02-02T00:00:00Z", "2026-01-01T00:00:00Z", "7"), (stored.DisplayName, stored.DeletedAt, stored.CreatedAt, stored.TranscriptRevision));
        Assert.True(SessionTable.IsTrashed(_test.Reader, "s1"));
    }

    [Fact]
    public void Put_UnchangedRowOrBookkeepingOnly_DoesNotQueue()
    {
        var row = SomeSession.Row("s1");
        _test.Write(db => SessionTable.Put(db, row));
        var before = PublicationTable.Generation(_test.Reader);

        _test.Write(db => SessionTable.Put(db, row));
        _test.Write(db => SessionTable.Put(db, row with { SecretsRulesVersion = "2", Session = row.Session with { FileMtime = 5, SecretLeakCount = 3, LocalModifiedAt = "x" } }));

        Assert.Equal(before, PublicationTable.Generation(_test.Reader));
        Assert.Equal(5, SessionTable.Find(_test.Reader, "s1")!.Session.FileMtime);
    }

    [Fact]
    public void Put_ForeignRow_IsNotQueued()
    {
        _test.Write(db => MessageTable.Replace(db, SessionTable.Put(db, SomeSession.Row("o~s1", own: false, origin: "o")), SomeSession.Messages("a"), []));
        Assert.False(PublicationTable.HasWork(_test.Reader));
    }

    [Fact]
    public void Replace_MessagesWithEveryField_AreReadBackEqual()
    {
        MessageRecord[] messages = [SomeSession.FullMessage(1, 0, 0), SomeSession.FullMessage(2, 3, 2), SomeSession.FullMessage(5, 1, 0), SomeSession.FullMessage(9, 2, 3)];
        var usage = Enumerable.Range(1, 5).Select(i => SomeSession.Fill(new UsageEventRecord(), 100 * i)).ToArray();
        var sid = Store("s1", messages, usage);
        Store("s2", messages, []);

        AssertSame(messages, MessageTable.Read(_test.Reader, sid));
        Assert.Equal(usage, UsageTable.Read(_test.Reader, sid));
    }

    [Fact]
    public void Replace_NegativeAndUnorderedOrdinals_AreReadInOrder()
    {
        var sid = Store("s1", [SomeSession.Message(7, "c"), SomeSession.Message(-3, "a"), SomeSession.Message(0, "b")], []);
        Assert.Equal("abc", string.Concat(MessageTable.Read(_test.Reader, sid).Select(m => m.Content)));
    }

    [Fact]
    public void Replace_SameContent_ChangesNothing()
    {
        MessageRecord[] messages = [SomeSession.FullMessage(1, 2, 2), SomeSession.FullMessage(2, 0, 0)];
        UsageEventRecord[] usage = [new() { Source = "s", Model = "m", OccurredAt = "" }];
        var sid = Store("s1", messages, usage);
        var before = PublicationTable.Generation(_test.Reader);

        var change = _test.Write(db => MessageTable.Replace(db, sid, messages, usage));

        Assert.Equal(new ContentChange(2, 0, Changed: false), change);
        Assert.Equal(before, PublicationTable.Generation(_test.Reader));
        Assert.Equal("1", SessionTable.Get(_test.Reader, sid)!.Session.TranscriptRevision);
    }

    [Theory]
    [InlineData("a,b,c", "a,b,c,d", 1)]
    [InlineData("a,b,c", "a,b", 0)]
    [InlineData("a,b,c", "a,x,c", 2)]
    [InlineData("a,b,c", "", 0)]
    [InlineData("", "a", 1)]
    public void Replace_ChangedContent_WritesFromTheFirstDifference(string before, string after, int written)
    {
        var sid = Store("s1", SomeSession.Messages(before.Split(',', StringSplitOptions.RemoveEmptyEntries)), []);
        var generation = PublicationTable.Generation(_test.Reader);
        var wanted = SomeSession.Messages(after.Split(',', StringSplitOptions.RemoveEmptyEntries));

        var change = _test.Write(db => MessageTable.Replace(db, sid, wanted, []));

        Assert.Equal(new ContentChange(wanted.Length, written, Changed: true), change);
        AssertSame(wanted, MessageTable.Read(_test.Reader, sid));
        Assert.True(PublicationTable.Generation(_test.Reader) > generation);
        AssertIndexIsSound();
    }

    [Fact]
    public void Replace_OneFieldOfACallOrEventDiffers_IsWritten()
    {
        var sid = Store("s1", [SomeSession.FullMessage(1, 2, 2)], []);
        var changed = SomeSession.FullMessage(1, 2, 2);
        changed.ToolCalls[1].ResultEvents[1].Content = "other";

        Assert.True(_test.Write(db => MessageTable.Replace(db, sid, [changed], [])).Changed);
        AssertSame([changed], MessageTable.Read(_test.Reader, sid));
    }

    [Fact]
    public void Replace_OnlyUsageDiffers_RaisesTheRevisionOnce()
    {
        var sid = Store("s1", SomeSession.Messages("a"), []);
        var change = _test.Write(db => MessageTable.Replace(db, sid, SomeSession.Messages("a"), [new() { Source = "s", Model = "m" }]));

        Assert.Equal(new ContentChange(1, 0, Changed: true), change);
        Assert.Equal("2", SessionTable.Get(_test.Reader, sid)!.Session.TranscriptRevision);
    }

    [Fact]
    public void Replace_RepeatedOrdinal_IsDocumentInvalidAndUndone()
    {
        var sid = Store("s1", SomeSession.Messages("a", "b"), []);
        _test.Write(db =>
        {
            using var step = db.Savepoint();
            var error = Assert.Throws<ArtifactSyncException>(
                () => MessageTable.Replace(db, sid, [SomeSession.Message(1, "x"), SomeSession.Message(1, "y")], []));
            Assert.Equal(ErrorCode.DocumentInvalid, error.Code);
        });
        AssertSame(SomeSession.Messages("a", "b"), MessageTable.Read(_test.Reader, sid));
    }

    [Fact]
    public void Replace_RepeatedUsageKey_IsDocumentInvalid()
    {
        UsageEventRecord[] usage = [new() { Source = "s", Model = "m", DedupKey = "k" }, new() { Source = "s", Model = "n", DedupKey = "k" }];
        Assert.Equal(ErrorCode.DocumentInvalid, Assert.Throws<ArtifactSyncException>(() => Store("s1", [], usage)).Code);
    }

    [Fact]
    public void ReadUsage_MixedTimes_IsOrderedByTimeThenRow()
    {
        UsageEventRecord Event(string model, string time) => new() { Source = "s", Model = model, OccurredAt = time };
        var sid = Store("s1", [], [Event("c", "2026-01-02"), Event("a", ""), Event("d", "2026-01-02"), Event("b", "2026-01-01")]);
        Assert.Equal("abcd", string.Concat(UsageTable.Read(_test.Reader, sid).Select(u => u.Model)));
    }

    [Fact]
    public void Append_NewMessages_RaisesTheRevision()
    {
        var sid = Store("s1", SomeSession.Messages("a"), []);
        Assert.Equal(2, _test.Write(db => MessageTable.Append(db, sid, [SomeSession.Message(1, "b"), SomeSession.Message(2, "c")])));
        Assert.Equal("abc", string.Concat(MessageTable.Read(_test.Reader, sid).Select(m => m.Content)));
        Assert.Equal("2", SessionTable.Get(_test.Reader, sid)!.Session.TranscriptRevision);
        Assert.Equal(2, MessageTable.LastOrdinal(_test.Reader, sid));
    }

    [Fact]
    public void Delete_OwnSession_TakesItsContentAndQueuesIt()
    {
        var sid = Store("s1", [SomeSession.FullMessage(1, 2, 2)], [new() { Source = "s", Model = "m" }]);
        var before = PublicationTable.Generation(_test.Reader);

        Assert.True(_test.Write(db => SessionTable.Delete(db, "s1")));

        foreach (var table in new[] { "sessions", "messages", "tool_calls", "tool_result_events", "usage_events" })
        {
            Assert.Equal(0, _test.Reader.Scalar<long>($"SELECT count(*) FROM {table}"));
        }

        Assert.True(PublicationTable.Generation(_test.Reader) > before);
        Assert.Null(SessionTable.Get(_test.Reader, sid));
        AssertIndexIsSound();
    }

    [Fact]
    public void IsExcluded_OnlyForListedIds()
    {
        _test.Write(db => db.Execute("INSERT INTO excluded_sessions VALUES ('gone', '')"));
        Assert.True(SessionTable.IsExcluded(_test.Reader, "gone"));
        Assert.False(SessionTable.IsExcluded(_test.Reader, "here"));
    }

    [Fact]
    public void Replace_PinnedMessages_PinsSurviveByUuidElseOrdinal()
    {
        var sid = Store("s1", [SomeSession.Message(0, "a", "u0"), SomeSession.Message(1, "b", "u1"), SomeSession.Message(2, "c"), SomeSession.Message(3, "d", "u3"), SomeSession.Message(9, "z")], []);
        _test.Write(db =>
        {
            Pin(db, sid, 0, "u0", "moves");
            Pin(db, sid, 1, "u1", "swaps");
            Pin(db, sid, 2, "", "stays");
            Pin(db, sid, 3, "u3", "lost uuid");
            Pin(db, sid, 9, "", "gone");
        });

        _test.Write(db => MessageTable.Replace(
            db, sid, [SomeSession.Message(0, "b", "u1"), SomeSession.Message(1, "a", "u0"), SomeSession.Message(2, "C"), SomeSession.Message(3, "d", "other")], []));

        Assert.Equal(
            ["0 swaps", "1 moves", "2 stays", "3 lost uuid"],
            _test.Reader.Query("SELECT ordinal || ' ' || note FROM pinned_messages ORDER BY ordinal", r => r.Text(0)));
    }

    [Fact]
    public void Read_Cursors_NeedNoSorting()
    {
        var sid = Store("s1", [SomeSession.FullMessage(1, 2, 2)], []);
        using var cursor = new MessageCursor(_test.Reader, sid);
        string[] statements =
        [
            "SELECT c.cid FROM messages m CROSS JOIN tool_calls c ON c.mid = m.mid WHERE m.sid = 1 ORDER BY m.ordinal, c.call_index",
            """
            SELECT e.cid FROM messages m CROSS JOIN tool_calls c ON c.mid = m.mid CROSS JOIN tool_result_events e ON e.cid = c.cid
            WHERE m.sid = 1 ORDER BY m.ordinal, c.call_index, e.event_index
            """,
            "SELECT mid FROM messages WHERE sid = 1 ORDER BY ordinal",
        ];
        foreach (var sql in statements)
        {
            var plan = string.Join('\n', _test.Reader.Query("EXPLAIN QUERY PLAN " + sql, r => r.Text(3)));
            Assert.DoesNotContain("TEMP B-TREE", plan);
        }
    }

    private static void Pin(Database db, long sid, long ordinal, string uuid, string note) => db.Execute(
        "INSERT INTO pinned_messages(sid, ordinal, source_uuid, note, created_at) VALUES (?, ?, ?, ?, '')", sid, ordinal, uuid, note);

    private static void AssertSame(IEnumerable<MessageRecord> expected, IEnumerable<MessageRecord> actual) =>
        Assert.Equal(expected.Select(Print), actual.Select(Print));

    private static string Print(MessageRecord message) => System.Text.Json.JsonSerializer.Serialize(message);

    private long Store(string id, MessageRecord[] messages, UsageEventRecord[] usage) => _test.Write(db =>
    {
        var sid = SessionTable.Put(db, SomeSession.Row(id));
        MessageTable.Replace(db, sid, messages, usage);
        return sid;
    });

    private void AssertIndexIsSound() => _test.Write(db => db.Execute("INSERT INTO message_text(message_text) VALUES ('integrity-check')"));
}
