namespace ArtifactSync.Archive;

/// <summary>
/// The full text index over what messages say. FTS5 gathers what it is given in memory, but writes it out whenever another
/// statement with a savepoint begins, which any with triggers does; and each segment that it writes is merged again later. So
/// new messages are added together at the end of a transaction: half the time of adding each where it is written. Text
/// goes with its message: in bulk here, and by trigger for whoever deletes rows otherwise.
/// </summary>
internal static class TextIndex
{
    /// <summary>Adds the messages that are not in the index yet. New ones always have the highest numbers.</summary>
    public static void AddNew(Database db) => AddNew(db, static () => { });

    /// <summary>Forgets the index and makes it anew.</summary>
    /// <param name="db">The caller's transaction; readers see the old index until its commit.</param>
    /// <param name="onMessage">Called after each message; may throw to give up.</param>
    public static void Rebuild(Database db, Action onMessage)
    {
        db.Execute("INSERT INTO message_text(message_text) VALUES ('delete-all')");
        AddNew(db, onMessage);
        foreach (var index in (ReadOnlySpan<string>)["document_text", "memory_text"])
        {
            db.Execute($"INSERT INTO {index}({index}) VALUES ('rebuild')");
        }
    }

    private static void AddNew(Database db, Action onMessage)
    {
        // Row by row, though INSERT ... SELECT is as fast: a statement of many rows copies each page that it changes, to be
        // able to undo itself, and a merge changes many.
        using var rows = db.Prepare(
            "SELECT mid, content FROM messages WHERE mid > (SELECT coalesce(max(id), 0) FROM message_text_docsize) ORDER BY mid");
        using var add = db.Prepare("INSERT INTO message_text(rowid, content) VALUES (?, ?)");
        while (rows.Step())
        {
            add.Bind(1, rows.Int64(0)).Bind(2, rows.Bytes(1)).Run();
            onMessage();
        }
    }

    /// <summary>Takes out the messages of a session from an ordinal on, before they are deleted.</summary>
    public static void Remove(Database db, long sid, long fromOrdinal) => db.Execute(
        """
        INSERT INTO message_text(message_text, rowid, content)
        SELECT 'delete', mid, content FROM messages
        WHERE sid = ? AND ordinal >= ? AND EXISTS(SELECT 1 FROM message_text_docsize WHERE id = mid)
        """,
        sid, fromOrdinal);
}
