using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// Whether the server holds what the archive holds (memory spec 7.7). Looking changes nothing, cursor and status included, and
/// needs no lease; with repair it is a cycle's pull from 0, after which what the log lacks is queued.
/// </summary>
internal sealed class MemoryProof(MemorySync sync, IReadOnlyList<string> projects)
{
    private readonly List<string> _readable = [];

    /// <summary>Mutations read.</summary>
    public long Read { get; private set; }

    public async Task<IReadOnlyList<ProofDeviation>> LookAsync(CancellationToken cancellationToken)
    {
        using var scratch = NewScratch();
        return await LookAsync(scratch, cancellationToken);
    }

    /// <summary>Looks, and repairs what it finds. The second list is what still differs or could not be queued.</summary>
    /// <exception cref="ArtifactSyncException">SyncInProgress: a cycle runs.</exception>
    public async Task<(IReadOnlyList<ProofDeviation> Found, HashSet<(string, string)> Repaired)> RepairAsync(
        CancellationToken cancellationToken)
    {
        using var lease = await CycleLease.AcquireAsync(sync.Archive, sync.RunId, sync.Archive.Options.LeaseTimeout, cancellationToken);
        sync.Lease = lease;
        try
        {
            using var scratch = NewScratch();
            var found = await LookAsync(scratch, cancellationToken);
            if (!found.Any(deviation => IsRepairable(deviation.Class)))
            {
                return (found, []);
            }

            // First what the log holds newer: what is queued becomes the latest in it.
            await new MutationPull(sync).RunAsync(cancellationToken);
            return (found, Queue(found, Compare(scratch), cancellationToken));
        }
        finally
        {
            sync.Lease = null;
        }
    }

    private ProofScratch NewScratch() => new(sync.Settings.Order ?? sync.State.Order, sync.Archive.Options);

    private async Task<IReadOnlyList<ProofDeviation>> LookAsync(ProofScratch scratch, CancellationToken cancellationToken)
    {
        var snapshot = ProofSnapshot.Read(sync.Archive.Reader, projects);
        List<ProofDeviation> found = [];
        foreach (var project in projects)
        {
            sync.BeforeRequest("manifest", cancellationToken);
            if (await sync.Api.CanReadAsync(project, cancellationToken))
            {
                _readable.Add(project);
            }
            else
            {
                found.Add(new ProofDeviation(MemoryFindingClass.NotReadable, project, "project", project, null, null, null));
            }
        }

        await ReadLogAsync(scratch, cancellationToken);
        found.AddRange(Compare(scratch, snapshot));
        return found;
    }

    private async Task ReadLogAsync(ProofScratch scratch, CancellationToken cancellationToken)
    {
        PullPage page;
        long since = 0;
        var limit = sync.Settings.PageSize;
        do
        {
            sync.BeforeRequest("proof", cancellationToken);
            page = await sync.Api.PullAsync(since, limit, cancellationToken);
            if (page.TooLarge && limit > 1)
            {
                limit /= 2;
                continue;
            }

            scratch.Apply(page.Mutations);
            since = page.Next(since, sync.Api.ServerUrl);
            Read += page.Mutations.Count;
            sync.Report.BytesReceived += page.Size;
            sync.Observer.Progress(new ProgressSnapshot("proof", null, Read, 0, sync.Report.BytesReceived));
        }
        while (page.HasMore);
    }

    private IReadOnlyList<ProofDeviation> Compare(ProofScratch scratch, ProofSnapshot? snapshot = null) =>
    [
        .. new ProofCompare(snapshot ?? ProofSnapshot.Read(sync.Archive.Reader, projects), scratch, sync.Settings.Order ?? sync.State.Order)
            .Run(_readable, sync.Archive.Reader),
    ];

    /// <summary>
    /// Queues what still is missing or older there, sessions first, in one transaction; what is not found again was pulled.
    /// </summary>
    private HashSet<(string, string)> Queue(
        IReadOnlyList<ProofDeviation> found, IReadOnlyList<ProofDeviation> now, CancellationToken cancellationToken)
    {
        var still = now.Select(deviation => (deviation.Entity, deviation.Key)).ToHashSet();
        HashSet<(string, string)> repaired =
            [.. found.Where(deviation => IsRepairable(deviation.Class)).Select(deviation => (deviation.Entity, deviation.Key))
                .Where(key => !still.Contains(key))];
        var owed = now.Where(deviation => deviation.Class is not MemoryFindingClass.NewerThere && IsRepairable(deviation.Class))
            .OrderBy(deviation => deviation.Entity != Entity.Session).ToList();
        sync.Report.Queued += sync.Change("repair", change =>
        {
            foreach (var deviation in owed)
            {
                if (change.Queue(deviation.Entity, deviation.Key))
                {
                    repaired.Add((deviation.Entity, deviation.Key));
                }
            }

            return change.Journalled;
        }, cancellationToken);
        return repaired;
    }

    private static bool IsRepairable(MemoryFindingClass kind) =>
        kind is not (MemoryFindingClass.NotReadable or MemoryFindingClass.Quarantined);
}
