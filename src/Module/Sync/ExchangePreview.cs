using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Sync;

/// <summary>
/// What an exchange would do: compares names on both sides and reads the newest checkpoint of each origin there. Writes
/// nothing; the caller decides whether the ledger hears of it.
/// </summary>
internal sealed class ExchangePreview(ExchangeContext context, ITransport transport)
{
    /// <summary>For -PreflightOnly: counters and one row an origin, in the ledger.</summary>
    public async Task ReportAsync(CancellationToken cancellationToken)
    {
        context.Run.Enter("preflight");
        foreach (var origin in await CompareAsync((origin, fault) => context.Run.Failed("origin", origin, "preflight", fault), cancellationToken))
        {
            context.Run.Count(counters => origin.AddTo(counters));
            if (origin.HasWork)
            {
                context.Run.Add("origin", origin.Origin, "preflight", EntityStatus.Planned, null, origin.ToString());
            }
        }
        context.Run.Count(counters => counters.Published += PendingPublications());
    }

    /// <summary>Sessions that would be published.</summary>
    private long PendingPublications() => PublicationTable.QueueLength(context.Archive.Reader);

    private async Task<IReadOnlyList<OriginPreview>> CompareAsync(Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken) =>
        await CompareAsync(context.Archive.Reader, transport, OriginAdoption.Current(context.Archive.Reader), onFault, cancellationToken);

    /// <param name="reader">Null when there is no archive yet.</param>
    public static async Task<IReadOnlyList<OriginPreview>> CompareAsync(
        Database? reader, ITransport transport, string? ownOrigin, Action<string, ArtifactSyncException> onFault, CancellationToken cancellationToken)
    {
        var remote = await transport.ListOriginsAsync(onFault, cancellationToken);
        var local = reader is null ? [] : CatalogTable.Origins(reader).ToList();
        var previews = new List<OriginPreview>();
        foreach (var origin in remote.Union(local, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            try
            {
                previews.Add(await CompareAsync(reader, transport, origin, origin == ownOrigin, cancellationToken));
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                onFault(origin, fault);
            }
        }
        return previews;
    }

    private static async Task<OriginPreview> CompareAsync(
        Database? reader, ITransport transport, string origin, bool own, CancellationToken cancellationToken)
    {
        var preview = new OriginPreview(origin);
        ArtifactRef? newest = null;
        foreach (var kind in Enum.GetValues<ArtifactKind>())
        {
            var local = reader is null
                ? []
                : CatalogTable.List(reader, origin, kind).Select(entry => entry.Artifact.Name).ToHashSet(StringComparer.Ordinal);
            await foreach (var entry in transport.ListAsync(origin, kind, startAfter: null, static (_, _) => { }, cancellationToken))
            {
                if (!local.Remove(entry.Artifact.Name))
                {
                    preview.Pull++;
                }
                if (kind == ArtifactKind.Checkpoints && (newest is null || string.CompareOrdinal(entry.Artifact.Name, newest.Name) > 0))
                {
                    newest = entry.Artifact;
                }
            }
            preview.Push += local.Count;
        }
        if (!own && newest is not null)
        {
            preview.Import = await ChangedSessionsAsync(reader, transport, newest, cancellationToken);
        }
        return preview;
    }

    private static async Task<int> ChangedSessionsAsync(Database? reader, ITransport transport, ArtifactRef newest, CancellationToken cancellationToken)
    {
        try
        {
            var wire = await transport.OpenReadAsync(newest, cancellationToken);
            await using (wire)
            {
                using var decoded = ArtifactCodec.OpenDecoded(newest.Kind, wire);
                using var bytes = new MemoryStream();
                await decoded.CopyToAsync(bytes, cancellationToken);
                var sessions = CheckpointDocument.Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)).Sessions ?? [];
                return sessions.Count(session => reader is null || IngestTable.Watermark(reader, session.Key) != session.Value);
            }
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
        {
            return 0; // the run itself will tell; an older one may be complete
        }
    }
}

/// <summary>What an exchange would do for one origin.</summary>
internal sealed class OriginPreview(string origin)
{
    public string Origin => origin;
    public int Pull { get; set; }
    public int Push { get; set; }
    /// <summary>Sessions of the newest checkpoint there that differ from what was imported.</summary>
    public int Import { get; set; }
    public bool HasWork => Pull + Push + Import > 0;

    public void AddTo(RunCounters counters)
    {
        counters.Received += Pull;
        counters.Sent += Push;
        counters.ImportedSessions += Import;
    }

    public override string ToString() => $"pull {Pull}, push {Push} artifacts; import {Import} sessions";
}
