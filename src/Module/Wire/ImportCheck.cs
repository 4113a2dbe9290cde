using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

internal enum ImportVerdict
{
    Ok,

    /// <summary>A version above ours: kept, not imported.</summary>
    Future,
}

/// <summary>
/// What import checks beyond reception (spec 7.2 steps 1 to 5, 7.3). Whatever is invalid is an exception whose target is the
/// <see cref="ArtifactRef"/> to quarantine, with <see cref="ErrorCode.DocumentInvalid"/>,
/// <see cref="ErrorCode.DocumentNotCanonical"/> or <see cref="ErrorCode.DocumentLimitExceeded"/>.
/// </summary>
internal static class ImportCheck
{
    /// <summary>The checkpoint is null when the verdict is future.</summary>
    public static ImportVerdict Checkpoint(ArtifactRef artifact, ReadOnlyMemory<byte> decoded, out Checkpoint? checkpoint)
    {
        WireFormat format = WireFormat.Portable;
        Checkpoint read = Guard(artifact, () => CheckpointDocument.Read(decoded.Span));
        checkpoint = null;
        if (read.Version > format.CheckpointVersion)
        {
            return ImportVerdict.Future;
        }

        RequireCanonical(artifact, format, format.Checkpoint, read, decoded.Span);
        WireFault.Require(read.Version == format.CheckpointVersion, artifact, $"its version is {read.Version}");
        DocumentRules.Checkpoint(artifact, read);
        checkpoint = read;
        return ImportVerdict.Ok;
    }

    /// <summary>The manifest is null when the verdict is future.</summary>
    /// <param name="artifact">Its name.</param>
    /// <param name="decoded">Its bytes.</param>
    /// <param name="gid">The session that the checkpoint names it for.</param>
    /// <param name="manifest">What was read.</param>
    public static ImportVerdict Manifest(ArtifactRef artifact, ReadOnlyMemory<byte> decoded, string gid, out Manifest? manifest)
    {
        WireFormat format = WireFormat.Portable;
        manifest = null;
        if (Guard(artifact, () => ManifestDocument.Header(decoded.Span)).Version > format.ManifestVersion)
        {
            return ImportVerdict.Future;
        }

        Manifest read = Guard(artifact, () => ManifestDocument.Read(decoded.Span));
        RequireCanonical(artifact, format, format.Manifest, read, decoded.Span);
        WireFault.Require(read.Version == format.ManifestVersion, artifact, $"its version is {read.Version}");
        DocumentRules.Manifest(artifact, read);
        WireFault.Require(Gid.Join(artifact.Origin, read.NativeSessionId) == gid, artifact, $"it is not the manifest of {gid}");
        DocumentRules.DedupKeys(artifact, read);
        manifest = read;
        return ImportVerdict.Ok;
    }

    /// <summary>
    /// Streams the messages of a segment. A segment of a later version ends in <see cref="ErrorCode.FutureVersion"/>, an
    /// invalid one in its fault, possibly after messages were yielded: import inside a transaction.
    /// </summary>
    public static IEnumerable<MessageRecord> Segment(ArtifactRef artifact, Stream decoded, SessionTotals totals)
    {
        totals.BeginSegment();
        using var lines = new LineReader(decoded);
        using var writer = new CanonicalWriter();
        var segment = new SegmentTotals(totals.Limits);

        // A later line can still show that the segment is future or no segment at all, which counts more than this.
        ArtifactSyncException? fault = null;
        while (lines.Next())
        {
            MessageRecord message = Line(artifact, lines, segment);
            bool canonical = IsCanonical(writer, message, lines.Line);
            ArtifactSyncException? excess = totals.Add(artifact, message, lines.Line.Length);
            if (!canonical && fault?.Code != ErrorCode.DocumentNotCanonical)
            {
                fault = WireFault.NotCanonical(artifact);
            }

            fault ??= excess;
            if (fault is null)
            {
                yield return message;
            }
        }

        if (fault is not null)
        {
            throw fault;
        }
    }

    private static MessageRecord Line(ArtifactRef artifact, LineReader lines, SegmentTotals segment)
    {
        try
        {
            MessageRecord message = SegmentLine.Read(WireFormat.Portable, lines.Line)
                ?? throw new ArtifactSyncException(
                    ErrorCode.FutureVersion, $"{artifact} was written by a later version. It is kept for one.", artifact);
            segment.Add(message.ToolCalls.Count, message.ToolCalls.Sum(static c => (long)c.ResultEvents.Count));
            return message;
        }
        catch (ArtifactSyncException fault)
        {
            throw WireFault.About(artifact, fault);
        }
    }

    // A writer numbers tool calls by their place, so any other number is not what encoding again would give (spec 4.8).
    internal static bool IsCanonical(CanonicalWriter writer, MessageRecord message, ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            if (message.ToolCalls[i].CallIndex != i)
            {
                return false;
            }
        }

        // The index of a call is its position; the canonical form has no other (spec 4.8).
        for (int i = 0; i < message.ToolCalls.Count; i++)
        {
            if (message.ToolCalls[i].CallIndex != i)
            {
                return false;
            }
        }

        writer.Reset();
        MessageDocument.Write(writer, message);
        return line.SequenceEqual(writer.WrittenSpan);
    }

    private static void RequireCanonical<T>(
        ArtifactRef artifact, WireFormat format, WireObject<T> shape, T document, ReadOnlySpan<byte> decoded)
        where T : class
    {
        if (format.RequiresCanonicalForm && !WireDocument.IsCanonical(shape, document, decoded))
        {
            throw WireFault.NotCanonical(artifact);
        }
    }

    private static T Guard<T>(ArtifactRef artifact, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArtifactSyncException fault)
        {
            throw WireFault.About(artifact, fault);
        }
    }
}
