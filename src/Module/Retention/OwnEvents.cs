using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Store;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Makes own metadata events again (spec 13, row 32): those that are current in a register from its row, the others from a
/// store that was moved aside. Only bytes with the recorded hash are taken, so an event never changes.
/// </summary>
internal sealed class OwnEvents(ArchiveDatabase archive, LocalStore store, string origin)
{
    private const int Page = 500;

    private Dictionary<string, (string Gid, string Field)>? _registers;

    /// <summary>Enters all own events that the store lacks; returns how many, and the names of those that can't be made again.</summary>
    /// <param name="acquire">Takes the lease for one batch.</param>
    /// <param name="aside">Full paths of stores that were moved aside.</param>
    /// <param name="cancellationToken">Stops between two events.</param>
    public (long Restored, List<ArtifactRef> Lost) RestoreMissing(Func<Lease> acquire, IReadOnlyList<string> aside, CancellationToken cancellationToken)
    {
        var missing = RetentionTable.OwnEvents(archive.Reader, origin)
            .Select(known => ArtifactName.Meta(origin, known.OrderKey))
            .Where(artifact => !CatalogTable.Contains(archive.Reader, artifact)).ToList();
        return Restore(missing, acquire, aside, cancellationToken);
    }

    /// <summary>Writes these events; damaged files under their names go to the quarantine.</summary>
    public (long Restored, List<ArtifactRef> Lost) Restore(
        IReadOnlyList<ArtifactRef> events, Func<Lease> acquire, IReadOnlyList<string> aside, CancellationToken cancellationToken)
    {
        var lost = new List<ArtifactRef>();
        var restored = 0L;
        foreach (var page in events.Chunk(Page))
        {
            using var batch = store.BeginBatch();
            foreach (var artifact in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if ((FromRegister(artifact) ?? aside.Select(folder => FromAside(artifact, folder)).FirstOrDefault(static bytes => bytes is not null)) is { } bytes)
                {
                    using var wire = new MemoryStream(bytes, writable: false);
                    batch.Receive(artifact, wire, cancellationToken);
                }
                else
                {
                    lost.Add(artifact);
                }
            }
            using var lease = acquire();
            restored += batch.Commit(lease, cancellationToken).Count(static outcome => outcome.Error is null);
        }
        return (restored, lost);
    }

    private byte[]? FromRegister(ArtifactRef artifact)
    {
        _registers ??= RetentionTable.Registers(archive.Reader, origin);
        if (!_registers.TryGetValue(ArtifactName.OrderKey(artifact), out var place) || MetadataTable.Find(archive.Reader, place.Gid, place.Field) is not { } register)
        {
            return null;
        }
        var document = new MetadataEvent
        {
            Version = WireFormat.Portable.EventVersion, Hlc = register.Hlc, Origin = origin, SessionGid = register.Gid, Op = register.Op,
        };
        if (RegisterField.IsPin(register.Field))
        {
            document.Pin = WireDocument.Read(WireFields.PinShape, Encoding.UTF8.GetBytes(register.Value));
        }
        else if (register.Op == EventOp.Rename)
        {
            document.Value = register.Value;
        }
        return Proven(artifact, EventDocument.Encode(document));
    }

    private static byte[]? FromAside(ArtifactRef artifact, string aside)
    {
        try
        {
            var path = Path.Combine(aside, StorePath.Directory(artifact.Origin, artifact.Kind), StorePath.FileName(artifact));
            return FileStat.Of(path) is { Type: EntryType.File, Size: <= Limits.EventBytes } ? Proven(artifact, File.ReadAllBytes(path)) : null;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error) || error is ArtifactSyncException)
        {
            return null;
        }
    }

    private static byte[]? Proven(ArtifactRef artifact, byte[] bytes) =>
        Convert.ToHexStringLower(SHA256.HashData(bytes)) == ArtifactName.Sha256(artifact) ? bytes : null;
}
