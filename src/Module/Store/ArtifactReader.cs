using System.Buffers;
using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>Reads artifacts of the local store and proves them against the catalog while doing so.</summary>
internal static class ArtifactReader
{
    /// <summary>SHA-256 of the decoded bytes, in constant memory. Leaves <paramref name="wire"/> open.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactCorrupt, ArtifactTooLarge.</exception>
    public static string Hash(ArtifactKind kind, Stream wire, CancellationToken cancellationToken)
    {
        using var decoded = ArtifactCodec.OpenDecoded(kind, new UnownedStream(wire));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (int read; (read = decoded.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The decoded bytes of a whole document (checkpoint, manifest, event).</summary>
    /// <exception cref="ArtifactSyncException">ArtifactCorrupt or HashMismatch: not what the catalog says.</exception>
    public static byte[] ReadDocument(LocalStore store, CatalogEntry entry)
    {
        using var wire = store.OpenWire(entry);
        using var decoded = ArtifactCodec.OpenDecoded(entry.Artifact.Kind, wire);
        var bytes = new byte[entry.Size];
        try
        {
            var read = decoded.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read == bytes.Length && decoded.ReadByte() < 0 && Convert.ToHexStringLower(SHA256.HashData(bytes)) == entry.Sha256)
            {
                return bytes;
            }
        }
        catch (ArtifactSyncException fault) when (IsUnreadable(fault.Code))
        {
            throw Mismatch(entry, fault);
        }
        throw Mismatch(entry);
    }

    /// <summary>The decoded bytes as a stream whose end throws when the hash is not what the catalog says.</summary>
    public static Stream OpenVerified(LocalStore store, CatalogEntry entry)
    {
        var wire = store.OpenWire(entry);
        try
        {
            return new HashCheckingStream(ArtifactCodec.OpenDecoded(entry.Artifact.Kind, wire, leaveOpen: false), entry.Sha256, () => Mismatch(entry));
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>The wire bytes from their beginning, proven to be what the catalog says, so that bit rot never spreads.</summary>
    /// <exception cref="ArtifactSyncException">ArtifactCorrupt, ArtifactTooLarge, HashMismatch: they are not.</exception>
    public static Stream OpenIntact(LocalStore store, CatalogEntry entry, CancellationToken cancellationToken)
    {
        var wire = store.OpenWire(entry);
        try
        {
            if (Hash(entry.Artifact.Kind, wire, cancellationToken) != entry.Sha256)
            {
                throw Mismatch(entry);
            }
            wire.Position = 0;
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Whether the bytes are what the catalog says. A verdict on content is worth nothing before.</summary>
    public static bool IsIntact(LocalStore store, CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            using var wire = store.OpenWire(entry);
            return Hash(entry.Artifact.Kind, wire, cancellationToken) == entry.Sha256;
        }
        catch (ArtifactSyncException fault) when (IsUnreadable(fault.Code))
        {
            return false;
        }
    }

    public static ArtifactSyncException Mismatch(CatalogEntry entry, Exception? inner = null) => new(ErrorCode.HashMismatch,
        $"'{entry.Artifact}' of the local store is damaged: it is not what was verified when it came.", entry.Artifact.Path, inner);

    // Within its limits it was when it came, so a frame that claims more is damaged.
    private static bool IsUnreadable(ErrorCode code) => code is ErrorCode.ArtifactCorrupt or ErrorCode.ArtifactTooLarge;
}
