using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Archive;

public sealed class SessionReaderTests : IDisposable
{
    private readonly TestArchive _test = new();

    public SessionReaderTests() => _test.Write(db =>
    {
        StateTable.Set(db, StateTable.OriginId, "me-000000");
        Add(db, "own-1", "Alpha_app", "2026-01-01T10:00:00Z", null, "first run", "the quick brown fox", "nothing here");
        Add(db, "own-2", "beta%app", "2026-01-02T10:00:00+02:00", "My Title", "second", "a quick note", "fox fox fox");
        Add(db, "peer-aaaaaa~x", "Gamma", "2026-01-03T10:00:00Z", null, null, "ünïcode café c++ O'Brien \"quoted\" don't foo_bar");
        Add(db, "own-3", "trash", null, null, null, "the quick brown fox in the bin");
        db.Execute("UPDATE sessions SET deleted_at = '2026-02-01T00:00:00Z' WHERE id = 'own-3'");
        db.Execute("INSERT INTO starred_sessions VALUES ('own-2', '')");
        db.Execute("INSERT INTO pinned_messages(sid, ordinal, created_at) SELECT sid, 0, '' FROM sessions WHERE id = 'own-2'");
        db.Execute(
            """
            INSERT INTO metadata_conflicts(session_gid, field, winning_order_key, losing_order_key, winning_origin, losing_origin, winning_op,
              losing_op, winning_value, losing_value, created_at) VALUES ('me-000000~own-1', 'name', '', '', '', '', '', '', '', '', 0)
            """);
    });

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Read_NoFilter_GivesNewestFirstWithoutTrash() => Assert.Equal(["peer-aaaaaa~x", "own-2", "own-1"], Ids(new SessionQuery()));

    [Fact]
    public void Read_Everything_IsFilled()
    {
        var one = Read(new SessionQuery { SessionIds = ["own-1"] }).Single();
        var two = Read(new SessionQuery { SessionIds = ["own-2"] }).Single();
        var peer = Read(new SessionQuery { SessionIds = ["peer-aaaaaa~x"] }).Single();

        Assert.Equal(("first run", true, "me-000000", false, 0, true), (one.Name, one.IsOwn, one.Origin, one.Starred, one.Pins.Count, one.HasConflict));
        Assert.Equal(("My Title", "My Title", "second", true, 1, false), (two.Name, two.DisplayName, two.SessionName, two.Starred, two.Pins.Count, two.HasConflict));
        Assert.Equal((null, false, "peer-aaaaaa", 1), (peer.Name, peer.IsOwn, peer.Origin, peer.MessageCount));
        Assert.Equal(TimeSpan.FromHours(2), two.StartedAt!.Value.Offset);
        Assert.Equal(10, two.StartedAt.Value.Hour);
        Assert.Null(two.EndedAt);
    }

    [Theory]
    [InlineData("alpha_app", "own-1")]
    [InlineData("Alpha?app", "own-1")]
    [InlineData("*a%app", "own-2")]
    [InlineData("a_pha*", "")]
    [InlineData("%", "")]
    [InlineData("*", "peer-aaaaaa~x own-2 own-1")]
    [InlineData("\\", "")]
    public void Read_ProjectPattern_MatchesWildcardsOnly(string pattern, string ids) =>
        Assert.Equal(ids, string.Join(' ', Ids(new SessionQuery { Project = pattern })));

    [Theory]
    [InlineData("my*", "own-2")]
    [InlineData("second", "")]
    [InlineData("first*", "own-1")]
    public void Read_NamePattern_MatchesTitleElseGivenName(string pattern, string ids) =>
        Assert.Equal(ids, string.Join(' ', Ids(new SessionQuery { Name = pattern })));

    [Theory]
    [InlineData("me-*", "own-2 own-1")]
    [InlineData("peer-aaaaaa", "peer-aaaaaa~x")]
    public void Read_OriginPattern_KnowsOwnSessions(string pattern, string ids) =>
        Assert.Equal(ids, string.Join(' ', Ids(new SessionQuery { Origin = pattern })));

    [Fact]
    public void Read_Since_ComparesInstants()
    {
        // own-2 began at 08:00 UTC.
        Assert.Equal(["peer-aaaaaa~x"], Ids(new SessionQuery { Since = new DateTimeOffset(2026, 1, 2, 8, 0, 1, TimeSpan.Zero) }));
        Assert.Equal(["peer-aaaaaa~x", "own-2"], Ids(new SessionQuery { Since = new DateTimeOffset(2026, 1, 2, 10, 0, 0, TimeSpan.FromHours(2)) }));
    }

