using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Memory;

/// <summary>The cases of section 9.2 that are about directories, by number.</summary>
[Trait("Category", "Memory")]
public sealed class ChunkTests
{
    [Fact]
    [Trait("Case", "15")]
    [Trait("Case", "16")]
    public void Case15And16_ExportAgain_NothingNew_ImportAgain_AllSkipped_IdIsTheHash()
    {
        using var author = new MemoryMachine();
        using var peer = new MemoryMachine();
        author.Import(Doc.Of(Doc.Observation(), Doc.Prompt()));
        var chunk = author.ExportChunk(author["dir"]);
        Assert.Equal(("Exported", 1, 1, 1), (chunk.Status, chunk.Sessions, chunk.Observations, chunk.Prompts));
        using var content = ChunkFile.Decompress(File.ReadAllBytes(chunk.File!));
        Assert.Equal(chunk.ChunkId, Convert.ToHexStringLower(SHA256.HashData(content.ToArray()))[..8]);
        var entry = JsonNode.Parse(File.ReadAllText(Path.Combine(author["dir"], "manifest.json")))!["chunks"]![0]!;
        Assert.Equal((1, 1, 1), ((int)entry["sessions"]!, (int)entry["memories"]!, (int)entry["prompts"]!));
        Assert.Equal("Unchanged", author.ExportChunk(author["dir"]).Status);
        Assert.Equal(1, peer.ImportChunks(author["dir"]).ChunksImported);
        var again = peer.ImportChunks(author["dir"]);
        Assert.Equal((0, 1, "Unchanged"), (again.ChunksImported, again.ChunksSkipped, again.Status));
        Assert.Equal("Unchanged", peer.ExportChunk(author["dir"]).Status);
    }

    [Theory]
    [Trait("Case", "17")]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Case17_SessionInAnotherChunk_BothImportInAnyOrder(int first, int second)
    {
        using var machine = new MemoryMachine();
        string[] chunks = [Lists(sessions: [Doc.Session()]), Lists(observations: [Doc.Observation()])];
        Write(machine["dir"], chunks[first], chunks[second]);
        var result = machine.ImportChunks(machine["dir"]);
        Assert.Equal((2, 1, 1), (result.ChunksImported, result.SessionsImported, result.ObservationsInserted));
    }

    [Fact]
    [Trait("Case", "18")]
    public void Case18_SessionNowhere_StallsAndNamesIt_NothingOfThatChunkIsStored()
    {
        using var machine = new MemoryMachine();
        var ids = Write(machine["dir"], Lists(sessions: [Doc.Session()]), Lists(observations: [Doc.Observation(), Doc.Observation(key: "obs-2", session: "nowhere")]));
        var result = machine.ImportChunks(machine["dir"]);
        Assert.Equal(("Failed", nameof(ErrorCode.MemoryChunkStalled), 1L), (result.Status, result.ErrorCode, result.ChunksImported));
        Assert.All((string[])["stalled", ids[1], "nowhere"], part => Assert.Contains(part, result.ErrorMessage, StringComparison.Ordinal));
        Assert.Null(machine.Observation(Doc.Key));
    }

    [Fact]
    [Trait("Case", "19")]
    public void Case19_MissingFile_IsSkippedAndNotRecorded()
    {
        using var machine = new MemoryMachine();
        var ids = Write(machine["dir"], Lists(sessions: [Doc.Session()]), Lists(observations: [Doc.Observation()]));
        var file = ChunkFile.PathOf(machine["dir"], ids[1]);
        File.Move(file, file + ".away");
        Assert.Equal((1, 1), (machine.ImportChunks(machine["dir"]) is var r ? (r.ChunksImported!.Value, r.ChunksSkipped!.Value) : default));
        File.Move(file + ".away", file);
        Assert.Equal(1, machine.ImportChunks(machine["dir"]).ChunksImported);
    }

