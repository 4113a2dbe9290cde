using System.Text.Json;
using System.Text.Json.Nodes;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.Memory;

/// <summary>An archive, its engine and a clock that stands still.</summary>
internal sealed class MemoryMachine : IDisposable
{
    private static int s_seed;
    private readonly TempFolder _folder = new();

    public MemoryMachine(DateTimeOffset? now = null, Action<string>? checkpoint = null)
    {
        Clock = new ManualClock(now ?? new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
        Options = new EngineOptions
        {
            ArchivePath = _folder["archive"], Clock = Clock, Random = new Random(Interlocked.Increment(ref s_seed)), Checkpoint = checkpoint ?? (static _ => { }),
        };
        Engine = new SyncEngine(Options);
    }

    public ManualClock Clock { get; }

    public EngineOptions Options { get; }

    public SyncEngine Engine { get; }

    public string Now => MemoryTime.Text(Clock.Now);

    public string this[string name] => _folder[name];

    /// <summary>Opened for the time of a block.</summary>
    public T Read<T>(Func<Database, T> read)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        return read(archive.Reader);
    }

    /// <summary>One write transaction on the plane.</summary>
    public T Change<T>(Func<ChangeContext, T> work)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
        using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(10), default);
        using var transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, Clock, Options.Random);
        var result = work(change);
        change.Complete();
        transaction.Commit();
        return result;
    }

    public void Change(Action<ChangeContext> work) => Change(change =>
    {
        work(change);
        return 0;
    });

    public void Sql(string sql, params object?[] args) => Change(change => change.Db.Execute(sql, args));

    public MemoryImportResult Import(string json, bool whatIf = false)
    {
        var path = _folder["import.json"];
        File.WriteAllText(path, json);
        return ImportFile(path, whatIf);
    }

    public MemoryImportResult ImportFile(string path, bool whatIf = false) => Engine.ImportMemoryAsync(
        new MemoryImportRequest { Paths = [path], WhatIf = whatIf }, NullObserver.Instance, default).ToBlockingEnumerable().Single();

    public MemoryImportResult ImportChunks(string directory, bool whatIf = false) => Engine.ImportMemoryChunksAsync(
        new MemoryChunkRequest { Path = directory, WhatIf = whatIf }, NullObserver.Instance, default).GetAwaiter().GetResult();

    public MemoryChunk ExportChunk(string directory, string? project = null, bool whatIf = false) => Engine.ExportMemoryChunkAsync(
        new MemoryChunkRequest { Path = directory, Project = project, WhatIf = whatIf }, NullObserver.Instance, default).GetAwaiter().GetResult();

    public void Enroll(string project) => Change(change => MemoryProjectTable.Enroll(change.Db, project, change.NowMs));

    /// <summary>Applies one mutation as a pull does.</summary>
    public ApplyOutcome Apply(
        string entity, string key, string op, JsonNode payload, long seq, MemoryOrder order = MemoryOrder.LogOrder, bool passFromZero = false) =>
        Change(change => new MutationApplier(change, new VersionRule(order, 0, passFromZero))
            .Apply(new Mutation(entity, key, op, "demo", payload.ToJsonString(), seq, "2026-04-27 10:00:00")).Outcome);

    public void Replay(bool appliedSomething = true)
    {
        using var archive = ArchiveDatabase.Open(Options, ArchiveMode.ReadWrite);
        using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(10), default);
        Deferral.Replay(lease, Clock, Options.Random, default, appliedSomething, default);
    }

    public IReadOnlyList<JournalEntry> Journal() => Read(db => (IReadOnlyList<JournalEntry>)[.. db.Query(
        "SELECT seq, entity, entity_key, op, project, payload, occurred_at FROM memory_mutations ORDER BY seq",
        static row => new JournalEntry(row.Int64(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5), row.Int64(6)))]);

    /// <summary>The content tables as the recordings have them.</summary>
    public JsonObject Rows() => Read(static db => new JsonObject
    {
        ["sessions"] = Table(db, "SELECT id, project, directory, started_at, ended_at, summary FROM memory_sessions ORDER BY rid"),
        ["observations"] = Table(db,
            """
            SELECT id, sync_id, session_id, type, title, content, tool_name, project, scope, topic_key, normalized_hash, revision_count,
              duplicate_count, last_seen_at, created_at, updated_at, deleted_at FROM memory_observations ORDER BY id
            """),
        ["user_prompts"] = Table(db, "SELECT id, sync_id, session_id, content, project, created_at FROM memory_prompts ORDER BY id"),
        ["prompt_tombstones"] = Table(db, "SELECT sync_id, session_id, project, deleted_at FROM memory_tombstones ORDER BY sync_id"),
    });

    public Observation? Observation(string syncId) => Read(db => ObservationTable.Find(db, syncId));

    public IReadOnlyList<string> Search(string word) => Read(db => (IReadOnlyList<string>)[.. db.Query(
        """
        SELECT o.sync_id FROM memory_text f JOIN memory_observations o ON o.id = f.rowid
        WHERE f.memory_text MATCH ? AND o.deleted_at IS NULL ORDER BY o.sync_id
        """,
        static row => row.Text(0), $"\"{word}\"")]);

    public void Dispose() => _folder.Dispose();

    private static JsonArray Table(Database db, string sql)
    {
        using var statement = db.Prepare(sql);
        var names = sql.Trim()["SELECT".Length..sql.IndexOf("FROM", StringComparison.Ordinal)].Split(',', StringSplitOptions.TrimEntries);
        var rows = new JsonArray();
        while (statement.Step())
        {
            var row = new JsonObject();
            for (var i = 0; i < names.Length; i++)
            {
                row[names[i]] = names[i] is "revision_count" or "duplicate_count" || (names[i] == "id" && names.Contains("sync_id"))
                    ? statement.Int64(i) : statement.TextOrNull(i);
            }

            rows.Add((JsonNode)row);
        }

        return rows;
    }
}

