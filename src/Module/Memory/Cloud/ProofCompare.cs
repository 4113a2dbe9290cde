using ArtifactSync.Archive;
using ArtifactSync.Model;

namespace ArtifactSync.Memory.Cloud;

/// <summary>A deviation between an archive and a log.</summary>
internal sealed record ProofDeviation(
    MemoryFindingClass Class, string Project, string Entity, string Key, EntityVersion? Here, EntityVersion? There, string? Note);

/// <summary>Compares what an archive held at one moment with what a log says (memory spec 7.7 step 3). Pure over its two sides.</summary>
internal sealed class ProofCompare(ProofSnapshot here, ProofScratch there, MemoryOrder order)
{
    private readonly VersionRule _rule = new(order, here.Cursor, IsPassFromZero: true);

    /// <param name="local">For what waits or was put away here.</param>
    public IEnumerable<ProofDeviation> Run(IReadOnlyList<string> projects, Database local)
    {
        var wanted = projects.ToHashSet(StringComparer.Ordinal);
        foreach (var row in here.Rows)
        {
            if (wanted.Contains(row.Project) && Compare(row, there.Find(row.Entity, row.Key)) is { } deviation)
            {
                yield return deviation;
            }
        }

        foreach (var project in projects)
        {
            foreach (var (entity, key) in there.Present(project))
            {
                if (!here.Has(entity, key) && there.Find(entity, key) is { IsGone: false } row && row.LastSeq <= here.Cursor
                    && !IsHeldElsewhere(local, entity, key))
                {
                    yield return new ProofDeviation(
                        MemoryFindingClass.NewerThere, project, entity, key, null, row.Version, Waits(local, entity, key));
                }
            }
        }
    }

    private ProofDeviation? Compare(ProofRow row, ProofRow? log)
    {
        var key = (row.Entity, row.Key);
        if (here.Pending.Contains(key) || (log is not null && log.LastSeq > here.Cursor))
        {
            return null; // on its way, or not pulled yet
        }

        if (here.Quarantined.Contains(key))
        {
            return Deviation(MemoryFindingClass.Quarantined, row, log, null);
        }

        if (log is null)
        {
            var wasSent = here.Acked.Contains(key) || row.Version.Seq >= 0;
            return row.IsGone && !wasSent ? null
                : Deviation(wasSent ? MemoryFindingClass.AbsentAcked : MemoryFindingClass.AbsentUnqueued, row, null, null);
        }

        return row.IsGone != log.IsGone ? Deviation(row, log, row.Version, log.Version, null)
            : row.IsGone ? null
            : row.Entity == Entity.Session ? CompareFields(row, log)
            : row.Hash == log.Hash ? null
            : Deviation(row, log, row.Version, log.Version, null);
    }

    private ProofDeviation? CompareFields(ProofRow row, ProofRow log)
    {
        foreach (var (mine, theirs) in row.Fields.Zip(log.Fields))
        {
            // What the log does not carry is compared only when it once was sent.
            if (mine.Value == theirs.Value || (!theirs.IsKnown && mine.Seq == EntityVersion.Unsent && mine.Name == "started_at"))
            {
                continue;
            }

            return Deviation(
                row, log, row.Version with { Seq = mine.Seq }, log.Version with { Seq = theirs.IsKnown ? theirs.Seq : 0 },
                    $"field {mine.Name}");
        }

        return null;
    }

    private ProofDeviation Deviation(ProofRow row, ProofRow log, EntityVersion mine, EntityVersion theirs, string? note) => Deviation(
        _rule.Wins(theirs.Time, theirs.Seq ?? 0, mine, hasTime: row.Entity == Entity.Observation) ? MemoryFindingClass.NewerThere
            : MemoryFindingClass.OlderThere,
        row, log, note);

    private static ProofDeviation Deviation(MemoryFindingClass kind, ProofRow row, ProofRow? log, string? note) =>
        new(kind, row.Project, row.Entity, row.Key, row.Version, log?.Version, note);

    // Under another project, or written since the moment of the snapshot.
    private static bool IsHeldElsewhere(Database db, string entity, string key) => entity switch
    {
        Entity.Session => MemorySessionTable.Exists(db, key),
        Entity.Observation => ObservationTable.Exists(db, key),
        Entity.Prompt => PromptTable.Find(db, key) is not null,
        _ => RelationTable.Find(db, key) is not null,
    };

    private static string? Waits(Database db, string entity, string key) => DeferredTable.Find(db, Deferral.Key(entity, key)) switch
    {
        { IsDead: true } row => $"given up here: {row.ReasonCode}",
        { } row => $"waits here: {row.ReasonCode}",
        _ => null,
    };
}
