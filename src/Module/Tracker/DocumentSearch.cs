using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Tracker;

/// <summary>Finds documents by words (BM25), by meaning (cosine), or by both rankings fused (reciprocal ranks).</summary>
internal static class DocumentSearch
{
    // What the literature uses: one first place outweighs two places in the sixties.
    private const double RankBase = 60;
    private const int SnippetLength = 160;

    private const string Columns =
        """
        p.instance_url, p.path, d.source_type, coalesce(i.iid, m.iid), d.title, coalesce(i.state, m.state), coalesce(i.web_url, m.web_url),
          coalesce(i.updated_at, m.updated_at)
        """;

    private const string Joins =
        """
        JOIN documents d ON d.id = hit.id
        LEFT JOIN issues i ON d.source_type = 'issue' AND i.id = d.source_id
        LEFT JOIN merge_requests m ON d.source_type = 'merge_request' AND m.id = d.source_id
        JOIN projects p ON p.id = coalesce(i.project_id, m.project_id)
        """;

    /// <summary>By words, best first. A hit in the title counts as much as four in the text.</summary>
    public static IEnumerable<(long Id, ArchiveDocument Document)> ByWords(
        Database db, string expression, string? project, int limit, string archivePath) => db.Query(
        $"""
        WITH hit AS MATERIALIZED (
          SELECT rowid AS id, bm25(document_text, 4.0, 1.0) AS rank FROM document_text WHERE document_text MATCH ?1),
        found AS MATERIALIZED (
          SELECT hit.id, hit.rank, {Columns} FROM hit {Joins} WHERE ?2 IS NULL OR p.path LIKE ?2 ESCAPE '\' ORDER BY hit.rank, hit.id LIMIT ?3)
        SELECT found.*,
          (SELECT snippet(document_text, -1, '«', '»', '…', 24) FROM document_text WHERE document_text MATCH ?1 AND rowid = found.id)
        FROM found ORDER BY found.rank, found.id
        """,
        row => (row.Int64(0), Document(row, 2, -row.DoubleOrNull(1) ?? 0, row.Text(10), archivePath)),
        expression, project is null ? null : SearchPattern.ToLike(project), (long)limit);

    /// <summary>Fuses the ranking by words with that of a vector. Reads all vectors of the model.</summary>
    public static IEnumerable<ArchiveDocument> Fused(
        Database db, IReadOnlyList<(long Id, ArchiveDocument Document)> byWords, float[] vector, string model, string? project, int limit,
        string archivePath, CancellationToken cancellationToken)
    {
        var best = new Dictionary<long, (double Similarity, int Chunk)>();
        foreach (var (id, chunk, similarity) in EmbeddingTable.Read(
            db, model, row => (row.Int64(0), (int)row.Int64(1), EmbedClient.Similarity(vector, row.Bytes(2)))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!best.TryGetValue(id, out var known) || similarity > known.Similarity)
            {
                best[id] = (similarity, chunk);
            }
        }
        var scores = new Dictionary<long, double>();
        void Rank(IEnumerable<long> ids)
        {
            foreach (var (rank, id) in ids.Index())
            {
                scores[id] = scores.GetValueOrDefault(id) + 1 / (RankBase + rank + 1);
            }
        }
        var words = byWords.ToDictionary(w => w.Id, w => w.Document);
        Rank(byWords.Select(w => w.Id));
        Rank(best.Where(b => b.Value.Similarity > 0).OrderByDescending(b => b.Value.Similarity).ThenBy(b => b.Key).Select(b => b.Key));
        return scores.OrderByDescending(s => s.Value).ThenBy(s => s.Key)
            .Select(s => words.TryGetValue(s.Key, out var hit)
                ? hit with { Score = s.Value }
                : Find(db, s.Key, best[s.Key].Chunk, s.Value, project, archivePath))
            .OfType<ArchiveDocument>().Take(limit);
    }

    private static ArchiveDocument? Find(Database db, long id, int chunk, double score, string? project, string archivePath) => db.First(
        $"SELECT {Columns}, d.body FROM (SELECT ?1 AS id) hit {Joins} WHERE ?2 IS NULL OR p.path LIKE ?2 ESCAPE '\\'",
        row => Document(row, 0, score, Passage(row.Text(4), row.Text(8), chunk), archivePath),
        id, project is null ? null : SearchPattern.ToLike(project));

    private static string Passage(string title, string body, int chunk)
    {
        var text = Embedder.Chunks(title, body).ElementAtOrDefault(chunk) ?? body;
        text = text.Length > title.Length ? text[(title.Length + 1)..] : text;
        return text.Length <= SnippetLength ? text.Trim() : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, SnippetLength).Trim()}…");
    }

    private static ArchiveDocument Document(Statement row, int at, double score, string snippet, string archivePath) => new()
    {
        InstanceUrl = row.Text(at),
        Project = row.Text(at + 1),
        EntityType = row.Text(at + 2),
        Iid = row.Int64(at + 3),
        Title = row.Text(at + 4),
        State = row.Text(at + 5),
        WebUrl = row.TextOrNull(at + 6),
        UpdatedAt = RunTable.Time(row.Int64(at + 7)),
        Snippet = snippet,
        Score = score,
        ArchivePath = archivePath,
    };
}
