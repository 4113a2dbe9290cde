namespace ArtifactSync.Model;

public enum SyncPeerListenerStatus { Listening, Stopped }

/// <summary>A listener that serves an archive to peers, in the background of the session that started it. Its state is live.</summary>
public sealed class SyncPeerListener
{
    private long _requests, _refused, _received;

    /// <summary>Number within the process.</summary>
    public int ListenerId { get; init; }
    /// <summary>What to give others as target: the first address, with the port that was taken.</summary>
    public required Uri Uri { get; init; }
    /// <summary>All addresses.</summary>
    public IReadOnlyList<Uri> Uris { get; init => field = value.AsArray(); } = [];
    public string ArchivePath { get; init; } = "";
    public bool ReadOnly { get; init; }
    public bool RequiresToken { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? StoppedAt { get; private set; }
    public SyncPeerListenerStatus Status => StoppedAt is null ? SyncPeerListenerStatus.Listening : SyncPeerListenerStatus.Stopped;
    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);
    /// <summary>Requests that brought no token, a wrong one, or a foreign host.</summary>
    public long Refused => Interlocked.Read(ref _refused);
    /// <summary>Artifacts that peers sent and this archive lacked.</summary>
    public long Received => Interlocked.Read(ref _received);

    public override string ToString() => $"{Uri} {Status}";

    internal void CountRequest() => Interlocked.Increment(ref _requests);
    internal void CountRefused() => Interlocked.Increment(ref _refused);
    internal void CountReceived() => Interlocked.Increment(ref _received);
    internal void Stopped(DateTimeOffset at) => StoppedAt = at;
}