/// <summary>Compares rows with recorded ones, placeholders included.</summary>
internal static class RecordedRows
{
    /// <param name="now">What <c>$now</c> stands for.</param>
    public static void AssertEqual(JsonElement expected, JsonNode? actual, string now, string where)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Array:
                Assert.True(expected.GetArrayLength() == ((JsonArray)actual!).Count, $"{where}: {expected.GetArrayLength()} rows expected, {actual.ToJsonString()}");
                foreach (var (element, i) in expected.EnumerateArray().Select(static (e, i) => (e, i)))
                {
                    AssertEqual(element, actual[i], now, $"{where}[{i}]");
                }

                break;
            case JsonValueKind.Object when expected.TryGetProperty("$fresh", out var prefix):
                Assert.Matches($"^{prefix.GetString()}-[0-9a-f]{{16}}$", actual!.GetValue<string>());
                break;
            case JsonValueKind.Object when expected.TryGetProperty("invalid_utf8_hex", out _) || expected.TryGetProperty("$left_out", out _):
                break; // never compared
            case JsonValueKind.Object when expected.TryGetProperty("$now", out _):
                Assert.Equal(now, actual!.GetValue<string>());
                break;
            case JsonValueKind.Object when expected.TryGetProperty("$repeat", out var letter):
                var times = expected.GetProperty("$times").GetInt32();
                Assert.Equal(string.Concat(Enumerable.Repeat(letter.GetString(), times)), actual!.GetValue<string>());
                break;
            case JsonValueKind.Object:
                foreach (var member in expected.EnumerateObject())
                {
                    AssertEqual(member.Value, actual![member.Name], now, $"{where}.{member.Name}");
                }

                break;
            case JsonValueKind.Null:
                Assert.True(actual is null, $"{where}: null expected, {actual?.ToJsonString()}");
                break;
            case JsonValueKind.Number:
                Assert.True(expected.GetInt64() == actual!.GetValue<long>(), $"{where}: {expected} expected, {actual.ToJsonString()}");
                break;
            default:
                var text = expected.GetString() == "$now" ? now : expected.GetString();
                Assert.True(text == actual?.GetValue<string>(), $"{where}: {text} expected, {actual?.ToJsonString() ?? "null"}");
                break;
        }
    }

}
