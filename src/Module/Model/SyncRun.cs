namespace ArtifactSync.Model;

/// <summary>What a run did (decisions: run kinds).</summary>
public enum RunKind { Exchange, Import, Collect, Verify, Repair, Reset, Rebuild, Surgical, Preflight, MemoryImport, MemorySync }

/// <summary><c>Planned</c> exists only in objects of -WhatIf, never in the ledger.</summary>
public enum RunStatus { Planned, Running, Succeeded, Partial, Failed, Aborted }

/// <summary>One invocation that did work: a row of <c>sync_runs</c>.</summary>
public sealed record SyncRun
{
    /// <summary>Sortable text id; null for a planned run.</summary>
    public string? RunId { get; init; }
    public string? ParentRunId { get; init; }
    public RunKind Kind { get; init; }
    public RunStatus Status { get; init; }
    /// <summary>What the user named: folder, URL; null for local runs.</summary>
    public string? Target { get; init; }
    /// <summary>Of surgical runs: the GitLab server, and the project as the user named it (path or number).</summary>
    public string? InstanceUrl { get; init; }
    public string? Project { get; init; }
    public string Phase { get; init; } = "";
    public RunCounters Counters { get; init; } = new();
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public bool Retryable { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public TimeSpan? Duration => FinishedAt - StartedAt;
    public string Host { get; init; } = "";
    public int ProcessId { get; init; }
    public string ArchivePath { get; init; } = "";
    /// <summary>Filled by <c>Get-SyncRun -IncludeEntity</c> and on the run that a cmdlet emits; only what changed or failed.</summary>
    public IReadOnlyList<SyncRunEntity> Entities { get; init => field = value.AsArray(); } = [];
    /// <summary>Issues and merge requests among <see cref="Entities"/> that failed.</summary>
    public IReadOnlyList<TrackedItem> FailedIids => Items(EntityStatus.Failed);
    /// <summary>Those that were left alone because the archive has fresher ones.</summary>
    public IReadOnlyList<TrackedItem> SkippedStaleIids => Items(EntityStatus.Skipped, "ingest");

    private TrackedItem[] Items(EntityStatus status, string? stage = null) =>
    [
        .. Entities.Where(e => e.Iid is not null && e.Status == status && (stage is null || e.Stage == stage))
            .Select(e => new TrackedItem(e.EntityType, e.Iid!.Value)).Distinct(),
    ];
}

/// <summary>Counters of a run; those that do not apply stay 0.</summary>
public sealed record RunCounters
{
    public long Published { get; set; }
    public long Sent { get; set; }
    public long Received { get; set; }
    public long ImportedSessions { get; set; }
    public long ImportedMessages { get; set; }
    public long ImportedEvents { get; set; }
    public long Deferred { get; set; }
    public long Rejected { get; set; }
    public long Quarantined { get; set; }
    public long Healed { get; set; }
    public long Collected { get; set; }
    public long BytesSent { get; set; }
    public long BytesReceived { get; set; }
    /// <summary>Transcript files read, added or changed by this run.</summary>
    public long FilesImported { get; set; }
    public long FilesSkipped { get; set; }
    public long FilesFailed { get; set; }
    public long MalformedLines { get; set; }
    /// <summary>Of collections: artifacts looked at, those that were stale and old enough, those that grace kept.</summary>
    public long Scanned { get; set; }
    public long Eligible { get; set; }
    public long KeptByGrace { get; set; }
    public long BytesCollected { get; set; }
    /// <summary>Origins that no collection may touch, since what they need is not complete.</summary>
    public long SkippedOrigins { get; set; }
    /// <summary>Of verifications and repairs: artifacts read or compared, and what was wrong.</summary>
    public long Verified { get; set; }
    public long Findings { get; set; }
    /// <summary>Own artifacts that were made again from the archive.</summary>
    public long Republished { get; set; }
    /// <summary>Items that a surgical run was asked for.</summary>
    public long Requested { get; set; }
    public long Fetched { get; set; }
    public long Ingested { get; set; }
    /// <summary>Of the ingested ones: those in which nothing had changed.</summary>
    public long Unchanged { get; set; }
    /// <summary>Items that were left alone because the archive has fresher ones.</summary>
    public long SkippedStale { get; set; }
    public long DependentsDone { get; set; }
    public long DocumentsRegenerated { get; set; }
    /// <summary>Documents of this run that another process had rebuilt meanwhile; they were rebuilt once more.</summary>
    public long DocumentsTakenOver { get; set; }
    public long DocumentsEmbedded { get; set; }
    public long AbortedJobs { get; set; }
    /// <summary>Mutations of a memory server that changed something here.</summary>
    public long Applied { get; set; }
    /// <summary>Own mutations that came back.</summary>
    public long Echoes { get; set; }
    /// <summary>Mutations that what is stored wins against.</summary>
    public long Stale { get; set; }
    /// <summary>Changes that a pull journalled: what an enrolled project or another log lacks, and answers.</summary>
    public long Queued { get; set; }
    /// <summary>Rows of the memory plane (sessions, observations, prompts) that an import inserted, updated, left as they were.</summary>
    public long MemoryInserted { get; set; }
    public long MemoryUpdated { get; set; }
    public long MemorySkipped { get; set; }

