using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Server;

/// <summary><c>memory_log_chunks</c>: the chunks that this machine keeps for others (memory spec 6.5). Project names are normalised.</summary>
internal static class ChunkLogTable
{
    /// <param name="createdAt">Unix ms.</param>
    public static void Add(Database db, CanonicalChunk chunk, string createdBy, long createdAt)
    {
        using var statement = db.Prepare(
            """
            INSERT INTO memory_log_chunks(project, chunk_id, created_by, created_at, sessions, memories, prompts, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """);
        statement.Bind(1, chunk.Project).Bind(2, chunk.Id).Bind(3, createdBy).Bind(4, createdAt).Bind(5, chunk.Count(Entity.Session))
            .Bind(6, chunk.Count(Entity.Observation)).Bind(7, chunk.Count(Entity.Prompt)).Bind(8, chunk.Bytes).Run();
    }

    /// <summary>The canonical text of a chunk; null when it is not kept for the project.</summary>
    public static byte[]? Find(Database db, string project, string id) => db.First(
        "SELECT data FROM memory_log_chunks WHERE project = ? AND chunk_id = ?", static row => row.Bytes(0).ToArray(), project, id);

    /// <summary>In the order of arrival.</summary>
    public static IEnumerable<ChunkEntry> OfProject(Database db, string project) => db.Query(
        """
        SELECT chunk_id, created_by, created_at, sessions, memories, prompts FROM memory_log_chunks WHERE project = ?
        ORDER BY arrival, chunk_id
        """,
        static row => new ChunkEntry(
            row.Text(0), row.Text(1), LogAnswer.Time(row.Int64(2)), row.Int64(3), row.Int64(4), row.Int64(5)),
        project);
}
