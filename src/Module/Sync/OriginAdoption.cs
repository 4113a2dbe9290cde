using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>
/// The origin under which an archive publishes: adopted once, kept in the archive alone (decisions: the archive is the
/// origin's only home), bound to the machine it was adopted on (a cloned machine would reuse checkpoint numbers).
/// </summary>
internal static class OriginAdoption
{
    private const string HostKey = "machine_host";
    private const string MachineKey = "machine_id";

    /// <summary>The adopted origin, or null. A stored value that is no origin id is an error, never replaced.</summary>
    public static string? Current(Database db)
    {
        var stored = StateTable.Get(db, StateTable.OriginId);
        if (stored is not null && !OriginId.IsValid(stored))
        {
            throw new ArtifactSyncException(ErrorCode.InvalidOriginId,
                $"The archive '{db.Path}' holds an invalid origin id. It is not replaced by itself; restore the archive from a backup.", db.Path);
        }
        return stored;
    }

    /// <summary>Why this archive must not publish here, or null (<see cref="ErrorCode.OriginCloned"/>).</summary>
    public static ArtifactSyncException? CloneFault(Database db, MachineIdentity machine)
    {
        var origin = Current(db);
        var known = new MachineIdentity(StateTable.Get(db, HostKey) ?? machine.Host, StateTable.Get(db, MachineKey) ?? machine.MachineId);
        return origin is null || known == machine ? null : new ArtifactSyncException(ErrorCode.OriginCloned,
            $"The origin '{origin}' was adopted on '{known.Host}', this is '{machine.Host}'. Two machines that publish under one origin would "
            + "damage it for every peer, so nothing is published. If this is the same machine, moved or renamed, say so once with "
            + $"-OriginId {origin}; if it is a copy, give it an origin of its own with -OriginId <new id>.", origin);
    }

    /// <summary>
    /// The origin to publish under, adopted now if there is none. <paramref name="requested"/> names it at first adoption and
    /// must equal it later; on another machine it settles whether the archive moved (same id) or was copied (new id).
    /// </summary>
    /// <param name="archive">Where it is kept.</param>
    /// <param name="requested">Null = none was named.</param>
    /// <param name="initialize">Curation from before is to be published after the first exchange that succeeds (spec 9.6).</param>
    /// <param name="cancellationToken">Stops waiting for the lease.</param>
    /// <param name="known">Origins seen so far here and at the target; one that pairs with the new id is refused (spec 1.1).</param>
    public static string Ensure(
        ArchiveDatabase archive, string? requested, IReadOnlyCollection<string> known, bool initialize, CancellationToken cancellationToken)
    {
        var options = archive.Options;
        if (requested is not null)
        {
            OriginId.Require(requested);
        }
        using var lease = archive.AcquireLease("origin", options.LeaseTimeout, cancellationToken);
        using var transaction = lease.Begin(durable: true);
        var db = transaction.Db;
        var current = Current(db);
        var cloned = CloneFault(db, options.Machine) is not null;
        if (current is not null && requested is not null && requested != current && !cloned)
        {
            throw new ArtifactSyncException(ErrorCode.OriginMismatch,
                $"The archive '{archive.Folder}' publishes as '{current}', not as '{requested}'. Leave -OriginId out, or use another archive.", requested);
        }
        if (initialize)
        {
            Baseline.Owe(db);
        }
        if (current is not null && (requested is null || requested == current))
        {
            if (requested is not null)
            {
                Bind(db, options.Machine);
            }
            transaction.Commit();
            return current;
        }
        var adopted = requested ?? Generate(options, known);
        RefusePair(adopted, known);
        if (current is not null)
        {
            PublicationTable.StartOver(db, adopted, archive.Clock.GetUtcNow());
        }
        StateTable.Set(db, StateTable.OriginId, adopted);
        Bind(db, options.Machine);
        transaction.Commit();
        return adopted;
    }

    private static string Generate(EngineOptions options, IReadOnlyCollection<string> known)
    {
        Span<byte> entropy = stackalloc byte[3];
        // 24 random bits: a clash or pair with a known id is improbable, and then the next draw differs.
        for (var attempt = 0; ; attempt++)
        {
            options.Random.NextBytes(entropy);
            var id = OriginId.Generate(options.Machine.Host, entropy);
            if (attempt == 10 || (!known.Contains(id) && !known.Any(other => OriginId.IsPair(id, other))))
            {
                return id;
            }
        }
    }

    private static void RefusePair(string id, IReadOnlyCollection<string> known)
    {
        if (known.FirstOrDefault(other => OriginId.IsPair(id, other)) is { } other)
        {
            throw new ArtifactSyncException(ErrorCode.OriginPair,
                $"The origin id '{id}' is the known id '{other}' with '-…' added or taken away; original programs can't tell such ids apart. "
                + "Choose another id.", id);
        }
    }

    private static void Bind(Database db, MachineIdentity machine)
    {
        StateTable.Set(db, HostKey, machine.Host);
        StateTable.Set(db, MachineKey, machine.MachineId);
    }
}
