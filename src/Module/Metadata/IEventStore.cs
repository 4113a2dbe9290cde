using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Metadata;

/// <summary>What the ledger needs of the local store; the store itself in production, a memory of bytes in tests.</summary>
internal interface IEventStore
{
    /// <summary>Whether the event is durable and part of the next exchange.</summary>
    bool Contains(ArtifactRef artifact);

    /// <summary>The stored bytes.</summary>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ArtifactNotFound"/>, <see cref="ErrorCode.HashMismatch"/>, ...</exception>
    byte[] Read(ArtifactRef artifact);

    /// <summary>Makes new events durable and visible, all or none.</summary>
    void Publish(IReadOnlyList<(ArtifactRef Artifact, byte[] Bytes)> events, Archive.Lease lease);

    /// <summary>Moves an event out of the store and remembers why.</summary>
    void Quarantine(ArtifactRef artifact, ErrorCode code, string reason, Archive.Lease lease);
}
