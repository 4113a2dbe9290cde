using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>What the ledger needs of the local store; changes are part of the caller's transaction.</summary>
internal interface IEventStore
{
    /// <summary>The stored bytes, which are those that the name promises. May be called by many threads.</summary>
    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.ArtifactNotFound"/>, <see cref="ErrorCode.ArtifactCorrupt"/>, <see cref="ErrorCode.HashMismatch"/>,
    /// <see cref="ErrorCode.ArtifactTooLarge"/>, <see cref="ErrorCode.AccessDenied"/>.
    /// </exception>
    byte[] Read(CatalogEntry entry);

    /// <summary>Makes new events durable on disk; they go out with the next exchange once the transaction is committed.</summary>
    void Publish(Database db, IReadOnlyList<StampedEvent> events);

    /// <summary>Moves an event out of the store and remembers why.</summary>
    void Quarantine(Database db, ArtifactRef artifact, ErrorCode code, string reason);

    /// <summary>The stored bytes are damaged: the next exchange fetches them again.</summary>
    void RequestRepair(Database db, ArtifactRef artifact);
}