    [Fact]
    public void Read_Flags_Filter()
    {
        Assert.Equal(["own-2"], Ids(new SessionQuery { Starred = true }));
        Assert.Equal(["peer-aaaaaa~x", "own-1"], Ids(new SessionQuery { Starred = false }));
        Assert.Equal(["own-3"], Ids(new SessionQuery { Trashed = true }));
        var trashed = Read(new SessionQuery { Trashed = true }).Single();
        Assert.True(trashed.Trashed);
        Assert.Equal(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero), trashed.DeletedAt);
        Assert.Equal(["peer-aaaaaa~x", "own-2"], Ids(new SessionQuery { First = 2 }));
        Assert.Empty(Ids(new SessionQuery { First = 0 }));
    }

    [Theory]
    [InlineData("quick fox", "own-1")]
    [InlineData("quick", "own-1 own-2")]
    [InlineData("\"quick brown\"", "own-1")]
    [InlineData("\"brown quick\"", "")]
    [InlineData("qui*", "own-1 own-2")]
    [InlineData("\"quick bro\"*", "own-1")]
    [InlineData("qui", "")]
    [InlineData("QUICK Fox", "own-1")]
    [InlineData("cafe", "peer-aaaaaa~x")]
    [InlineData("ÜNICODE", "peer-aaaaaa~x")]
    [InlineData("foo_bar", "peer-aaaaaa~x")]
    [InlineData("don't", "peer-aaaaaa~x")]
    public void Read_Text_FindsWordsPhrasesAndPrefixes(string text, string ids) =>
        Assert.Equal(ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), Ids(new SessionQuery { Text = text }).Order());

    [Theory]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("*")]
    [InlineData("***")]
    [InlineData("AND")]
    [InlineData("OR NOT")]
    [InlineData("NEAR(a b, 3")]
    [InlineData("content:quick")]
    [InlineData("^quick")]
    [InlineData("{content} : x")]
    [InlineData("a + b - c")]
    [InlineData("(((")]
    [InlineData("'; DROP TABLE sessions; --")]
    [InlineData("\"unterminated phrase")]
    [InlineData("x\"y\"z")]
    [InlineData("\u0000")]
    [InlineData("a\u0000b\"\u0000")]
    [InlineData("\ud800")]
    [InlineData("\ud800x*")]
    [InlineData("💡 ½ Ⅷ")]
    [InlineData("...*")]
    [InlineData("   ")]
    [InlineData("-quick")]
    [InlineData("quick.*")]
    public void Read_HostileText_IsNeverAnError(string text) => Assert.NotNull(Ids(new SessionQuery { Text = text }));

    [Fact]
    public void Read_RandomText_IsNeverAnError()
    {
        const string alphabet = "ab\"'*()^:+-{}\\ \t\0,NEARANDORNOT\ud83d\udca1\u00e9";
        var random = new Random(4);
        for (var i = 0; i < 2000; i++)
        {
            var text = new string(random.GetItems(alphabet.AsSpan(), random.Next(1, 30)));
            Assert.NotNull(Ids(new SessionQuery { Text = text }));
        }
    }

    [Fact]
    public void Read_HugeText_IsRefused() => Assert.Equal(
        ErrorCode.InvalidArgument,
        Assert.Throws<ArtifactSyncException>(() => Ids(new SessionQuery { Text = new string('x', 5000) })).Code);

    [Fact]
    public void Read_TextOfManyTerms_IsNoError() =>
        Assert.Empty(Ids(new SessionQuery { Text = string.Join(' ', Enumerable.Repeat("w", 2048)) }));

    [Fact]
    public void Read_Text_GivesBestPassageOfEachSession()
    {
        var best = Read(new SessionQuery { Text = "fox", First = 1 }).Single();
        Assert.Equal(("own-2", "«fox» «fox» «fox»"), (best.SessionId, best.Snippet));
        Assert.Contains("«quick»", Read(new SessionQuery { Text = "quick", Project = "alpha*" }).Single().Snippet);
        Assert.Null(Read(new SessionQuery { SessionIds = ["own-1"] }).Single().Snippet);
    }

    [Fact]
    public void Read_AfterRewriteAndDelete_FindsOnlyWhatIsThere()
    {
        _test.Write(db =>
        {
            MessageTable.Replace(db, SessionTable.FindSid(db, "own-1")!.Value, SomeSession.Messages("entirely new"), []);
            SessionTable.Delete(db, "own-2");
        });
        Assert.Empty(Ids(new SessionQuery { Text = "fox" }));
        Assert.Equal(["own-1"], Ids(new SessionQuery { Text = "entirely" }));
    }

    [Fact]
    public void Read_IncludeMessages_AttachesThemWithToolCalls()
    {
        var time = "2026-01-01T10:00:00.123456789+01:00";
        _test.Write(db => MessageTable.Replace(
            db,
            SessionTable.FindSid(db, "own-1")!.Value,
            [new MessageRecord { Ordinal = 0, Role = "assistant", Content = "hi", ThinkingText = "hm", Model = "m", Timestamp = time, ToolCalls = [new() { ToolName = "Bash", InputJson = "{}", ResultContent = "" }] }],
            []));

        var message = Read(new SessionQuery { SessionIds = ["own-1"], IncludeMessages = true }).Single().Messages.Single();

        Assert.Equal(("own-1", 0, "assistant", "m", "hi", "hm"), (message.SessionId, message.Ordinal, message.Role, message.Model, message.Content, message.Thinking));
        Assert.Equal(TimeSpan.FromHours(1), message.Timestamp!.Value.Offset);
        Assert.Equal(new ArchiveToolCall("Bash", "", "{}", null, null), message.ToolCalls.Single());
        Assert.Empty(Read(new SessionQuery { SessionIds = ["own-2"] }).Single().Messages);
    }

    private static void Add(Database db, string id, string project, string? started, string? title, string? name, params string[] contents)
    {
        var split = id.IndexOf('~', StringComparison.Ordinal);
        var row = new SessionRow
        {
            Own = split < 0,
            Origin = split < 0 ? "" : id[..split],
            SessionName = name,
            Session = new SessionRecord { Id = id, Project = project, StartedAt = started, DisplayName = title, MessageCount = contents.Length },
        };
        MessageTable.Replace(db, SessionTable.Put(db, row), SomeSession.Messages(contents), []);
    }

    private List<ArchiveSession> Read(SessionQuery query) => [.. SessionReader.Read(_test.Reader, query, "/archive")];

    private string[] Ids(SessionQuery query) => [.. Read(query).Select(s => s.SessionId)];
}