    /// <summary>The counters that are not 0: <c>Published=10, Sent=21</c>.</summary>
    public override string ToString() => string.Join(", ", All().Where(counter => counter.Value != 0).Select(counter => $"{counter.Name}={counter.Value}"));

    private IEnumerable<(string Name, long Value)> All() =>
    [
        (nameof(Published), Published), (nameof(Sent), Sent), (nameof(Received), Received), (nameof(ImportedSessions), ImportedSessions),
        (nameof(ImportedMessages), ImportedMessages), (nameof(ImportedEvents), ImportedEvents), (nameof(Deferred), Deferred),
        (nameof(Rejected), Rejected), (nameof(Quarantined), Quarantined), (nameof(Healed), Healed), (nameof(Collected), Collected),
        (nameof(BytesSent), BytesSent), (nameof(BytesReceived), BytesReceived), (nameof(FilesImported), FilesImported),
        (nameof(FilesSkipped), FilesSkipped), (nameof(FilesFailed), FilesFailed), (nameof(MalformedLines), MalformedLines),
        (nameof(Scanned), Scanned), (nameof(Eligible), Eligible), (nameof(KeptByGrace), KeptByGrace), (nameof(BytesCollected), BytesCollected),
        (nameof(SkippedOrigins), SkippedOrigins), (nameof(Verified), Verified), (nameof(Findings), Findings), (nameof(Republished), Republished),
        (nameof(Applied), Applied), (nameof(Echoes), Echoes), (nameof(Stale), Stale), (nameof(Queued), Queued),
        (nameof(MemoryInserted), MemoryInserted), (nameof(MemoryUpdated), MemoryUpdated), (nameof(MemorySkipped), MemorySkipped),
        (nameof(Requested), Requested), (nameof(Fetched), Fetched), (nameof(Ingested), Ingested), (nameof(Unchanged), Unchanged),
        (nameof(SkippedStale), SkippedStale), (nameof(DependentsDone), DependentsDone), (nameof(DocumentsRegenerated), DocumentsRegenerated),
        (nameof(DocumentsTakenOver), DocumentsTakenOver), (nameof(DocumentsEmbedded), DocumentsEmbedded), (nameof(AbortedJobs), AbortedJobs),
    ];
}

public enum EntityStatus { Ok, Failed, Deferred, Rejected, Quarantined, Skipped, Planned }

/// <summary>One entity and stage of a run: a row of <c>sync_run_entities</c>.</summary>
public sealed record SyncRunEntity
{
    public string? RunId { get; init; }
    /// <summary><c>session</c>, <c>artifact</c>, <c>event</c>, <c>file</c>, <c>origin</c>, <c>issue</c>, <c>merge_request</c>.</summary>
    public string EntityType { get; init; } = "";
    /// <summary>Gid, artifact path, file path, origin id or number of an issue or merge request.</summary>
    public string Key { get; init; } = "";
    public long? Iid { get; init; }
    /// <summary><c>import</c>, <c>publish</c>, <c>pull</c>, <c>push</c>, <c>ingest</c>, <c>replay</c>, <c>collect</c>; of surgical runs
    /// <c>preflight</c>, <c>ingest</c>, <c>dependents</c>, <c>docs</c>, <c>embed</c>.</summary>
    public string Stage { get; init; } = "";
    public EntityStatus Status { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    /// <summary>What the server answered, where one was asked.</summary>
    public int? HttpStatus { get; init; }
    /// <summary>Seconds that the server asked to wait.</summary>
    public long? RetryAfterSeconds { get; init; }
    public int Attempts { get; init; } = 1;
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary><c>publish session abc Ok</c>; a failure with its code.</summary>
    public override string ToString() => $"{Stage} {EntityType} {Key} {Status}{(ErrorCode is null ? "" : $" ({ErrorCode})")}";
}
