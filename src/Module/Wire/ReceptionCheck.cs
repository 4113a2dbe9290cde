using System.Security.Cryptography;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>What every receiver checks before it stores an artifact (spec 10.2). Canonical form is left to import.</summary>
internal static class ReceptionCheck
{
    /// <summary>Reads the wire bytes to their end in bounded memory.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ArtifactCorrupt"/> and <see cref="ErrorCode.ArtifactTooLarge"/> before
    /// <see cref="ErrorCode.HashMismatch"/> before <see cref="ErrorCode.DocumentInvalid"/> and
    /// <see cref="ErrorCode.DocumentLimitExceeded"/>; the target is the artifact.
    /// </exception>
    public static ArtifactInfo Verify(ArtifactRef artifact, Stream wire, CancellationToken cancellation)
    {
        try
        {
            using DecodedStream decoded = ArtifactCodec.OpenDecoded(artifact.Kind, wire);
            using var hashed = new HashingStream(decoded, cancellation);
            ArtifactSyncException? fault = null;
            Body body = default;
            try
            {
                body = ReadBody(artifact, hashed);
            }
            catch (ArtifactSyncException broken) when (broken.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded)
            {
                fault = broken;
            }

            // Damage explains a fault of the body, so what is left decides first.
            hashed.Drain();
            string sha256 = hashed.Finish();
            RequireHash(artifact, sha256);
            if (fault is not null)
            {
                throw fault;
            }

            var identity = new ArtifactIdentity(sha256, decoded.DecodedBytes, decoded.WireBytes);
            return new ArtifactInfo(identity, body.IsFuture, body.References ?? [], body.ImportFault);
        }
        catch (ArtifactSyncException fault)
        {
            throw WireFault.About(artifact, fault);
        }
    }

    private static void RequireHash(ArtifactRef artifact, string sha256)
    {
        if (ArtifactName.Sha256(artifact) is { } promised && promised != sha256)
        {
            throw new ArtifactSyncException(
                ErrorCode.HashMismatch,
                $"{artifact} is damaged: its content hashes to {sha256}. Fetch it again from another copy.",
                artifact);
        }
    }

    private static Body ReadBody(ArtifactRef artifact, Stream decoded) => artifact.Kind switch
    {
        ArtifactKind.Checkpoints => Checkpoint(artifact, ReadAll(decoded)),
        ArtifactKind.Manifests => Manifest(artifact, ReadAll(decoded)),
        ArtifactKind.Meta => Event(artifact, ReadAll(decoded)),
        ArtifactKind.Segments => Segment(artifact, decoded),
        _ => default,
    };

    private static Body Checkpoint(ArtifactRef artifact, ReadOnlySpan<byte> decoded)
    {
        long ours = WireFormat.Portable.CheckpointVersion;
        Checkpoint checkpoint = CheckpointDocument.Read(decoded);
        WireFault.Require(checkpoint.Version >= ours, artifact, $"its version is {checkpoint.Version}");
        DocumentRules.Checkpoint(artifact, checkpoint);
        // Each repeats the map of the one before: to keep them all as references would cost sessions times checkpoints.
        return new Body(checkpoint.Version > ours, []);
    }

    private static Body Manifest(ArtifactRef artifact, ReadOnlySpan<byte> decoded)
    {
        DocumentHeader header = ManifestDocument.Header(decoded);
        if (header.Version > WireFormat.Portable.ManifestVersion)
        {
            WireFault.Require(header.Origin == artifact.Origin, artifact, $"its origin is '{header.Origin}'");
            return new Body(true, []);
        }

        Manifest manifest = ManifestDocument.Read(decoded);
        DocumentRules.Manifest(artifact, manifest);
        List<(ArtifactKind, string)> references = [.. manifest.Segments.Select(static s => (ArtifactKind.Segments, s))];
        if (manifest.RawSource is { Hash.Length: > 0 } raw)
        {
            references.Add((ArtifactKind.Raw, raw.Hash));
        }

        return new Body(false, references);
    }

    private static Body Event(ArtifactRef artifact, ReadOnlySpan<byte> decoded)
    {
        long ours = WireFormat.Portable.EventVersion;
        if (EventDocument.Peek(decoded).Version > ours)
        {
            return new Body(true, []);
        }

        MetadataEvent metadataEvent = EventDocument.Read(decoded);
        string hlc = ArtifactName.HlcText(artifact);
        WireFault.Require(metadataEvent.Version == ours, artifact, $"its version is {metadataEvent.Version}");
        WireFault.Require(metadataEvent.Hlc == hlc && Hlc.TryParse(hlc, out _), artifact, "its clock text is not that of its name");
        WireFault.Require(metadataEvent.Origin == artifact.Origin, artifact, $"its origin is '{metadataEvent.Origin}'");
        WireFault.Require(metadataEvent.SessionGid.Length > 0, artifact, "it names no session");
        WireFault.Require(
            EventProjection.Of(metadataEvent).Status != EventProjectionStatus.NotProjectable,
            artifact,
            $"its op '{metadataEvent.Op}' lacks what it needs");
        return default;
    }

    // One pass finds what reception refuses and, for the catalog, what import would: segments need not be parsed a third time.
    private static Body Segment(ArtifactRef artifact, Stream decoded)
    {
        using var lines = new LineReader(decoded);
        using var writer = new CanonicalWriter();
        var limits = new SegmentTotals(SessionLimits.Default);
        var totals = new SessionTotals(artifact);
        totals.BeginSegment();
        bool? isFuture = null;
        ErrorCode? fault = null;
        while (lines.Next())
        {
            MessageRecord? message = SegmentLine.Read(WireFormat.Portable, lines.Line);
            if ((message is null) != (isFuture ??= message is null))
            {
                throw new ArtifactSyncException(ErrorCode.DocumentInvalid, "A segment mixes records of our version and of later ones.");
            }

            if (message is null)
            {
                limits.Add(0, 0);
                continue;
            }

            limits.Add(message.ToolCalls.Count, message.ToolCalls.Sum(static call => (long)call.ResultEvents.Count));
            fault = ImportCheck.IsCanonical(writer, message, lines.Line)
                ? fault ?? totals.Add(artifact, message, lines.Line.Length)?.Code
                : ErrorCode.DocumentNotCanonical;
        }

        return isFuture == true ? new Body(true, [], ErrorCode.FutureVersion) : new Body(false, [], fault);
    }

    private static ReadOnlySpan<byte> ReadAll(Stream decoded)
    {
        using var all = new MemoryStream();
        decoded.CopyTo(all);
        return all.GetBuffer().AsSpan(0, (int)all.Length);
    }

    private readonly record struct Body(
        bool IsFuture, IReadOnlyList<(ArtifactKind Kind, string Sha256)>? References, ErrorCode? ImportFault = null);
}

/// <summary>Hashes what is read through it and stops when asked to.</summary>
internal sealed class HashingStream(Stream inner, CancellationToken cancellation) : ReadOnlyStream
{
    private const int DrainSize = 64 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override int Read(Span<byte> buffer)
    {
        cancellation.ThrowIfCancellationRequested();
        int read = inner.Read(buffer);
        _hash.AppendData(buffer[..read]);
        return read;
    }

    /// <summary>Reads what is left.</summary>
    public void Drain()
    {
        Span<byte> rest = new byte[DrainSize];
        while (Read(rest) > 0)
        {
        }
    }

    /// <summary>Lower-case hex SHA-256 of everything read.</summary>
    public string Finish()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        return Convert.ToHexStringLower(hash);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
