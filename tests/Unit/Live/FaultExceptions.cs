using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Tests.Live;

/// <summary>What ours does where the original aborted or did harm.</summary>
/// <param name="Why">The rule that asks for it.</param>
/// <param name="Status">Of our run.</param>
/// <param name="Code">A code that the run or one of its entities bears.</param>
internal sealed record BetterOutcome(string Why, RunStatus Status, ErrorCode? Code)
{
    /// <summary>The recorded step whose outcome ours has instead of this one's.</summary>
    public (string Case, int Step)? Like { get; init; }

    /// <summary>Lines of the outcome with any of these texts are not expected.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>Lines that are expected as well, see <see cref="ImportState"/>.</summary>
    public IReadOnlyList<(string Member, string Line)> With { get; init; } = [];

    public ImportState Of(FaultStep step)
    {
        FaultStep source = Like is { } other ? FaultCase.Find(other.Case).Steps[other.Step] : step;
        return ImportState.Recorded(source.Json).Changed(Without, With);
    }
}

/// <summary>
/// The fault steps in which ours differs, by name (spec appendix E, recordings of defects; decisions: a fault is confined
/// to what it concerns).
/// </summary>
internal static class FaultExceptions
{
    private const string Confined = "decisions, a fault is confined: ";
    private const string Segment = "8a5abbabf9adaabc95ddb4924ad9b222f0433812780983b49e77cb15d0e5b1b2.ndjson";
    private const string Star =
        "2026-06-02T000000.000000001Z-00000000000000000000-0b0a2eb29dfef8e185db125cec3ce0fe6d1ef613a9414e32cae7ccccf45d4018";

    private static readonly BetterOutcome DuplicateOrdinal =
        new("5.3: the segment is put away, the other origins are imported", RunStatus.Partial, ErrorCode.DocumentInvalid)
        {
            Without = [Segment, "delta-445566~s0 |", "delta-445566:delta-445566~s0"],
            With =
            [
                ("quarantined", "delta-445566/segments/" + Segment),
                ("sessions", "echo-000001~x | 1 | null | null"),
                ("messages", "echo-000001~x | 0 | user | fine"),
                ("landing", "echo-000001 | 1"),
                ("watermarks", "artifact_import:echo-000001:echo-000001~x | 53ab8bab4b6d12822c83a2630407e327a0f94119fa8fbf6027a5a553b291993b"),
            ],
        };

    private static readonly BetterOutcome Repaired =
        new("the rest is imported once repaired; the damaged file is kept", RunStatus.Succeeded, null)
        {
            With = [("quarantined", "delta-445566/segments/ed1ec1869918d13899f10a39e08cadd305a6c5803fe54b5c54abd0f4479b2ad4.ndjson")],
        };

    /// <summary>Trees that ours leaves instead of the recorded ones.</summary>
    public static readonly IReadOnlyDictionary<(string Case, int Step), string[]> Trees =
        new Dictionary<(string Case, int Step), string[]>
        {
            // 6.5: above every own number seen, also on the target
            [("export-after-own-remote", 2)] =
            [
                "bravo-3d4e5f/checkpoints/cp-0000000001.json",
                "bravo-3d4e5f/checkpoints/cp-0000000009.json",
                "bravo-3d4e5f/checkpoints/cp-0000000010.json",
            ],
        };

    /// <summary>Cases whose own sessions are not recorded: other content, hence other hashes.</summary>
    public static readonly IReadOnlySet<string> InventedSessions = new HashSet<string>(StringComparer.Ordinal)
    {
        "database-lost-store-kept", "killed-while-publishing",
    };

    /// <summary>Where a full run does better still.</summary>
    public static readonly IReadOnlyDictionary<(string Case, int Step), BetterOutcome> Full =
        new Dictionary<(string Case, int Step), BetterOutcome>
        {
            [("local-bit-rot", 1)] = new("a full run reads the store before it pulls, and repairs it at once", RunStatus.Partial, ErrorCode.ArtifactCorrupt)
            {
                Like = ("local-bit-rot", 2),
                With = Repaired.With,
            },
        };

    public static readonly IReadOnlyDictionary<(string Case, int Step), BetterOutcome> All =
        new Dictionary<(string Case, int Step), BetterOutcome>
        {
            [("root-symlink", 0)] = new(Confined + "that origin alone is left out", RunStatus.Partial, ErrorCode.TargetEntryInvalid),
            [("kind-symlink", 0)] = new(Confined + "that origin alone is left out", RunStatus.Partial, ErrorCode.TargetEntryInvalid),
            [("kind-is-file", 0)] = new(Confined + "that origin alone is left out", RunStatus.Partial, ErrorCode.TargetEntryInvalid),
            [("artifact-directory", 0)] = new(Confined + "that artifact alone is left out", RunStatus.Partial, ErrorCode.TargetEntryInvalid)
            {
                Like = ("control", 0),
            },
            [("checkpoint-half-written", 3)] = new(Confined + "the others go on", RunStatus.Partial, ErrorCode.CheckpointConflict),
            [("checkpoint-two-contents", 1)] =
                new(Confined + "that origin alone is left out, with all that is new of it", RunStatus.Partial, ErrorCode.CheckpointConflict)
                {
                    Without = ["cp-0000000002.json"],
                },
            [("local-bit-rot", 1)] =
                new("7.3 and a fault is confined: the repair is queued, the other session imported", RunStatus.Partial, ErrorCode.ArtifactCorrupt)
                {
                    With =
                    [
                        ("sessions", "delta-445566~s2 | 1 | null | null"),
                        ("messages", "delta-445566~s2 | 0 | user | second"),
                        ("watermarks", "artifact_import:delta-445566:delta-445566~s2 | 1d99b8cc6ee51ddcddaad18654f64a0f77b95fa5f28977b8fa568d2a52293a90"),
                    ],
                },
            [("local-bit-rot", 2)] = Repaired,
            [("local-bit-rot", 3)] = Repaired,
            [("ordinals-duplicate", 0)] = DuplicateOrdinal,
            [("ordinals-duplicate", 1)] = DuplicateOrdinal with { Status = RunStatus.Succeeded, Code = null },
            [("ordinals-duplicate-meta", 0)] =
                new("5.3: the segment is put away, metadata is replayed", RunStatus.Partial, ErrorCode.DocumentInvalid)
                {
                    Without = [Segment],
                    With =
                    [
                        ("quarantined", "delta-445566/segments/" + Segment),
                        ("registers", "alpha-000001~x | starred | star"),
                        ("applied", Star),
                        ("stars", "alpha-000001~x"),
                    ],
                },
        };
}
