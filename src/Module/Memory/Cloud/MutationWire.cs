namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// A mutation on its way to a server (memory spec 6.2). <paramref name="Project"/> is normalised, <paramref name="Payload"/> a JSON object.
/// </summary>
/// <param name="LocalSeq">Number in the journal; not sent.</param>
internal sealed record OutgoingMutation(long LocalSeq, string Project, string Entity, string EntityKey, string Op, string Payload);

/// <summary>
/// A mutation of a server's log (6.3). <paramref name="Payload"/> is the JSON text as it came, whatever kind of value it is.
/// </summary>
internal sealed record PulledMutation(
    long Seq, string Project, string Entity, string EntityKey, string Op, string Payload, string OccurredAt);

/// <summary>One page of the log. <see cref="TooLarge"/>: the answer was larger than we take (6.3: halve the limit).</summary>
internal sealed record PullPage(IReadOnlyList<PulledMutation> Mutations, bool HasMore)
{
    public bool TooLarge { get; init; }

    /// <summary>The number to go on from after this page.</summary>
    /// <exception cref="Errors.ArtifactSyncException">TargetProtocolError: the server says that there is more, and sends none of it (7.5 step 3).</exception>
    public long Next(long since, string server)
    {
        var last = Mutations.Count == 0 ? since : Math.Max(since, Mutations[^1].Seq);
        return HasMore && last == since
            ? throw new Errors.ArtifactSyncException(
                Errors.ErrorCode.TargetProtocolError,
                $"'{server}' says that there is more after {since} and sends none of it. Everything before it is kept; report it to who runs the server.",
                server)
            : last;
    }

    /// <summary>Of the answer, in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>An entry that a server refused: its index in the request, the field, and what is wrong.</summary>
internal sealed record InvalidEntry(int Index, string Field);

/// <summary>
/// What a server said to a push. <see cref="Seqs"/> is null when it confirmed nothing; nothing of it is believed before it
/// was validated (7.2 step 6).
/// </summary>
internal sealed record PushAnswer(IReadOnlyList<long>? Seqs)
{
    /// <summary>Not empty: the server refused the whole request for these entries.</summary>
    public IReadOnlyList<InvalidEntry> Invalid { get; init; } = [];

    /// <summary>Of the request, in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>The mutation routes of a server (section 6). One call is one request; nothing is repeated here.</summary>
internal interface IMutationApi : IDisposable
{
    /// <summary>The address without anything secret; what belongs to another address belongs to another server (7.3).</summary>
    string ServerUrl { get; }

    /// <summary>Sends entries of one project, at most <see cref="PushBatch.MaxEntries"/>.</summary>
    /// <exception cref="Errors.ArtifactSyncException">TargetUnauthorized, TargetForbidden, SyncPaused, ServerUnsupported,
    /// TargetUnavailable,
    /// TargetProtocolError, TargetUnreachable, TargetTimeout.</exception>
    Task<PushAnswer> PushAsync(IReadOnlyList<OutgoingMutation> entries, CancellationToken cancellationToken);

    /// <summary>Mutations with a number above <paramref name="since"/>, ascending.</summary>
    Task<PullPage> PullAsync(long since, int limit, CancellationToken cancellationToken);

    /// <summary>False when the token may not read the project (7.7).</summary>
    Task<bool> CanReadAsync(string project, CancellationToken cancellationToken);
}
