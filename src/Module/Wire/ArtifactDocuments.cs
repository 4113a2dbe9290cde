namespace ArtifactSync.Wire;

/// <summary>A full snapshot of an origin's sessions (spec 4.1): gid to manifest hash.</summary>
public sealed record Checkpoint
{
    public long Version { get; set; }
    public string Origin { get; set; } = "";
    public long Sequence { get; set; }
    /// <summary>Ordered by UTF-8 bytes of the gid; null when the document says null.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Sessions { get; set; }
}

/// <summary>One session's row, usage events and ordered segment hashes (spec 4.2).</summary>
public sealed record Manifest
{
    public long Version { get; set; }
    public string Origin { get; set; } = "";
    public string NativeSessionId { get; set; } = "";
    public SessionRecord Session { get; set; } = new();
    public string? SessionName { get; set; }
    public List<string> Segments { get; set; } = [];
    public List<UsageEventRecord> UsageEvents { get; set; } = [];
    public RawSource? RawSource { get; set; }
    public long DataVersion { get; set; }
    public long Generation { get; set; }
    public bool SessionHasToolCalls { get; set; }
    public bool SessionHasContextData { get; set; }
    public QualitySignals? SessionQualitySignals { get; set; }
}

/// <summary>Reference to a verbatim source file (spec 4.6); transported, never produced.</summary>
public sealed record RawSource
{
    public string Hash { get; set; } = "";
    public long Size { get; set; }
    public string MediaType { get; set; } = "";
    public string Path { get; set; } = "";
}

/// <summary>One user edit in an author's append-only log (spec 4.10, 9).</summary>
public sealed record MetadataEvent
{
    public long Version { get; set; }
    public string Hlc { get; set; } = "";
    public string Origin { get; set; } = "";
    public string SessionGid { get; set; } = "";
    public string Op { get; set; } = "";
    /// <summary>Embedded JSON text (spec 3.6); empty = absent, "null" is a value.</summary>
    public string Value { get; set; } = "";
    public Pin? Pin { get; set; }
}

/// <summary>The anchor and note of a pin (spec 4.10).</summary>
public sealed record Pin
{
    public string SourceUuid { get; set; } = "";
    public long Ordinal { get; set; }
    public string? Note { get; set; }
}
