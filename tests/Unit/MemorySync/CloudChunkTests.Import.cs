using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>What an import of chunks at a server does to rows, versions and journal.</summary>
public sealed partial class CloudChunkTests
{
    [Fact]
    public void Import_IsNeverJournalled_ItsVersionsAre0_AndAStoredNumberStays()
    {
        Seed("o1", "o2");
        _a.AddPrompt("pr", "s");
        Sync(_a);
        Sync(_b);
        var before = (Version(_b, "o1").Seq, Register(_b, "started_at").Seq);
        _a.Clock.Advance(TimeSpan.FromHours(1));
        _a.Edit("o1", "newer");
        _a.Save("o3", "s", "c");
        _a.AddPrompt("pr2", "s");
        _a.EndSession("s", "done");
        _a.ExportCloud("p");
        Assert.Equal("Imported", _b.ImportCloud("p").Status);

        Assert.Equal(0, _b.Pending);
        Assert.Equal(_a.Content(), _b.Content());
        Assert.Equal(before, (Version(_b, "o1").Seq, Register(_b, "started_at").Seq));
        Assert.Equal((0L, 0L), (Version(_b, "o3").Seq, Register(_b, "ended_at").Seq));
        Assert.Equal(0, VersionTable.Find(_b.Db, Entity.Prompt, "pr2")!.Value.Seq);

        Sync(_b);
        Assert.Empty(Proof(_b));
    }

    [Fact]
    public void Import_LeavesChangesAlone_ThatWereNotSentYet()
    {
        Seed("o1", "o2");
        Sync(_a);
        Sync(_b);
        _b.Edit("o1", "own, not sent");
        _b.HardDelete("o2");
        _b.EndSession("s", "own summary");
        _a.Clock.Advance(TimeSpan.FromHours(1));
        _a.Edit("o1", "theirs, later");
        _a.Edit("o2", "theirs, later");
        _a.EndSession("s", "their summary");
        _a.ExportCloud("p");

        Assert.Equal("Imported", _b.ImportCloud("p").Status);
        Assert.Equal("own, not sent", ObservationTable.Find(_b.Db, "o1")!.Content);
        Assert.Null(ObservationTable.Find(_b.Db, "o2"));
        Assert.Equal("own summary", MemorySessionTable.Find(_b.Db, "s")!.Summary);
        Assert.Equal((null, null, null), (Version(_b, "o1").Seq, Version(_b, "o2").Seq, Register(_b, "summary").Seq));
        for (var round = 0; round < 2; round++)
        {
            Sync(_b);
            Sync(_a);
        }

        Assert.Equal(_a.Content(), _b.Content());
        Assert.Equal("own, not sent", ObservationTable.Find(_a.Db, "o1")!.Content);
    }

    [Fact]
    public void Import_OfDeletes_RemovesRowsPromptsAndSessions_AsGoneUnder0()
    {
        Seed("o1", "soft");
        _a.AddPrompt("pr", "s");
        _a.CreateSession("old", "p", "/d");
        _a.ExportCloud("p");
        _b.ImportCloud("p");
        _a.Clock.Advance(TimeSpan.FromMinutes(5));
        _a.HardDelete("o1");
        _a.SoftDelete("soft");
        _a.DeletePrompt("pr");
        _a.DeleteSession("old");
        Assert.Equal(4, Assert.Single(_a.ExportCloud("p")).Deletes);
        Assert.Equal(1, _b.ImportCloud("p").ChunksImported);

        Assert.Equal(_a.Content(), _b.Content());
        Assert.Equal(0, _b.Pending);
        Assert.Equal((VersionState.Gone, 0L), (Version(_b, "o1").State, Version(_b, "o1").Seq));
        Assert.Equal((VersionState.Gone, 0L), (VersionTable.Find(_b.Db, Entity.Session, "old") is { } v ? (v.State, v.Seq) : default));
        Assert.Equal((VersionState.Deleted, 0L), (Version(_b, "soft").State, Version(_b, "soft").Seq));
    }
}