    [Theory]
    [Trait("Case", "19")]
    [InlineData("gzip")]
    [InlineData("json")]
    [InlineData("manifest")]
    public void Case19_DamagedFile_IsAnError_AndNothingOfItIsStored(string damage)
    {
        using var machine = new MemoryMachine();
        var ids = Write(machine["dir"], damage == "json" ? "{\"sessions\":[" : Lists(sessions: [Doc.Session()]));
        switch (damage)
        {
            case "gzip": File.WriteAllBytes(ChunkFile.PathOf(machine["dir"], ids[0]), [0x1f, 0x8b, 8, 0, 0]); break;
            case "manifest": File.WriteAllText(Path.Combine(machine["dir"], "manifest.json"), "{\"chunks\":"); break;
        }

        var result = machine.ImportChunks(machine["dir"]);
        Assert.Equal(("Failed", nameof(ErrorCode.MemoryChunkInvalid)), (result.Status, result.ErrorCode));
        Assert.Contains(damage == "manifest" ? "manifest" : ids[0], result.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(machine.Rows()["sessions"]!.AsArray());
        Assert.False(machine.Read(db => ChunkTable.Has(db, "local", ids[0])));
    }

    [Fact]
    [Trait("Case", "20")]
    public void Case20_FaultInsideAChunk_RollsItBack_AGoodChunkOfThatIdImportsLater()
    {
        using var machine = new MemoryMachine();
        var ids = Write(machine["dir"], Lists(sessions: [Doc.Session()], observations: [Doc.Observation()]));
        machine.Sql("CREATE TRIGGER refuse BEFORE INSERT ON memory_observations BEGIN SELECT raise(ABORT, 'refused'); END");
        Assert.Equal("Failed", machine.ImportChunks(machine["dir"]).Status);
        Assert.Empty(machine.Rows()["sessions"]!.AsArray());
        Assert.False(machine.Read(db => ChunkTable.Has(db, "local", ids[0])));
        machine.Sql("DROP TRIGGER refuse");
        Assert.Equal(1, machine.ImportChunks(machine["dir"]).ChunksImported);
    }

    [Fact]
    [Trait("Case", "21")]
    public void Case21_OneIdForTwoTargets_IsIndependent()
    {
        using var machine = new MemoryMachine();
        machine.Change(change => ChunkTable.Add(change.Db, " Cloud:demo ", "aaaaaaaa", 1));
        Assert.True(machine.Read(db => ChunkTable.Has(db, "cloud:demo", "aaaaaaaa")));
        Assert.False(machine.Read(db => ChunkTable.Has(db, "", "aaaaaaaa")));
    }

    [Fact]
    [Trait("Case", "22")]
    public void Case22_DiedAfterTheChunkWasWritten_TheNextExportFindsItAndWritesNoSecond()
    {
        foreach (var step in (string[])["memory:chunk-written", "memory:manifest-written"])
        {
            var fails = true;
            using var machine = new MemoryMachine(checkpoint: at => _ = at == step && fails ? throw new InvalidOperationException(step) : 0);
            machine.Import(Doc.Of(Doc.Observation(), Doc.Prompt()));
            Assert.Throws<InvalidOperationException>(() => machine.ExportChunk(machine["dir"]));
            fails = false;
            machine.ExportChunk(machine["dir"]);
            Assert.Single(Directory.GetFiles(ChunkFile.FolderOf(machine["dir"])));
            Assert.Single(ChunkManifest.Read(machine["dir"]).Entries);
            Assert.Equal("Unchanged", machine.ExportChunk(machine["dir"]).Status);
        }
    }

    [Fact]
    [Trait("Case", "23")]
    public void Case23_RecordingFails_OrSucceeds_TheJournalIsNotAcked()
    {
        using var machine = new MemoryMachine();
        machine.Enroll("demo");
        machine.Change(static change => Backfill.Run(change, "demo"));
        machine.Import(Doc.Of(Doc.Observation(), Doc.Prompt()));
        machine.Sql("CREATE TRIGGER refuse BEFORE INSERT ON memory_chunks BEGIN SELECT raise(ABORT, 'refused'); END");
        Assert.Equal("Failed", machine.ExportChunk(machine["dir"]).Status);
        Assert.Equal(3, machine.Read(db => JournalTable.Sendable(db, 0, 10)).Count);
        machine.Sql("DROP TRIGGER refuse");
        Assert.NotEqual("Failed", machine.ExportChunk(machine["dir"]).Status);
        Assert.True(machine.Read(db => ChunkTable.Has(db, "local", ChunkManifest.Read(machine["dir"]).Entries[0].Id)));
        Assert.Equal(3, machine.Read(db => JournalTable.Sendable(db, 0, 10)).Count); // a directory is no server
    }

    [Fact]
    [Trait("Case", "75")]
    public void Case75_TwoRowsWithOneId_ADeleteInAChunkLeavesNoLiveCopy()
    {
        foreach (var isHard in (bool[])[false, true])
        {
            using var machine = new MemoryMachine();
            machine.Import(Doc.Of(Doc.Observation("old")));
            machine.Change(change => ObservationTable.Insert(change.Db, ObservationTable.Find(change.Db, Doc.Key)! with { Content = "twin" }));
            Write(machine["dir"], Lists(mutations: [Mutation("observation", Doc.Key, "delete", new()
            {
                ["sync_id"] = Doc.Key, ["deleted"] = true, ["deleted_at"] = "2026-04-28 00:00:00", ["hard_delete"] = isHard,
            })]));
            Assert.Equal("Imported", machine.ImportChunks(machine["dir"]).Status);
            Assert.Equal(isHard ? 0 : 1, machine.Rows()["observations"]!.AsArray().Count);
            Assert.All(machine.Rows()["observations"]!.AsArray(), row => Assert.NotNull(row!["deleted_at"]));
        }
    }

    [Fact]
    [Trait("Case", "24")]
    public void Case24_DeleteBeforeADelayedRow_TheRowStaysAway()
    {
        using var machine = new MemoryMachine();
        var delete = Mutation("observation", Doc.Key, "delete", new() { ["sync_id"] = Doc.Key, ["hard_delete"] = true, ["deleted_at"] = "2026-04-27 09:30:00" });
        Write(machine["dir"], Lists(mutations: [delete]), Lists(sessions: [Doc.Session()], observations: [Doc.Observation()]));
        Assert.Equal((2, 1), (machine.ImportChunks(machine["dir"]) is var r ? (r.ChunksImported!.Value, r.ObservationsSkipped) : default));
        Assert.Null(machine.Observation(Doc.Key));
    }

    [Fact]
    [Trait("Case", "25")]
    public void Case25_ExplicitMutationBeatsTheRow_UnrelatedSessionIsDropped()
    {
        using var machine = new MemoryMachine();
        var explicitRow = Doc.Observation("explicit", "2026-04-27 09:10:00");
        Write(machine["dir"], Lists(
            sessions: [Doc.Session(), Doc.Session("rides-along")], observations: [Doc.Observation("row", "2026-04-28 00:00:00")],
            mutations: [Mutation("observation", Doc.Key, "upsert", explicitRow)]));
        var result = machine.ImportChunks(machine["dir"]);
        Assert.Equal((1, 1), (result.SessionsImported, result.ObservationsInserted));
        Assert.Equal("explicit", machine.Observation(Doc.Key)!.Content);
    }

    [Fact]
    [Trait("Case", "78")]
    public void Case78_EditsDeletesAndEndsAfterTheLastChunk_AreExportedOnceEach()
    {
        using var author = new MemoryMachine();
        using var peer = new MemoryMachine();
        author.Import(Doc.Of(Doc.Observation(), Doc.Observation("soft", key: "obs-2"), Doc.Observation("hard", key: "obs-3"), Doc.Prompt()));
        author.ExportChunk(author["dir"]);
        peer.ImportChunks(author["dir"]);
        author.Clock.Advance(TimeSpan.FromMinutes(1));
        author.Engine.EditMemory(Doc.Key, new MemoryEdit { Content = "edited" });
        author.Engine.RemoveMemory("obs-2", permanent: false);
        author.Engine.RemoveMemory("obs-3", permanent: true);
        author.Change(change =>
        {
            change.DeletePrompt(PromptTable.Find(change.Db, Doc.PromptKey)!, change.Now);
            change.SaveSession(MemorySessionTable.Find(change.Db, "s1")! with { EndedAt = change.Now, Summary = "done" });
        });
        var second = author.ExportChunk(author["dir"]);
        Assert.Equal((1, 2, 0, 2), (second.Sessions, second.Observations, second.Prompts, second.Deletes));
        Assert.Equal("Unchanged", author.ExportChunk(author["dir"]).Status);
        peer.ImportChunks(author["dir"]);
        AssertSame(author, peer);
        Assert.Equal("Unchanged", peer.ExportChunk(author["dir"]).Status);
        Assert.Null(peer.Observation("obs-3"));
        Assert.Equal("done", (string?)peer.Rows()["sessions"]![0]!["summary"]);
    }

    [Fact]
    [Trait("Case", "79")]
    public void Case79_RowsAreNeverChosenByTime()
    {
        using var author = new MemoryMachine(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        author.Engine.AddMemory(new MemoryAddition { Title = "a", Content = "a" });
        author.ExportChunk(author["dir"]);
        author.Engine.AddMemory(new MemoryAddition { Title = "b", Content = "same second" });
        Assert.Equal(1, author.ExportChunk(author["dir"]).Observations);
        author.Clock.Advance(TimeSpan.FromDays(-30));
        author.Engine.AddMemory(new MemoryAddition { Title = "c", Content = "older than the last chunk" });
        Assert.Equal(1, author.ExportChunk(author["dir"]).Observations);
        var manifest = Path.Combine(author["dir"], "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("2026-06-01T12:00:00Z", "zzz", StringComparison.Ordinal));
        author.Engine.AddMemory(new MemoryAddition { Title = "d", Content = "under a time that cannot be read" });
        Assert.Equal(1, author.ExportChunk(author["dir"]).Observations);
    }

    [Fact]
    [Trait("Case", "80")]
    public void Case80_TwoDirectories_EachComplete_AndATieStopsAfterOneChunkEach()
    {
        using var one = new MemoryMachine();
        one.Import(Doc.Of(Doc.Observation("one")));
        Assert.Equal(1, one.ExportChunk(one["first"]).Observations);
        Assert.Equal(1, one.ExportChunk(one["second"]).Observations);
        Assert.Equal("Unchanged", one.ExportChunk(one["first"]).Status);
        using var two = new MemoryMachine();
        two.Import(Doc.Of(Doc.Observation("two"))); // the same version, other text
        Assert.Equal("Exported", two.ExportChunk(one["first"]).Status);
        Assert.Equal("Unchanged", one.ExportChunk(one["first"]).Status);
        Assert.Equal("Unchanged", two.ExportChunk(one["first"]).Status);
        Assert.Equal(("one", "two"), (one.Observation(Doc.Key)!.Content, two.Observation(Doc.Key)!.Content));
    }

    [Fact]
    [Trait("Case", "81")]
    public void Case81_WhatCanNeverApplyIsPutAside_TheRestIsApplied()
    {
        using var machine = new MemoryMachine();
        Write(machine["dir"], Lists(
            sessions: [Doc.Session()], observations: [Doc.Observation()],
            mutations:
            [
                Mutation("planet", "x", "upsert", new() { ["sync_id"] = "x" }),
                Mutation("observation", "obs-9", "replace", Doc.Observation(key: "obs-9")),
                Raw("observation", "obs-8", "upsert", "\"text\""),
                Mutation("observation", "obs-7", "upsert", Doc.Observation(key: "obs-6")),
                Mutation("relation", "rel-1", "upsert", new() { ["sync_id"] = "rel-1", ["source_id"] = Doc.Key, ["target_id"] = "obs-none" }),
            ]));
        var result = machine.ImportChunks(machine["dir"]);
        Assert.True(result.ErrorMessage is null, result.ErrorMessage);
        Assert.Equal((1, 1), (result.ChunksImported!.Value, result.ObservationsInserted));
        Assert.Equal((1L, 4L), machine.Read(DeferredTable.Count));
        Assert.Equal(4, machine.Engine.GetMemoryQuarantine(null).Count(static q => q.Direction == "Incoming"));
        // The endpoint arrives: the relation applies by itself.
        Write(machine["later"], Lists(sessions: [Doc.Session()], observations: [Doc.Observation(key: "obs-none")]));
        machine.ImportChunks(machine["later"]);
        Assert.NotNull(machine.Read(db => RelationTable.Find(db, "rel-1")));
        Assert.Equal((0L, 4L), machine.Read(DeferredTable.Count));
    }

    [Fact]
    [Trait("Case", "82")]
    public void Case82_TwoRowsWithoutId_StayTwo_WithTheSameIdsEverywhere_AndAreNotExportedAgain()
    {
        using var one = new MemoryMachine();
        using var two = new MemoryMachine();
        Write(one["dir"], Lists(sessions: [Doc.Session()], observations: [Doc.Observation("a", key: ""), Doc.Observation("b", key: "")], prompts: [Doc.Prompt(key: "")]));
        one.ImportChunks(one["dir"]);
        two.ImportChunks(one["dir"]);
        Assert.Equal(2, one.Rows()["observations"]!.AsArray().Count);
        AssertSame(one, two);
        Assert.Equal("Unchanged", one.ExportChunk(one["dir"]).Status);
        Assert.Equal("Unchanged", two.ExportChunk(one["dir"]).Status);
    }

    [Theory]
    [Trait("Case", "83")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a\\\\b")]
    public void Case83_AnIdThatIsAPath_IsRefusedBeforeAnythingIsOpened(string id)
    {
        using var machine = new MemoryMachine();
        Directory.CreateDirectory(machine["dir"]);
        File.WriteAllText(Path.Combine(machine["dir"], "manifest.json"), $$"""{"version":1,"chunks":[{"id":"{{id}}"}]}""");
        Assert.Equal(("Failed", nameof(ErrorCode.MemoryChunkInvalid)), (machine.ImportChunks(machine["dir"]) is var r ? (r.Status, r.ErrorCode) : default));
    }

    /// <summary>The session was deleted here and is back for an observation: the prompts of before go everywhere.</summary>
    [Fact]
    public void PromptOfADeletedSession_IsRefused_AndItsDeleteIsExported()
    {
        using var author = new MemoryMachine();
        using var peer = new MemoryMachine();
        author.Import(Doc.Of(Doc.Observation(), Doc.Prompt()));
        author.ExportChunk(author["dir"]);
        peer.Change(static change => change.NoteDeletedSession("s1", "demo", "2026-04-27 12:00:00"));
        peer.ImportChunks(author["dir"]);
        Assert.NotNull(peer.Observation(Doc.Key));
        Assert.Equal("2026-04-27 12:00:00", peer.Read(db => PromptTable.FindTombstone(db, Doc.PromptKey))!.DeletedAt);
        Assert.Equal(1, peer.ExportChunk(author["dir"]).Deletes);
        author.ImportChunks(author["dir"]);
        Assert.Null(author.Read(db => PromptTable.Find(db, Doc.PromptKey)));
        Assert.Equal("Unchanged", author.ExportChunk(author["dir"]).Status);
    }

    [Fact]
    public void DeleteWinsATie_HardBeatsSoft_InEitherOrder()
    {
        foreach (var order in (int[][])[[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]])
        {
            using var machine = new MemoryMachine();
            string[] chunks =
            [
                Lists(sessions: [Doc.Session()], observations: [Doc.Observation("live")]),
                Lists(sessions: [Doc.Session()], observations: [Doc.Observation("soft", deleted: "2026-04-27 09:00:00")]),
                Lists(mutations: [Mutation("observation", Doc.Key, "delete", new() { ["sync_id"] = Doc.Key, ["hard_delete"] = true, ["updated_at"] = "2026-04-27 09:00:00" })]),
            ];
            Write(machine["dir"], [.. order.Select(i => chunks[i])]);
            machine.ImportChunks(machine["dir"]);
            Assert.Null(machine.Observation(Doc.Key));
        }
    }

    [Fact]
    public void Export_WhenTheFileOfItsIdHasOtherContent_FailsAndLeavesItAlone()
    {
        using var machine = new MemoryMachine();
        machine.Import(Doc.Of(Doc.Observation()));
        var id = machine.ExportChunk(machine["first"]).ChunkId!;
        var path = ChunkFile.PathOf(machine["second"], id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Gzip("{}"));
        var chunk = machine.ExportChunk(machine["second"]);
        Assert.Equal(("Failed", nameof(ErrorCode.MemoryChunkConflict)), (chunk.Status, chunk.ErrorCode));
        Assert.Equal(Gzip("{}"), File.ReadAllBytes(path));
        Assert.False(File.Exists(Path.Combine(machine["second"], "manifest.json")));
        Assert.Single(Directory.GetFiles(ChunkFile.FolderOf(machine["second"])));
    }

    [Fact]
    public void RecordedWithoutHashes_IsReadOnceForThem()
    {
        using var author = new MemoryMachine();
        author.Import(Doc.Of(Doc.Observation(), Doc.Prompt()));
        author.ExportChunk(author["dir"]);
        author.Sql("DELETE FROM memory_chunk_rows");
        Assert.Equal("Unchanged", author.ExportChunk(author["dir"]).Status);
    }

    private static void AssertSame(MemoryMachine one, MemoryMachine two) => Assert.Equal(Content(one), Content(two));

    internal static string Content(MemoryMachine machine) => string.Join('\n', machine.Rows().SelectMany(static table => table.Value!.AsArray()
        .Select(r =>
        {
            var row = (JsonObject)r!.DeepClone();
            _ = row.ContainsKey("sync_id") && row.Remove("id");
            return $"{table.Key} {row.ToJsonString()}";
        })).Order(StringComparer.Ordinal));

    internal static string[] Write(string directory, params ReadOnlySpan<string> chunks)
    {
        Directory.CreateDirectory(ChunkFile.FolderOf(directory));
        var ids = new List<string>();
        var entries = new JsonArray();
        foreach (var chunk in chunks)
        {
            ids.Add(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(chunk)))[..8]);
            entries.Add((JsonNode)new JsonObject { ["id"] = ids[^1] });
            File.WriteAllBytes(ChunkFile.PathOf(directory, ids[^1]), Gzip(chunk));
        }

        File.WriteAllText(Path.Combine(directory, "manifest.json"), new JsonObject { ["version"] = 1, ["chunks"] = entries }.ToJsonString());
        return [.. ids];
    }

    private static byte[] Gzip(string text)
    {
        var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return buffer.ToArray();
    }

    internal static string Lists(
        JsonObject[]? sessions = null, JsonObject[]? observations = null, JsonObject[]? prompts = null, JsonObject[]? mutations = null)
    {
        var chunk = new JsonObject { ["sessions"] = Array(sessions), ["observations"] = Array(observations), ["prompts"] = Array(prompts) };
        if (mutations is not null)
        {
            chunk["mutations"] = Array(mutations);
        }

        return chunk.ToJsonString();

        static JsonArray? Array(JsonObject[]? rows) => rows is null ? null : new JsonArray([.. rows.Select(static r => (JsonNode)r)]);
    }

    internal static JsonObject Mutation(string entity, string key, string op, JsonObject payload) => Raw(entity, key, op, payload.ToJsonString());

    private static JsonObject Raw(string entity, string key, string op, string payload) => new()
    {
        ["entity"] = entity, ["entity_key"] = key, ["op"] = op, ["payload"] = payload, ["project"] = "demo", ["occurred_at"] = "2026-04-27 10:00:00",
    };
}
