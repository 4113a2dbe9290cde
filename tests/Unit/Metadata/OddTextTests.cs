using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Titles and notes of any text arrive on the other machine as they were given.</summary>
[Trait("Category", "Metadata")]
public sealed class OddTextTests : IDisposable
{
    private const string Own = "s1";
    private const string Gid = "alpha-0a1b2c~s1";

    private static readonly Dictionary<string, string> s_texts = new(StringComparer.Ordinal)
    {
        ["controls"] = string.Concat(Enumerable.Range(1, 31).Select(static c => (char)c)) + "\u007f\u0080\u0085\u009f",
        ["NUL"] = "before\0after",
        ["line and paragraph separators, BOM, bidi"] = "a\u2028b\u2029c\ufeffd\u202ee\u200f",
        ["escapes and markup"] = "\\ \" ' / <b>&amp;</b> \\u0041 {\"display_name\":null}",
        ["blanks"] = " \t ",
        ["pairs and combining marks"] = "\ud834\udd1e e\u0301 日本語",
        ["1 MB"] = new string('x', 1024 * 1024),
        ["1 MB of three-byte letters"] = new string('語', 1024 * 1024 / 3),
        ["1 MB of what is escaped sixfold"] = new string('\u0001', 1024 * 1024),
    };

    private readonly LedgerMachine _author = new("alpha-0a1b2c");
    private readonly LedgerMachine _reader = new("bravo-3d4e5f");

    public OddTextTests()
    {
        _author.AddSession(Own);
        _reader.AddSession(Gid);
    }

    public static TheoryData<string> Names => [.. s_texts.Keys];

    public void Dispose()
    {
        _author.Dispose();
        _reader.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TitleAndNote_RecordedAndReplayed_AreTheSameText(string name)
    {
        string text = s_texts[name];
        Assert.True(_author.Recorder.SetDisplayName(_author.Lease, Own, text));
        Assert.True(_author.Recorder.AddPin(_author.Lease, Own, 1, text));
        Assert.False(_author.Recorder.SetDisplayName(_author.Lease, Own, text));
        Assert.False(_author.Recorder.AddPin(_author.Lease, Own, 1, text));

        _reader.Receive(_author.Store.Of(_author.Origin));
        ReplayResult result = _reader.Replay();

        Assert.Equal((2, 0, 0), (result.Imported, result.Deferred, result.Quarantined));
        foreach ((LedgerMachine machine, string id) in new[] { (_author, Own), (_reader, Gid) })
        {
            CuratedSession session = LedgerRows.Session(machine.Db, id)!;
            Assert.True(text == session.DisplayName, $"{name} on {machine.Origin}");
            Assert.True(text == Assert.Single(CurationTable.Pins(machine.Db, session.Sid)).Note, $"{name} on {machine.Origin}");
        }

        Assert.Equal(LedgerRows.Registers(_author.Db), LedgerRows.Registers(_reader.Db));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Conflict_OfOddTexts_IsListedWithBothAndItsLoserCanBeAccepted(string name)
    {
        string text = s_texts[name];
        using var folder = new TempFolder();
        folder.CreateDirectory("share");
        var alpha = new TestMachine(folder["alpha"], "alpha-0a1b2c");
        var bravo = new TestMachine(folder["bravo"], "bravo-3d4e5f");
        alpha.Write(Own, ["one", "two"]);
        Exchange(folder["share"], alpha, bravo);
        Edit(alpha, CurationEdit.SetDisplayName(Own, text));
        Edit(bravo, CurationEdit.SetDisplayName(Gid, text + "!"));
        Exchange(folder["share"], alpha, bravo, alpha);

        var engine = new SyncEngine(alpha.Options);
        MetaConflict conflict = Assert.Single(engine.GetConflicts(new ConflictQuery()));
        Assert.True(text + "!" == conflict.WinningValue && text == conflict.LosingValue, name);
        Assert.Null(Assert.Single(engine.Resolve([new ConflictDecision(conflict.ConflictId, ConflictChoice.Loser, text)], CancellationToken.None)).Error);
        Exchange(folder["share"], alpha, bravo);

        Assert.True(text == bravo.Read(static db => LedgerRows.Session(db, Gid)!.DisplayName), name);
        Assert.Empty(new SyncEngine(bravo.Options).GetConflicts(new ConflictQuery { Unresolved = true }));
        Assert.True(text == Assert.Single(engine.GetConflicts(new ConflictQuery { ConflictIds = [conflict.ConflictId] })).Note, name);
    }

    private static void Exchange(string share, params TestMachine[] machines) =>
        Assert.All(machines, machine => Assert.Equal(RunStatus.Succeeded, machine.Exchange(share).Status));

    private static void Edit(TestMachine machine, CurationEdit edit) =>
        Assert.True(Assert.Single(new SyncEngine(machine.Options).Edit([edit], CancellationToken.None)).Changed);
}
