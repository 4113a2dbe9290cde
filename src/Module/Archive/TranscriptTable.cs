namespace ArtifactSync.Archive;

/// <summary>What was read of one transcript file, so that an unchanged one costs a stat and a grown one only its growth.</summary>
/// <param name="Consumed">Bytes up to the end of the last complete line that was read.</param>
/// <param name="PrefixHash">Proves that the file still begins with what was read.</param>
/// <param name="State">Text of the reader, to go on from; null = start anew.</param>
internal sealed record TranscriptFile(
    string Path, string Format, long Size, long MtimeNs, long Inode, long Consumed, string PrefixHash, long MalformedLines,
    IReadOnlyList<string> SessionIds, string? State);

/// <summary>The transcript files that were read.</summary>
internal static class TranscriptTable
{
    private const string Columns =
        "SELECT path, format, size, mtime_ns, inode, consumed, prefix_hash, malformed_lines, session_ids, state FROM transcript_files ";

    public static TranscriptFile? Find(Database db, string path) => db.First(Columns + "WHERE path = ?", Read, path);

    public static IEnumerable<TranscriptFile> All(Database db) => db.Query(Columns + "ORDER BY path", Read);

    /// <summary>All rows without the texts of the readers, which are the bulk of them.</summary>
    public static IEnumerable<TranscriptFile> AllWithoutState(Database db) => db.Query(
        """
        SELECT path, format, size, mtime_ns, inode, consumed, prefix_hash, malformed_lines, session_ids, NULL FROM transcript_files
        """,
        Read);

    public static void Put(Database db, TranscriptFile file) => db.Execute(
        """
        INSERT INTO transcript_files(path, format, size, mtime_ns, inode, consumed, prefix_hash, malformed_lines, session_ids, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(path) DO UPDATE SET format = excluded.format, size = excluded.size, mtime_ns = excluded.mtime_ns,
          inode = excluded.inode, consumed = excluded.consumed, prefix_hash = excluded.prefix_hash,
          malformed_lines = excluded.malformed_lines, session_ids = excluded.session_ids, state = excluded.state
        """,
        file.Path, file.Format, file.Size, file.MtimeNs, file.Inode, file.Consumed, file.PrefixHash, file.MalformedLines,
        JsonList.Write(file.SessionIds), file.State);

    public static bool Remove(Database db, string path) => db.Execute("DELETE FROM transcript_files WHERE path = ?", path) > 0;

    private static TranscriptFile Read(Statement row) => new(
        row.Text(0), row.Text(1), row.Int64(2), row.Int64(3), row.Int64(4), row.Int64(5), row.Text(6), row.Int64(7),
        JsonList.Read(row.Bytes(8)), row.TextOrNull(9));
}
