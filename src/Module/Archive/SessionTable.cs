using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>Rows of <c>sessions</c>. Their messages: <see cref="MessageTable"/>.</summary>
internal static class SessionTable
{
    private static readonly string Select = "SELECT sid, id, " + string.Join(
        ", ", SessionColumns.Content.Concat(SessionColumns.Bookkeeping).Concat(SessionColumns.Initial)) + " FROM sessions ";

    private static readonly string Insert = InsertSql();
    private static readonly string UpdateContent = UpdateSql(SessionColumns.Content);
    private static readonly string UpdateBookkeeping = UpdateSql(SessionColumns.Bookkeeping);

    public static SessionRow? Find(Database db, string id) => db.First(Select + "WHERE id = ?", SessionColumns.Read, id);

    public static SessionRow? Get(Database db, long sid) => db.First(Select + "WHERE sid = ?", SessionColumns.Read, sid);

    public static long? FindSid(Database db, string id) => db.Scalar<long?>("SELECT sid FROM sessions WHERE id = ?", id);

    /// <summary>Own sessions that are to be published: not in the trash (spec 6.1).</summary>
    public static IEnumerable<SessionRow> Own(Database db) =>
        db.Query(Select + "WHERE own = 1 AND deleted_at IS NULL ORDER BY id", SessionColumns.Read);

    /// <summary>
    /// Inserts the row, or brings it up to date: its title, trash mark, creation time and transcript revision are then left
    /// alone (spec 7.4). A row that already says all this is not touched, so it is not published again.
    /// </summary>
    /// <returns>The sid.</returns>
    public static long Put(Database db, SessionRow row)
    {
        if (FindSid(db, row.Session.Id) is not { } sid)
        {
            using var insert = db.Prepare(Insert);
            insert.Bind(1, row.Session.Id);
            var next = SessionColumns.BindContent(insert, 2, row);
            next = SessionColumns.BindBookkeeping(insert, next, row);
            SessionColumns.BindInitial(insert, next, row);
            insert.Run();
            return db.LastInsertRowId;
        }

        using var content = db.Prepare(UpdateContent);
        content.Bind(1, sid);
        SessionColumns.BindContent(content, 2, row);
        content.Run();
        using var bookkeeping = db.Prepare(UpdateBookkeeping);
        bookkeeping.Bind(1, sid);
        SessionColumns.BindBookkeeping(bookkeeping, 2, row);
        bookkeeping.Run();
        return sid;
    }

    /// <summary>Removes the session with all its content; the triggers queue an own one, so that it leaves the next checkpoint.</summary>
    public static bool Delete(Database db, string id)
    {
        if (FindSid(db, id) is not { } sid)
        {
            return false;
        }

        TextIndex.Remove(db, sid, long.MinValue);
        return db.Execute("DELETE FROM sessions WHERE sid = ?", sid) > 0;
    }

    /// <summary>Deleted here for good: never imported again.</summary>
    public static bool IsExcluded(Database db, string id) =>
        db.Scalar<bool>("SELECT EXISTS(SELECT 1 FROM excluded_sessions WHERE id = ?)", id);

    public static bool IsTrashed(Database db, string id) =>
        db.Scalar<bool>("SELECT EXISTS(SELECT 1 FROM sessions WHERE id = ? AND deleted_at IS NOT NULL)", id);

    /// <summary>Messages or usage changed: the next number ("1", "2", ...), which queues an own session (spec 6.6).</summary>
    public static void BumpRevision(Database db, long sid) => db.Execute(
        "UPDATE sessions SET transcript_revision = CAST(coalesce(CAST(transcript_revision AS INTEGER), 0) + 1 AS TEXT) WHERE sid = ?", sid);

    private static string InsertSql()
    {
        string[] columns = ["id", .. SessionColumns.Content, .. SessionColumns.Bookkeeping, .. SessionColumns.Initial];
        return $"INSERT INTO sessions({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(_ => "?"))})";
    }

    private static string UpdateSql(string[] columns)
    {
        var names = string.Join(", ", columns);
        var values = string.Join(", ", Enumerable.Range(2, columns.Length).Select(i => "?" + i));
        return $"UPDATE sessions SET ({names}) = ({values}) WHERE sid = ?1 AND ({names}) IS NOT ({values})";
    }
}
