using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>Reads artifacts of a target and proves them.</summary>
internal static class TargetReader
{
    /// <summary>The decoded bytes of a document that passes the reception check.</summary>
    /// <exception cref="Errors.ArtifactSyncException">What the check and the target say.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(ITransport transport, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        // Twice through the bytes: they are one document, and the check is the one that everything passes.
        using var copy = new MemoryStream();
        await using (var wire = await transport.OpenReadAsync(artifact, cancellationToken))
        {
            await wire.CopyToAsync(copy, cancellationToken);
        }
        copy.Position = 0;
        ReceptionCheck.Verify(artifact, copy, cancellationToken);
        copy.Position = 0;
        using var decoded = ArtifactCodec.OpenDecoded(artifact.Kind, copy);
        using var bytes = new MemoryStream();
        await decoded.CopyToAsync(bytes, cancellationToken);
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    /// <summary>What the copy there is.</summary>
    /// <exception cref="Errors.ArtifactSyncException">What the reception check and the target say.</exception>
    public static async Task<ArtifactInfo> VerifyAsync(ITransport transport, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        await using var wire = await transport.OpenReadAsync(artifact, cancellationToken);
        return ReceptionCheck.Verify(artifact, wire, cancellationToken);
    }
}
