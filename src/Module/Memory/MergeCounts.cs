namespace ArtifactSync.Memory;

/// <summary>The counters of an import (memory spec 3.5). Inserted, updated and skipped together are the entries of a document.</summary>
internal sealed record MergeCounts
{
    public long SessionsImported { get; set; }
    public long ObservationsInserted { get; set; }
    public long ObservationsUpdated { get; set; }
    public long ObservationsSkipped { get; set; }
    public long PromptsInserted { get; set; }
    public long PromptsSkipped { get; set; }

    /// <summary>Sessions of which something missing was filled in, and deletes that were applied: changes without a counter.</summary>
    public long OtherChanges { get; set; }

    public bool HasChanges =>
        SessionsImported + ObservationsInserted + ObservationsUpdated + PromptsInserted + OtherChanges > 0;

    public void Add(MergeCounts other)
    {
        SessionsImported += other.SessionsImported;
        ObservationsInserted += other.ObservationsInserted;
        ObservationsUpdated += other.ObservationsUpdated;
        ObservationsSkipped += other.ObservationsSkipped;
        PromptsInserted += other.PromptsInserted;
        PromptsSkipped += other.PromptsSkipped;
        OtherChanges += other.OtherChanges;
    }
}
