using ArtifactSync.Archive;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// What a new machine would hold: the whole log of a server, applied by the same code to an archive that exists for the
/// proof only (memory spec 7.7 step 2). Sessions that the log lacks are stood in for, so that nothing waits.
/// </summary>
internal sealed class ProofScratch : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("artifactsync-proof-").FullName;
    private readonly ArchiveDatabase _archive;
    private readonly VersionRule _rule;

    public ProofScratch(MemoryOrder order, EngineOptions options)
    {
        _rule = new VersionRule(order, 0, IsPassFromZero: false);
        _archive = ArchiveDatabase.Open(
            new EngineOptions { ArchivePath = Path.Combine(_folder, "log"), Clock = options.Clock }, ArchiveMode.Create);
    }

    public Database Db => _archive.Reader;

    public void Apply(IReadOnlyList<PulledMutation> page)
    {
        using var transaction = _archive.BeginLedger();
        using var change = new ChangeContext(transaction.Db, _archive.Clock, _archive.Options.Random);
        var applier = new MutationApplier(change, _rule);
        foreach (var pulled in page)
        {
            var mutation = new Mutation(
                pulled.Entity, pulled.EntityKey, pulled.Op, pulled.Project, pulled.Payload, pulled.Seq, pulled.OccurredAt);
            StandIn(transaction.Db, mutation);
            applier.Apply(mutation);
        }

        transaction.Commit();
    }

    /// <summary>The state of a key in the log; null when the log has none.</summary>
    public ProofRow? Find(string entity, string key)
    {
        var version = VersionTable.Find(Db, entity, key);
        // What waits here would not wait in the log: a relation for its ends, the delete of a session for what refers to it.
        if (DeferredTable.Find(Db, Deferral.Key(entity, key)) is { IsDead: false } waiting && waiting.Mutation.Seq > (version?.Seq ?? 0))
        {
            return Waiting(entity, key, waiting.Mutation);
        }

        return version is { } known ? ProofRow.Load(Db, entity, key, known) : null;
    }

    /// <summary>Entities of a project that are not gone in the log.</summary>
    public IEnumerable<(string Entity, string Key)> Present(string project) => Db.Query(
        """
        SELECT entity, entity_key FROM memory_versions WHERE project = ? AND state <> 'gone'
          AND entity IN ('session', 'observation', 'prompt', 'relation') ORDER BY entity DESC, entity_key
        """,
        static row => (row.Text(0), row.Text(1)), project);

    public void Dispose()
    {
        _archive.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static ProofRow Waiting(string entity, string key, Mutation mutation) => entity switch
    {
        Entity.Relation when MutationPayload.TryRead(RowShape.Relation, mutation.Payload, out var fields) =>
            new ProofRow(
                entity, key, MemoryText.Project(mutation.Project), new EntityVersion("", mutation.Seq, VersionState.Live, ""),
                    RowHash.Of(fields.ToRelation() with { SyncId = key })),
        _ => new ProofRow(
            entity, key, MemoryText.Project(mutation.Project), new EntityVersion("", mutation.Seq, VersionState.Gone, ""), ""),
    };

    private static void StandIn(Database db, Mutation mutation)
    {
        if (mutation.Entity is Entity.Observation or Entity.Prompt
            && MutationPayload.TryRead(MutationPayload.Shape(mutation.Entity), mutation.Payload, out var fields)
            && fields.Filled(Field.SessionId) is { } session && !MemorySessionTable.Exists(db, session))
        {
            MemorySessionTable.Put(db, new MemorySession(session, "", "", "", null, null));
        }
    }
}
