using ArtifactSync.Model;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>What every operation needs: which archive, whose clock, whose dice.</summary>
public sealed record EngineOptions
{
    /// <summary>The folder of the archive (see <see cref="Archive.ArchiveLocation"/> for the default).</summary>
    public required string ArchivePath { get; init; }
    public TimeProvider Clock { get; init; } = TimeProvider.System;
    public Random Random { get; init; } = Random.Shared;
    /// <summary>How long to wait for the lease (default 1 min).</summary>
    public TimeSpan LeaseTimeout { get; init; } = TimeSpan.FromMinutes(1);
    /// <summary>Parallel workers for hashing, compression and file copies (1-64; default: the cores, at most 8).</summary>
    public int ThrottleLimit { get; init; } = Math.Min(Environment.ProcessorCount, 8);
    /// <summary>Which machine this is; an archive that was copied to another one does not publish there.</summary>
    public MachineIdentity Machine { get; init; } = MachineIdentity.Current;
    /// <summary>Called at named steps, for tests that fail or kill there; does nothing in production.</summary>
    public Action<string> Checkpoint { get; init; } = static _ => { };
}

/// <summary>One exchange with one target.</summary>
public sealed record ExchangeRequest
{
    /// <summary>Absolute folder path or URL.</summary>
    public required string Target { get; init; }
    /// <summary>Transcript files or folders to import first; empty = none is read.</summary>
    public IReadOnlyList<string> TranscriptPaths { get; init; } = [];
    /// <summary>Adopt an origin when there is none, snapshot curation, import, then publish the baseline (spec 7.7).</summary>
    public bool Initialize { get; init; }
    /// <summary>Names the origin at first adoption; given later it must equal the stored one.</summary>
    public string? OriginId { get; init; }
    /// <summary>List, compare and verify everything instead of trusting cursors and the catalog.</summary>
    public bool Full { get; init; }
    /// <summary>Read the target and report; write only the ledger.</summary>
    public bool PreflightOnly { get; init; }
    /// <summary>What automatic collection keeps; null = the default, 7 days, and no look where nothing can be stale.</summary>
    public TimeSpan? GracePeriod { get; init; }
    /// <summary>Leave garbage where it is.</summary>
    public bool NoCollect { get; init; }
    /// <summary>Credentials and the like; never recorded, so a repetition takes its own.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
    public string? ParentRunId { get; init; }
}

/// <summary>An import of transcripts.</summary>
public sealed record ImportRequest
{
    /// <summary>Absolute files or folders (folders recursively, *.jsonl); empty = the usual folders of Claude Code and Codex.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];
    /// <summary>Read unchanged files again.</summary>
    public bool Full { get; init; }
    /// <summary>Compute the same objects and write nothing.</summary>
    public bool WhatIf { get; init; }
}

/// <summary>Filter of <c>Get-SyncRun</c>; all given members must hold.</summary>
public sealed record RunQuery
{
    public IReadOnlyList<string> RunIds { get; init; } = [];
    public int? Last { get; init; }
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];
    public IReadOnlyList<RunKind> Kinds { get; init; } = [];
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    /// <summary>Finished runs with something to retry and no later child run that succeeded.</summary>
    public bool Retryable { get; init; }
    public bool IncludeEntities { get; init; }
}

/// <summary>Filter of <c>Get-ArchiveSession</c>; all given members must hold.</summary>
public sealed record SessionQuery
{
    public IReadOnlyList<string> SessionIds { get; init; } = [];
    /// <summary>Wildcards * and ? are allowed in Project, Origin and Name.</summary>
    public string? Project { get; init; }
    public string? Origin { get; init; }
    public string? Name { get; init; }
    public DateTimeOffset? Since { get; init; }
    /// <summary>Full text query over message content; best match first.</summary>
    public string? Text { get; init; }
    public bool? Starred { get; init; }
    /// <summary>Null = only sessions outside the trash; true = only trashed ones.</summary>
    public bool? Trashed { get; init; }
    public int? First { get; init; }
    public bool IncludeMessages { get; init; }
}

/// <summary>A moment of a run, for a progress bar. Total 0 = unknown.</summary>
public readonly record struct ProgressSnapshot(string Phase, string? Item, long Done, long Total, long Bytes);

/// <summary>Where an operation tells what it does while it works. Called from any thread.</summary>
public interface IRunObserver
{
    void Progress(in ProgressSnapshot snapshot);
    /// <summary>One line a decision.</summary>
    void Verbose(string message);
    /// <summary>Only what the user should act on.</summary>
    void Warning(string message);
    /// <summary>One line a request.</summary>
    void Debug(string message) { }
}

/// <summary>Tells nobody.</summary>
public sealed class NullObserver : IRunObserver
{
    public static readonly NullObserver Instance = new();
    public void Progress(in ProgressSnapshot snapshot) { }
    public void Verbose(string message) { }
    public void Warning(string message) { }
}
