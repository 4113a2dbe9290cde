namespace ArtifactSync.Memory.Cloud;

/// <summary>Whether an answer confirms every entry of a request with a number of its own (memory spec 7.2 step 6). Pure.</summary>
internal static class AcceptedSeqs
{
    /// <summary>What is wrong with the answer; null when it may be believed.</summary>
    public static string? Fault(IReadOnlyList<long>? seqs, int entries)
    {
        if (seqs is null)
        {
            return "the server confirmed nothing";
        }

        if (seqs.Count != entries)
        {
            return $"the server accepted {seqs.Count} of {entries}";
        }

        return seqs.Any(seq => seq <= 0) ? "the server gave a number that is not positive"
            : seqs.Distinct().Count() != entries ? "the server gave one number twice"
            : null;
    }
}
