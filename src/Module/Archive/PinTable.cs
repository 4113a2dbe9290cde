namespace ArtifactSync.Archive;

/// <summary>Keeps pins on their messages while those are rewritten. Pins themselves are the metadata's.</summary>
internal static class PinTable
{
    // Pins are parked above every ordinal of a session first, so that two may change places.
    private const long Parked = 1L << 40;

    /// <summary>
    /// After a rewrite: a pin goes to the lowest message with its source_uuid, else stays at its ordinal; it goes when there is
    /// neither, or when another pin has the place (spec 7.4).
    /// </summary>
    public static void Reanchor(Database db, long sid)
    {
        var pins = db.Query(
            "SELECT pid, ordinal, source_uuid FROM pinned_messages WHERE sid = ? ORDER BY pid",
            static row => (Pid: row.Int64(0), Ordinal: row.Int64(1), Uuid: row.Text(2)), sid).ToList();
        if (pins.Count == 0)
        {
            return;
        }

        db.Execute("UPDATE pinned_messages SET ordinal = ordinal + ? WHERE sid = ?", Parked, sid);
        foreach (var pin in pins)
        {
            var byUuid = pin.Uuid.Length > 0
                ? db.Scalar<long?>("SELECT min(ordinal) FROM messages WHERE sid = ? AND source_uuid = ?", sid, pin.Uuid)
                : null;
            var target = byUuid ?? db.Scalar<long?>("SELECT ordinal FROM messages WHERE sid = ? AND ordinal = ?", sid, pin.Ordinal);
            if (target is not { } ordinal
                || db.Execute("UPDATE OR IGNORE pinned_messages SET ordinal = ? WHERE pid = ?", ordinal, pin.Pid) == 0)
            {
                db.Execute("DELETE FROM pinned_messages WHERE pid = ?", pin.Pid);
            }
        }
    }
}
