using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>The next pending rows: what is sent, and what can never be (memory spec 7.2 steps 2-4).</summary>
internal sealed record PushPlan(
    IReadOnlyList<OutgoingMutation> Rows, IReadOnlyList<(JournalEntry Entry, string Reason)> Refused, long LastSeq)
{
    public bool IsEmpty => Rows.Count == 0 && Refused.Count == 0;

    public static PushPlan Read(Database db, long afterSeq)
    {
        List<OutgoingMutation> rows = [];
        List<(JournalEntry, string)> refused = [];
        long bytes = 0, last = afterSeq;
        foreach (var entry in JournalTable.Sendable(db, afterSeq, PushBatch.MaxEntries))
        {
            if (bytes > PushBatch.MaxEntryBytes)
            {
                break; // the rest comes with the next window: memory stays bounded
            }

            last = entry.Seq;
            bytes += entry.Payload.Length;
            if (PushCheck.Fault(entry.Entity, entry.EntityKey, entry.Op, entry.Project, entry.Payload) is { } fault)
            {
                refused.Add((entry, fault));
                continue;
            }

            var row = new OutgoingMutation(
                entry.Seq, MemoryText.Project(entry.Project), entry.Entity, entry.EntityKey, entry.Op, entry.Payload);
            if (PushBatch.Size(row) > PushBatch.MaxEntryBytes)
            {
                refused.Add((entry, $"it is larger than {PushBatch.MaxEntryBytes >> 20} MiB, which no server takes"));
            }
            else
            {
                rows.Add(row);
            }
        }

        return new PushPlan(rows, refused, last);
    }
}
