using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Archive;

/// <summary>What a write of a session's content did.</summary>
/// <param name="Messages">Messages of the session after it.</param>
/// <param name="Written">Messages that had to be written.</param>
/// <param name="Changed">Messages or usage differ from before.</param>
internal readonly record struct ContentChange(long Messages, long Written, bool Changed);

/// <summary>Messages, tool calls, result events and usage of sessions.</summary>
internal static class MessageTable
{
    public static long Count(Database db) => db.Scalar<long>("SELECT count(*) FROM messages");

    /// <summary>
    /// Makes the session's messages and usage what is given, in one pass. Leading messages that are there already are kept;
    /// from the first difference on the rest is replaced. Pins survive by source_uuid, else by ordinal (spec 7.4). When
    /// anything changed, the transcript revision is raised, which queues an own session.
    /// </summary>
    /// <exception cref="ArtifactSyncException">DocumentInvalid: an ordinal, or a usage event's key, is repeated.</exception>
    public static ContentChange Replace(
        Database db, long sid, IEnumerable<MessageRecord> messages, IReadOnlyCollection<UsageEventRecord> usage)
    {
        using var incoming = messages.GetEnumerator();
        var more = incoming.MoveNext();
        var last = LastOrdinal(db, sid);
        long kept = 0;
        var changed = false;
        if (last is not null)
        {
            (kept, var lastKept, more) = KeepEqual(db, sid, incoming, more);
            changed = DeleteFrom(db, sid, lastKept + 1 ?? long.MinValue) > 0;
        }

        var written = more ? InsertAll(db, sid, incoming) : 0;
        if (last is not null && (changed || written > 0))
        {
            PinTable.Reanchor(db, sid);
        }

        changed |= written > 0;
        changed |= UsageTable.Replace(db, sid, usage);
        if (changed)
        {
            SessionTable.BumpRevision(db, sid);
        }

        return new ContentChange(kept + written, written, changed);
    }

    /// <summary>Adds messages to a session that grew; raises the transcript revision when there is one.</summary>
    /// <exception cref="ArtifactSyncException">DocumentInvalid: an ordinal is repeated.</exception>
    public static long Append(Database db, long sid, IEnumerable<MessageRecord> messages)
    {
        using var incoming = messages.GetEnumerator();
        var written = incoming.MoveNext() ? InsertAll(db, sid, incoming) : 0;
        if (written > 0)
        {
            SessionTable.BumpRevision(db, sid);
        }

        return written;
    }

    /// <summary>The messages by ordinal, each with its tool calls and their events; one is alive at a time.</summary>
    public static IEnumerable<MessageRecord> Read(Database db, long sid)
    {
        using var cursor = new MessageCursor(db, sid);
        while (cursor.Next() is { } message)
        {
            yield return message;
        }
    }

    /// <summary>Deletes the messages from an ordinal on, with all that belongs to them; returns how many there were.</summary>
    public static int DeleteFrom(Database db, long sid, long ordinal)
    {
        TextIndex.Remove(db, sid, ordinal);
        return db.Execute("DELETE FROM messages WHERE sid = ? AND ordinal >= ?", sid, ordinal);
    }

    /// <summary>The highest ordinal; null = no messages.</summary>
    public static long? LastOrdinal(Database db, long sid) => db.Scalar<long?>("SELECT max(ordinal) FROM messages WHERE sid = ?", sid);

    // Existing rows come by ascending ordinal, so those that were found equal are exactly the ones up to the last of them.
    private static (long Kept, long? LastKept, bool More) KeepEqual(Database db, long sid, IEnumerator<MessageRecord> incoming, bool more)
    {
        long kept = 0;
        long? lastKept = null;
        using var existing = new MessageCursor(db, sid);
        while (more && existing.Next() is { } row && IsSame(row, incoming.Current))
        {
            lastKept = row.Ordinal;
            kept++;
            more = incoming.MoveNext();
        }

        return (kept, lastKept, more);
    }

    private static long InsertAll(Database db, long sid, IEnumerator<MessageRecord> messages)
    {
        using var writer = new MessageWriter(db, sid);
        long written = 0;
        do
        {
            writer.Write(messages.Current);
            written++;
        }
        while (messages.MoveNext());
        return written;
    }

    // Lists compare by identity in records; with one list on both sides the rest of the record compares by value, so that
    // a new field cannot be forgotten here.
    private static bool IsSame(MessageRecord row, MessageRecord other)
    {
        var (rowCalls, otherCalls) = (row.ToolCalls, other.ToolCalls);
        if (rowCalls.Count != otherCalls.Count)
        {
            return false;
        }

        row.ToolCalls = otherCalls;
        var same = row == other;
        row.ToolCalls = rowCalls;
        for (var i = 0; same && i < rowCalls.Count; i++)
        {
            same = IsSame(rowCalls[i], otherCalls[i], i);
        }

        return same;
    }

    private static bool IsSame(ToolCallRecord row, ToolCallRecord other, int index)
    {
        var (rowEvents, otherEvents) = (row.ResultEvents, other.ResultEvents);
        if (rowEvents.Count != otherEvents.Count)
        {
            return false;
        }

        (row.ResultEvents, row.CallIndex) = (otherEvents, other.CallIndex);
        var same = row == other;
        (row.ResultEvents, row.CallIndex) = (rowEvents, index);
        for (var i = 0; same && i < rowEvents.Count; i++)
        {
            rowEvents[i].EventIndex = otherEvents[i].EventIndex;
            same = rowEvents[i] == otherEvents[i];
        }

        return same;
    }
}
