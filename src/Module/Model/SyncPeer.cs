namespace ArtifactSync.Model;

/// <summary>How far the newest checkpoint of an origin has been taken over.</summary>
public enum SyncPeerStatus
{
    /// <summary>All sessions of its newest checkpoint are in the archive; for the own origin: all that changed is published.</summary>
    InSync,
    /// <summary>Something has still to arrive, to be imported or to be published.</summary>
    Pending,
    /// <summary>Its newest checkpoint can't be read or was written by a later version.</summary>
    Error,
}

/// <summary>One origin that the archive knows, the own one included.</summary>
public sealed record SyncPeer
{
    public string Origin { get; init; } = "";
    /// <summary>This archive publishes as this origin.</summary>
    public bool IsLocal { get; init; }
    /// <summary>Number of its newest checkpoint in the local store; 0 = none.</summary>
    public long CheckpointSequence { get; init; }
    /// <summary>Sessions that the newest checkpoint names; 0 when it can't be read.</summary>
    public long PublishedSessions { get; init; }
    /// <summary>Its sessions in the archive, those in the trash left out.</summary>
    public long LocalSessions { get; init; }
    /// <summary>When the newest checkpoint came into the local store.</summary>
    public DateTimeOffset? LastPublished { get; init; }
    public SyncPeerStatus Status { get; init; }
    /// <summary>Unresolved conflicts in which an edit of this origin won or lost.</summary>
    public long Conflicts { get; init; }
    public string ArchivePath { get; init; } = "";

    public override string ToString() => $"{Origin} {Status}";
}
