using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>Conflicts as users see them (Get-MetaConflict), the one met last first.</summary>
internal static class ConflictReader
{
    // ?1 = own origin with '~': what it begins is the gid of an own session, which the archive shows without it.
    private const string SessionId = "CASE WHEN substr(c.session_gid, 1, length(?1)) = ?1 THEN substr(c.session_gid, length(?1) + 1) ELSE c.session_gid END";

    private const string Select =
        $"""
        SELECT c.conflict_id, {SessionId}, c.field, c.winning_op, c.winning_value, c.winning_origin, c.winning_order_key, c.losing_op,
          c.losing_value, c.losing_origin, c.losing_order_key, c.created_at, c.resolved_at, c.resolution, c.resolved_by, c.note,
          coalesce(nullif(s.display_name, ''), s.session_name)
        FROM metadata_conflicts c LEFT JOIN sessions s ON s.id = {SessionId}
        """;

    // An order key is a stamp, a hyphen and a hash of 64 digits (spec 8.4).
    private const int HashLength = 65;

    public static IEnumerable<MetaConflict> Read(Database db, ConflictQuery query, string archivePath)
    {
        // No gid begins with '~'.
        List<object?> args = [StateTable.Get(db, StateTable.OriginId) + "~"];
        List<string> conditions = ["c.winning_origin <> c.losing_origin"];
        if (query.ConflictIds.Count > 0)
        {
            conditions.Add($"c.conflict_id IN (SELECT CAST(value AS INTEGER) FROM json_each({Add(JsonList.Write(query.ConflictIds.Select(Text)))}))");
        }

        if (query.SessionIds.Count > 0)
        {
            conditions.Add($"{SessionId} IN (SELECT value FROM json_each({Add(JsonList.Write(query.SessionIds))}))");
        }

        if (query.Field is { } field)
        {
            conditions.Add($"c.field LIKE {Add(SearchPattern.ToLike(field))} ESCAPE '\\'");
        }

        if (query.Origin is { } origin)
        {
            string pattern = Add(SearchPattern.ToLike(origin));
            conditions.Add($"(c.winning_origin LIKE {pattern} ESCAPE '\\' OR c.losing_origin LIKE {pattern} ESCAPE '\\')");
        }

        if (query.Since is { } since)
        {
            conditions.Add($"c.created_at >= {Add(since.ToUnixTimeMilliseconds())}");
        }

        if (query.Unresolved)
        {
            conditions.Add("c.resolved_at IS NULL");
        }

        return db.Query(
            $"{Select} WHERE {string.Join(" AND ", conditions)} ORDER BY c.conflict_id DESC", row => ReadRow(row, archivePath), [.. args]);

        string Add(object value)
        {
            args.Add(value);
            return "?" + args.Count.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static MetaConflict ReadRow(Statement row, string archivePath) => new()
    {
        ConflictId = row.Int64(0),
        SessionId = row.Text(1),
        Field = row.Text(2),
        WinningOp = row.Text(3),
        WinningValue = Shown(row.Text(3), row.Text(4)),
        WinningOrigin = row.Text(5),
        WinningHlc = StampOf(row.Text(6)),
        WinningAt = TimeOf(row.Text(6)),
        LosingOp = row.Text(7),
        LosingValue = Shown(row.Text(7), row.Text(8)),
        LosingOrigin = row.Text(9),
        LosingHlc = StampOf(row.Text(10)),
        LosingAt = TimeOf(row.Text(10)),
        DetectedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(11)),
        Resolved = !row.IsNull(12),
        ResolvedAt = row.Int64OrNull(12) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        Resolution = ConflictTable.Choice(row.TextOrNull(13)),
        ResolvedBy = row.TextOrNull(14),
        Note = row.TextOrNull(15),
        SessionName = row.TextOrNull(16),
        ArchivePath = archivePath,
    };

    /// <summary>A register value as a user would say it.</summary>
    private static string? Shown(string op, string value) => op switch
    {
        EventOp.Rename => EventProjection.Of(new MetadataEvent { Op = op, Value = value }).DisplayName,
        EventOp.Pin or EventOp.Unpin => Shown(PinAnchor.Parse(value)),
        _ => op,
    };

    private static string Shown(PinAnchor pin) =>
        pin.Note is null ? $"#{Text(pin.Ordinal)}" : $"#{Text(pin.Ordinal)} {pin.Note}";

    private static string StampOf(string orderKey) => orderKey.Length > HashLength ? orderKey[..^HashLength] : orderKey;

    private static DateTimeOffset? TimeOf(string orderKey) =>
        Hlc.TryParse(StampOf(orderKey), out Hlc clock) ? SessionReader.ParseTime(clock.ToDeletedAt()) : null;
}
