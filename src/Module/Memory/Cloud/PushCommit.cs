using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>What a confirmed push leaves behind, in one transaction: mapping, ack and versions (memory spec 7.2 step 7).</summary>
internal static class PushCommit
{
    /// <summary>True when the numbers show that the log is another one than before (7.3); it was reset then, after the ack.</summary>
    /// <param name="entries">Local number and what it is about, in the order sent.</param>
    public static bool Write(Database db, IReadOnlyList<MappedMutation> entries, string serverUrl, long now)
    {
        var before = MemoryTargetTable.Read(db);
        foreach (var entry in entries)
        {
            MappingTable.Put(db, entry.LocalSeq, entry.CloudSeq, now);
            Ack(db, entry, now);
        }

        // Whatever was consumed or mapped before had its number before this push.
        if (entries.Any(entry => entry.CloudSeq <= Math.Max(before.Cursor, before.MappedMax)))
        {
            MemoryTargetTable.Reset(db, serverUrl, now);
            return true;
        }

        MemoryTargetTable.RaiseMappedMax(db, entries.Max(entry => entry.CloudSeq), now);
        SetStates(db, entries, now);
        return false;
    }

    /// <summary>Acks rows that a server accepted before a crash (7.2 step 1). Returns their number.</summary>
    public static int Reconcile(Database db, long now)
    {
        var entries = MappingTable.Unacked(db);
        AckAll(db, entries, now);
        return entries.Count;
    }

    /// <summary>Acks rows that a server has. Those of a chunk have no number yet (4.5, 8.2): their copies in the log bring it.</summary>
    public static void AckAll(Database db, IReadOnlyList<MappedMutation> entries, long now)
    {
        foreach (var entry in entries)
        {
            Ack(db, entry, now);
        }

        if (entries.Count > 0)
        {
            SetStates(db, entries, now);
        }
    }

    private static void Ack(Database db, MappedMutation entry, long now)
    {
        JournalTable.Ack(db, entry.LocalSeq, now);
        if (!JournalTable.HasPendingAfter(db, entry.Entity, entry.EntityKey, entry.LocalSeq))
        {
            VersionTable.SetAcked(db, entry.Entity, entry.EntityKey, entry.CloudSeq);
        }
    }

    private static void SetStates(Database db, IReadOnlyList<MappedMutation> entries, long now)
    {
        MemoryTargetTable.SetAcked(db, MemoryTargetTable.Cloud, entries.Max(e => e.LocalSeq), JournalTable.HasPending(db), now);
        foreach (var project in entries.GroupBy(entry => entry.Project, StringComparer.Ordinal))
        {
            MemoryTargetTable.SetAcked(
                db, MemoryTargetTable.OfProject(project.Key), project.Max(e => e.LocalSeq), JournalTable.HasPendingOf(db, project.Key),
                    now);
        }
    }
}
