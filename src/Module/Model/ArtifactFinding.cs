namespace ArtifactSync.Model;

/// <summary>What is wrong with something in a store.</summary>
public enum ArtifactProblem
{
    /// <summary>Only in objects of Reset-ArtifactStore: nothing is wrong.</summary>
    None,
    /// <summary>Catalog or newest checkpoint name it, and it is not there.</summary>
    Missing,
    /// <summary>Its bytes are not what its name or the catalog promises.</summary>
    Damaged,
    /// <summary>Its bytes are what they were, and break a rule of the format.</summary>
    Invalid,
    /// <summary>A good artifact that the catalog does not name: left over from a run that was cut off.</summary>
    Uncatalogued,
    /// <summary>Its name is none of an artifact.</summary>
    Stray,
    /// <summary>It can't be read, or the wrong people can.</summary>
    Permissions,
    /// <summary>The same checkpoint number with other content.</summary>
    Conflict,
}

/// <summary>What was done about a problem.</summary>
public enum FindingAction
{
    Found,
    /// <summary>Under -WhatIf.</summary>
    Planned,
    /// <summary>A good copy lies in its place again.</summary>
    Refetched,
    /// <summary>Made again from the archive: same name, same content.</summary>
    Republished,
    Quarantined,
    /// <summary>A good file entered the catalog.</summary>
    Catalogued,
    PermissionsSet,
    /// <summary>The whole store was moved here (Reset-ArtifactStore).</summary>
    MovedAside,
    /// <summary>It comes from a target with the next exchange.</summary>
    Awaited,
    /// <summary>It is as it was; the message says why.</summary>
    Left,
}

/// <summary>Something wrong in the local store or at a target, and what became of it.</summary>
public sealed record ArtifactFinding
{
    public string? RunId { get; init; }
    /// <summary>Where it lies: null = the local store.</summary>
    public string? Target { get; init; }
    public string Origin { get; init; } = "";
    /// <summary>Null for what lies in no folder of a kind.</summary>
    public Wire.ArtifactKind? Kind { get; init; }
    /// <summary>Name of the artifact; of strays the path below the store.</summary>
    public string Name { get; init; } = "";
    public ArtifactProblem Problem { get; init; }
    public FindingAction Action { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    public string? RecommendedAction { get; init; }
    public string ArchivePath { get; init; } = "";
}
