using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>A checkpoint that can be imported, with the sessions whose watermark differs, in gid order.</summary>
internal sealed record CheckpointPlan(CatalogEntry Entry, IReadOnlyList<KeyValuePair<string, string>> Changed);

/// <summary>Finds the newest complete checkpoint of an origin, down to the one that landed last (spec 7.2, 7.6).</summary>
internal sealed class CheckpointSelector(ExchangeContext context, ClosureCheck closure)
{
    public CheckpointPlan? Select(string origin, CancellationToken cancellationToken)
    {
        var reader = context.Archive.Reader;
        var lowest = Math.Max(IngestTable.FindLanding(reader, origin)?.Sequence ?? 0, IngestTable.ImportedSequence(reader, origin));
        foreach (var entry in CatalogTable.ListDescending(reader, origin, ArtifactKind.Checkpoints).ToList())
        {
            // A lower one than what was imported would take content back: a no-op instead.
            if (ArtifactName.Sequence(entry.Artifact) < lowest)
            {
                return null;
            }
            if (Try(entry, cancellationToken) is { } plan)
            {
                return plan;
            }
        }
        return null;
    }

    private CheckpointPlan? Try(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var decoded = ArtifactReader.ReadDocument(context.Store, entry);
            if (ImportCheck.Checkpoint(entry.Artifact, decoded, out var checkpoint) == ImportVerdict.Future)
            {
                Defer(entry, ErrorCode.FutureVersion, "was written by a later version of the format; an older one is used until this module is updated.");
                return null;
            }
            var changed = Changed(entry.Artifact.Origin, checkpoint!);
            if (closure.IsComplete(changed, cancellationToken))
            {
                return new CheckpointPlan(entry, changed);
            }
            Defer(entry, ErrorCode.CheckpointIncomplete, "refers to something that is not here yet or was refused; an older one is used.");
        }
        catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
        {
            closure.Quarantine(entry, fault, cancellationToken);
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code))
        {
            StoreDamage.Report(context, entry, cancellationToken);
        }
        return null;
    }

    private List<KeyValuePair<string, string>> Changed(string origin, Checkpoint checkpoint)
    {
        var watermarks = context.Reimports ? [] : IngestTable.Watermarks(context.Archive.Reader, origin).ToDictionary(StringComparer.Ordinal);
        // An absent map is written null and means none (spec 3.5).
        return [.. (checkpoint.Sessions ?? []).Where(session => watermarks.GetValueOrDefault(session.Key) != session.Value)];
    }

    private void Defer(CatalogEntry entry, ErrorCode code, string what) =>
        context.Run.Deferred("artifact", entry.Artifact.Path, "ingest", code, $"The checkpoint '{entry.Artifact}' {what}");
}
