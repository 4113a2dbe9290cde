using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Sync;

namespace ArtifactSync.Bench.Scenarios;

/// <summary>
/// A JSON export of observations into an empty archive, and the same again; beside the sqlite3 shell, which upserts the same rows
/// in one transaction into the same schema.
/// </summary>
internal sealed class MemoryImportScenario : IScenario
{
    private static readonly string[] s_words = "the cache holds a page until its writer commits and readers never wait for that because each of them has seen".Split(' ');

    public string Name => "memory-import";

    public int DefaultCount => 100_000;

    public IEnumerable<BenchResult> Run(BenchContext context)
    {
        var (document, script) = (context.PathOf("export.json"), context.PathOf("rows.sql"));
        var bytes = Generate(context.Count, document, script);
        Console.Error.WriteLine($"memory-import: {context.Count} observations, {bytes / 1e6:0} MB");

        // The same schema, indexes, triggers and pragmas, from a prepared file; once to warm the caches of the system.
        using (ArchiveDatabase.Open(new EngineOptions { ArchivePath = context.PathOf("peer") }, ArchiveMode.Create))
        {
        }

        var peer = $"sqlite3 -batch '{context.PathOf("peer", "archive.db")}' < '{script}'";
        var peerSeconds = BenchContext.Peer(peer);
        var (first, firstPeak) = BenchContext.Measure(() => Import(context, document, "Imported"));
        yield return new BenchResult(Name, first, firstPeak, "sqlite3 upsert", peerSeconds);
        var (second, secondPeak) = BenchContext.Measure(() => Import(context, document, "Unchanged"));
        yield return new BenchResult(Name + "-again", second, secondPeak, "the first import", first);
    }

    private static void Import(BenchContext context, string document, string expected)
    {
        var options = new EngineOptions { ArchivePath = context.PathOf("archive") };
        var result = new SyncEngine(options).ImportMemoryAsync(new MemoryImportRequest { Paths = [document] }, NullObserver.Instance, CancellationToken.None)
            .ToBlockingEnumerable().Single();
        if (result.Status != expected || result.ObservationsInserted + result.ObservationsSkipped != context.Count)
        {
            throw new InvalidOperationException($"{result}: {result.ErrorMessage}");
        }
    }

    private static long Generate(int count, string document, string script)
    {
        var random = new Random(1);
        using var sql = new StreamWriter(script, append: false, new UTF8Encoding(false));
        sql.Write("""
            PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA foreign_keys = ON;
            BEGIN IMMEDIATE;
            INSERT INTO memory_sessions(id, project, directory, started_at) VALUES ('s1', 'demo', '/work', '2026-04-27 08:00:00')
              ON CONFLICT(id) DO NOTHING;

            """);
        using (var json = new StreamWriter(document, append: false, new UTF8Encoding(false)))
        {
            json.Write("{\"version\":\"0.1.0\",\"exported_at\":\"2026-04-27 12:00:00\",\"sessions\":[{\"id\":\"s1\",\"project\":\"demo\",\"directory\":\"/work\",\"started_at\":\"2026-04-27 08:00:00\"}],\"observations\":[");
            for (var i = 0; i < count; i++)
            {
                Write(json, sql, i, random);
            }

            json.Write("],\"prompts\":[]}");
        }

        sql.Write("COMMIT;\n");
        return new FileInfo(document).Length;
    }

    private static void Write(StreamWriter json, StreamWriter sql, int i, Random random)
    {
        var id = $"obs-{i:x16}";
        var title = Text(random, 6);
        var content = Text(random, 60) + i;
        var at = MemoryTime.Text(DateTimeOffset.UnixEpoch.AddSeconds(1_770_000_000 + i));
        json.Write(i == 0 ? "" : ",");
        json.Write(
            $"{{\"id\":{i + 1},\"sync_id\":\"{id}\",\"session_id\":\"s1\",\"type\":\"decision\",\"title\":\"{title}\",\"content\":\"{content}\",\"project\":\"demo\","
            + $"\"scope\":\"project\",\"topic_key\":\"topic/{i}\",\"revision_count\":1,\"duplicate_count\":1,\"created_at\":\"{at}\",\"updated_at\":\"{at}\"}}");
        // sync_id is not unique, so an upsert is an update that may meet nothing and an insert where there is no row.
        var hash = MemoryText.ContentHash(content);
        sql.Write(
            $"UPDATE memory_observations SET type='decision',title='{title}',content='{content}',project='demo',topic_key='topic/{i}',created_at='{at}',"
            + $"updated_at='{at}',normalized_hash='{hash}' WHERE sync_id='{id}' AND updated_at<'{at}';\n"
            + "INSERT INTO memory_observations(sync_id,session_id,type,project,scope,topic_key,revision_count,duplicate_count,created_at,updated_at,"
            + $"normalized_hash,title,content) SELECT '{id}','s1','decision','demo','project','topic/{i}',1,1,'{at}','{at}','{hash}','{title}','{content}' "
            + $"WHERE NOT EXISTS(SELECT 1 FROM memory_observations WHERE sync_id='{id}');\n");
    }

    private static string Text(Random random, int words)
    {
        var text = new StringBuilder();
        for (var i = 0; i < words; i++)
        {
            text.Append(i > 0 ? " " : "").Append(s_words[random.Next(s_words.Length)]);
        }

        return text.ToString();
    }
}
