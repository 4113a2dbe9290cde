using ArtifactSync.Archive;

namespace ArtifactSync.Tracker;

/// <summary><c>documents</c>; their text index follows by trigger.</summary>
internal static class DocumentTable
{
    /// <summary>Writes title and body when they differ from what is there; marks the document as rebuilt either way. Returns its id.</summary>
    public static long Put(Database db, string sourceType, long sourceId, string title, string body, string hash, string runId, long now)
    {
        var known = db.First(
            "SELECT id, content_hash FROM documents WHERE source_type = ? AND source_id = ?",
            static row => ((long Id, string Hash)?)(row.Int64(0), row.Text(1)), sourceType, sourceId);
        if (known is { } same && same.Hash == hash)
        {
            db.Execute("UPDATE documents SET rebuilt_run_id = ?, rebuilt_at = ? WHERE id = ?", runId, now, same.Id);
            return same.Id;
        }
        return db.Scalar<long>(
            """
            INSERT INTO documents(source_type, source_id, content_hash, rebuilt_run_id, rebuilt_at, title, body) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(source_type, source_id) DO UPDATE SET content_hash = excluded.content_hash, rebuilt_run_id = excluded.rebuilt_run_id,
              rebuilt_at = excluded.rebuilt_at, title = excluded.title, body = excluded.body
            RETURNING id
            """,
            sourceType, sourceId, hash, runId, now, title, body);
    }

    public static (string Hash, string Title, string Body)? Read(Database db, long id) => db.First(
        "SELECT content_hash, title, body FROM documents WHERE id = ?",
        static row => ((string, string, string)?)(row.Text(0), row.Text(1), row.Text(2)), id);

    /// <summary>Type, number and project of the item that a document was made of.</summary>
    public static (string EntityType, long Iid, string Project)? Source(Database db, long id) => db.First(
        """
        SELECT d.source_type, coalesce(i.iid, m.iid), p.path FROM documents d
        LEFT JOIN issues i ON d.source_type = 'issue' AND i.id = d.source_id
        LEFT JOIN merge_requests m ON d.source_type = 'merge_request' AND m.id = d.source_id
        JOIN projects p ON p.id = coalesce(i.project_id, m.project_id) WHERE d.id = ?
        """,
        static row => ((string, long, string)?)(row.Text(0), row.Int64(1), row.Text(2)), id);
}

/// <summary><c>embeddings</c>: vectors of the chunks of documents, by model.</summary>
internal static class EmbeddingTable
{
    /// <summary>Documents that a model has not seen as they are now.</summary>
    public static IReadOnlyList<long> Lacking(Database db, string model) =>
    [
        .. db.Query(
            """
            SELECT d.id FROM documents d WHERE NOT EXISTS (SELECT 1 FROM embeddings e
              WHERE e.document_id = d.id AND e.chunk = 0 AND e.model = ? AND e.document_hash = d.content_hash) ORDER BY d.id
            """,
            static row => row.Int64(0), model),
    ];

    public static Dictionary<int, (string Hash, string DocumentHash)> Hashes(Database db, long documentId, string model) => db.Query(
        "SELECT chunk, content_hash, document_hash FROM embeddings WHERE document_id = ? AND model = ?",
        static row => ((int)row.Int64(0), row.Text(1), row.Text(2)), documentId, model).ToDictionary(r => r.Item1, r => (r.Item2, r.Item3));

    public static void Put(
        Database db, long documentId, int chunk, string model, string documentHash, string hash, byte[] vector, long now) => db.Execute(
        """
        INSERT INTO embeddings(document_id, chunk, model, document_hash, content_hash, created_at, vector) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(document_id, chunk, model) DO UPDATE SET document_hash = excluded.document_hash, content_hash = excluded.content_hash,
          created_at = excluded.created_at, vector = excluded.vector
        """,
        documentId, chunk, model, documentHash, hash, now, vector);

    /// <summary>Ends the embedding of a document: chunk 0 last, since it is what says "done".</summary>
    public static void Complete(Database db, long documentId, string model, string documentHash, int chunks)
    {
        db.Execute("DELETE FROM embeddings WHERE document_id = ? AND model = ? AND chunk >= ?", documentId, model, chunks);
        db.Execute(
            "UPDATE embeddings SET document_hash = ?1 WHERE document_id = ?2 AND model = ?3 AND document_hash <> ?1",
            documentHash, documentId, model);
    }

    /// <summary>All vectors of a model, for a search by meaning. The bytes are valid until the next row.</summary>
    public static IEnumerable<T> Read<T>(Database db, string model, Func<Statement, T> read) =>
        db.Query("SELECT document_id, chunk, vector FROM embeddings WHERE model = ?", read, model);
}
