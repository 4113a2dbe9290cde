using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>
/// <c>memory_chunks</c> and <c>memory_chunk_rows</c>: which chunks are done here, and what each holds (memory spec 4.3, 4.4).
/// </summary>
internal static class ChunkTable
{
    public const string Local = "local";

    public static bool Has(Database db, string target, string chunkId) => db.Scalar<bool>(
        "SELECT 1 FROM memory_chunks WHERE target_key = ? AND chunk_id = ?", MemoryText.TargetKey(target, Local), chunkId);

    public static void Add(Database db, string target, string chunkId, long now) => db.Execute(
        "INSERT INTO memory_chunks(target_key, chunk_id, imported_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        MemoryText.TargetKey(target, Local), chunkId, now);

    public static void AddRow(Database db, string target, string chunkId, string entity, string key, string hash) => db.Execute(
        """
        INSERT INTO memory_chunk_rows(target_key, chunk_id, entity, entity_key, row_hash) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET row_hash = excluded.row_hash
        """,
        MemoryText.TargetKey(target, Local), chunkId, entity, key, hash);

    /// <summary>The server is another one: what the old one kept says nothing of it. Importing a chunk again changes nothing.</summary>
    public static void ForgetServer(Database db)
    {
        db.Execute("DELETE FROM memory_chunk_rows WHERE target_key LIKE 'cloud:%'");
        db.Execute("DELETE FROM memory_chunks WHERE target_key LIKE 'cloud:%'");
    }

    /// <summary>Whether the rows of a chunk that is recorded are known (older records have none).</summary>
    public static bool HasRows(Database db, string target, string chunkId) => db.Scalar<bool>(
        "SELECT 1 FROM memory_chunk_rows WHERE target_key = ? AND chunk_id = ? LIMIT 1", MemoryText.TargetKey(target, Local), chunkId);

    /// <summary>Chunks that hold the entity, with its hash there.</summary>
    public static IEnumerable<(string ChunkId, string Hash)> Holders(Database db, string target, string entity, string key) => db.Query(
        "SELECT chunk_id, row_hash FROM memory_chunk_rows WHERE entity = ? AND entity_key = ? AND target_key = ?",
        static row => (row.Text(0), row.Text(1)), entity, key, MemoryText.TargetKey(target, Local));
}
