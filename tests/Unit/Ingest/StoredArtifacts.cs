using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Ingest;

/// <summary>Artifacts that lie in the local store although reception would refuse them: an older module let them in, say.</summary>
internal static class StoredArtifacts
{
    /// <summary>Puts all artifacts of a folder into the machine's store; their origins have something to import.</summary>
    public static async Task PutAsync(Machine machine, string folder, string share)
    {
        // A store that no exchange has made its own counts as lost.
        await machine.SyncAsync(share, initialize: true);
        Put(machine, folder);
    }

    private static void Put(Machine machine, string folder)
    {
        using ArchiveDatabase archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        using Lease lease = archive.AcquireLease("stored-artifacts", TimeSpan.Zero, CancellationToken.None);
        using StoreBatch batch = new LocalStore(archive, Lenient).BeginBatch();
        var origins = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string path, string file) in RecordedTree.Read(folder).Files)
        {
            ArtifactRef artifact = WireFiles.Parse(path)!;
            using FileStream wire = File.OpenRead(file);
            batch.Receive(artifact, wire, CancellationToken.None);
            origins.Add(artifact.Origin);
        }

        batch.Publish(CancellationToken.None);
        using WriteTransaction transaction = lease.Begin();
        batch.Catalog(transaction.Db);
        foreach (string origin in origins)
        {
            IngestTable.MarkPending(transaction.Db, origin, content: true, metadata: true, machine.Options.Clock.GetUtcNow());
        }

        transaction.Commit();
    }

    private static ArtifactInfo Lenient(ArtifactRef artifact, Stream wire, CancellationToken cancellation)
    {
        using var copy = new MemoryStream();
        wire.CopyTo(copy);
        try
        {
            copy.Position = 0;
            return ReceptionCheck.Verify(artifact, copy, cancellation);
        }
        catch (ArtifactSyncException refused) when (refused.Code is ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded)
        {
            copy.Position = 0;
            using Stream decoded = ArtifactCodec.OpenDecoded(artifact.Kind, copy);
            using var bytes = new MemoryStream();
            decoded.CopyTo(bytes);
            var identity = new ArtifactIdentity(WireFiles.Hash(bytes.ToArray()), bytes.Length, copy.Length);
            return new ArtifactInfo(identity, IsFuture: false, [], ImportFault(artifact, bytes));
        }
    }

    /// <summary>The catalog knows of segments what import will meet.</summary>
    private static ErrorCode? ImportFault(ArtifactRef artifact, MemoryStream decoded)
    {
        if (artifact.Kind != ArtifactKind.Segments)
        {
            return null;
        }

        decoded.Position = 0;
        try
        {
            _ = ImportCheck.Segment(artifact, decoded, new SessionTotals(artifact)).Count();
            return null;
        }
        catch (ArtifactSyncException fault)
        {
            return fault.Code;
        }
    }
}
