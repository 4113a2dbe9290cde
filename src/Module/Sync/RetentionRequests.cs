using ArtifactSync.Model;
using ArtifactSync.Transport;

namespace ArtifactSync.Sync;

/// <summary>What <c>Remove-StaleArtifact</c> is to remove (spec 11).</summary>
public sealed record CollectRequest
{
    /// <summary>Default 7 days, as in the spec.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(7);

    /// <summary>Folders (full paths) or URLs that are collected together with the local store.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];
    /// <summary>Younger artifacts stay. 0 = none is too young.</summary>
    public TimeSpan GracePeriod { get; init; } = DefaultGrace;
    /// <summary>How long content stays in the quarantine.</summary>
    public TimeSpan QuarantineGracePeriod { get; init; } = DefaultGrace;
    /// <summary>Wildcards * and ? are allowed; empty = all.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];
    /// <summary>Stop after so many; null = no limit.</summary>
    public long? MaxObjects { get; init; }
    /// <summary>Stop before more bytes than this; null = no limit.</summary>
    public long? MaxBytes { get; init; }
    /// <summary>Read what must stay instead of trusting the catalog.</summary>
    public bool Full { get; init; }
    /// <summary>Give the same objects and write nothing.</summary>
    public bool WhatIf { get; init; }
    /// <summary>Credentials and the like; never recorded.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
}

/// <summary>What <c>Test-ArtifactStore</c> looks at.</summary>
public sealed record VerifyRequest
{
    /// <summary>A folder (full path) or URL; null = the local store.</summary>
    public string? Target { get; init; }
    /// <summary>Names, sizes and closures alone; no content is read.</summary>
    public bool Quick { get; init; }
    /// <summary>Credentials and the like; never recorded.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
}

/// <summary>What <c>Repair-ArtifactStore</c> does.</summary>
public sealed record RepairRequest
{
    /// <summary>Where good copies may come from, in this order.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];
    /// <summary>What to repair; null = verify the local store first.</summary>
    public IReadOnlyList<ArtifactFinding>? Findings { get; init; }
    public bool WhatIf { get; init; }
    /// <summary>Credentials and the like; never recorded.</summary>
    public TargetAccess Access { get; init; } = TargetAccess.None;
}

/// <summary>Filter of <c>Get-QuarantinedArtifact</c>; all given members must hold.</summary>
public sealed record QuarantineQuery
{
    public IReadOnlyList<long> ArtifactIds { get; init; } = [];
    /// <summary>Wildcards * and ? are allowed.</summary>
    public string? Origin { get; init; }
    public Wire.ArtifactKind? Kind { get; init; }
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
}
