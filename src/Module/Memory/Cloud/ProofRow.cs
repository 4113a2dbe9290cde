using ArtifactSync.Archive;

namespace ArtifactSync.Memory.Cloud;

/// <summary>One entity on one side of the proof: its version and what it says, as a hash.</summary>
internal sealed record ProofRow(string Entity, string Key, string Project, EntityVersion Version, string Hash)
{
    /// <summary>Of sessions, whose fields are compared one by one.</summary>
    public IReadOnlyList<SessionField> Fields { get; init; } = [];

    /// <summary>The largest number that this state stands on.</summary>
    public long LastSeq => Math.Max(Version.Seq ?? 0, Fields.Count == 0 ? 0 : Fields.Max(register => register.Seq ?? 0));

    public bool IsGone => Version.State == VersionState.Gone;

    public static ProofRow Load(Database db, string entity, string key, EntityVersion version) => entity switch
    {
        Memory.Entity.Session => OfSession(db, key, version, MemorySessionTable.Find(db, key)),
        Memory.Entity.Observation =>
            new ProofRow(entity, key, version.Project, version, ObservationTable.Find(db, key) is { } row ? Of(row) : ""),
        Memory.Entity.Prompt => new ProofRow(entity, key, version.Project, version, PromptTable.Find(db, key) is { } row ? Of(row) : ""),
        _ => new ProofRow(entity, key, version.Project, version, RelationTable.Find(db, key) is { } row ? RowHash.Of(row) : ""),
    };

    public static ProofRow OfSession(Database db, string key, EntityVersion version, MemorySession? row) =>
        new(Memory.Entity.Session, key, version.Project, version, "")
        {
            Fields = row is null || version.State == VersionState.Gone ? [] :
            [
                .. SessionRegisters.Fields.Select(field => new SessionField(
                    field, field == "project" ? MemoryText.Project(row.Project) : Storable(SessionRegisters.Get(row, field)),
                    VersionTable.Find(db, SessionRegisters.Entity(field), key) is { } register ? register.Seq : EntityVersion.Unsent,
                    VersionTable.Find(db, SessionRegisters.Entity(field), key) is not null)),
            ],
        };

    /// <summary>As the payload of the row says it: with a normalised project.</summary>
    public static string Of(Observation row) =>
        RowHash.Of(row.Project is null ? row : row with { Project = MemoryText.Project(row.Project) });

    public static string Of(Prompt row) => RowHash.Of(row with { Project = MemoryText.Project(row.Project) });

    private static string Storable(string? text) => MemoryText.IsBlank(text) ? "" : MemoryText.Storable(text);
}

/// <summary>One register of a session (8.3). <paramref name="IsKnown"/>: some mutation or own write named it.</summary>
internal readonly record struct SessionField(string Name, string Value, long? Seq, bool IsKnown);
