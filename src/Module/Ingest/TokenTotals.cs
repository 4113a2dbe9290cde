using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>
/// Keeps a session's token totals true when clamping changed what they sum up (spec 7.4): totals that equalled the values
/// of the messages, else of the usage events, before clamping are computed anew after it; others stay as the owner says.
/// </summary>
internal sealed class TokenTotals
{
    private Sums _messagesBefore, _messagesAfter, _usageBefore, _usageAfter;

    public void BeforeClamp(MessageRecord message) => AddMessage(ref _messagesBefore, message);

    public void AfterClamp(MessageRecord message) => AddMessage(ref _messagesAfter, message);

    public void BeforeClamp(UsageEventRecord usage) => AddUsage(ref _usageBefore, usage);

    public void AfterClamp(UsageEventRecord usage) => AddUsage(ref _usageAfter, usage);

    /// <summary>Settles the totals of <paramref name="row"/>; true when something changed.</summary>
    public bool Settle(SessionRecord row)
    {
        var (output, hasOutput, peak, hasPeak) =
            (row.TotalOutputTokens, row.HasTotalOutputTokens, row.PeakContextTokens, row.HasPeakContextTokens);
        if ((output, hasOutput) == _messagesBefore.OutputTotal)
        {
            (row.TotalOutputTokens, row.HasTotalOutputTokens) = _messagesAfter.OutputTotal;
        }
        else if ((output, hasOutput) == _usageBefore.OutputTotal)
        {
            (row.TotalOutputTokens, row.HasTotalOutputTokens) = _usageAfter.OutputTotal;
        }
        if ((peak, hasPeak) == _messagesBefore.ContextPeak)
        {
            (row.PeakContextTokens, row.HasPeakContextTokens) = _messagesAfter.ContextPeak;
        }
        else if ((peak, hasPeak) == _usageBefore.ContextPeak)
        {
            (row.PeakContextTokens, row.HasPeakContextTokens) = _usageAfter.ContextPeak;
        }
        return (output, hasOutput, peak, hasPeak)
            != (row.TotalOutputTokens, row.HasTotalOutputTokens, row.PeakContextTokens, row.HasPeakContextTokens);
    }

    private static void AddMessage(ref Sums sums, MessageRecord message)
    {
        if (message.HasOutputTokens)
        {
            sums.AddOutput(message.OutputTokens);
        }
        if (message.HasContextTokens)
        {
            sums.AddContext(message.ContextTokens);
        }
    }

    private static void AddUsage(ref Sums sums, UsageEventRecord usage)
    {
        if (usage.Source == SessionRewriter.SessionSource)
        {
            return;
        }
        if (usage.OutputTokens > 0)
        {
            sums.AddOutput(usage.OutputTokens);
        }
        var context = unchecked(usage.InputTokens + usage.CacheCreationInputTokens + usage.CacheReadInputTokens);
        if (context > 0)
        {
            sums.AddContext(context);
        }
    }

    private struct Sums
    {
        private long _output, _context;
        private bool _hasOutput, _hasContext;

        public readonly (long, bool) OutputTotal => (_output, _hasOutput);

        public readonly (long, bool) ContextPeak => (_context, _hasContext);

        public void AddOutput(long value) => (_output, _hasOutput) = (unchecked(_output + value), true);

        public void AddContext(long value) => (_context, _hasContext) = (_hasContext ? Math.Max(_context, value) : value, true);
    }
}
