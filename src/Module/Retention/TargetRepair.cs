using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Retention;

/// <summary>
/// Heals a target with what the local store has: damaged artifacts make room for our proven copy (spec 2.4), missing ones are
/// put there. Nothing goes without a good copy at hand; two checkpoints of one number, and names that are none of ours,
/// are left to their owner.
/// </summary>
internal sealed class TargetRepair(ExchangeContext context, ITransport transport, FindingSink sink)
{
    private readonly Dictionary<ArtifactRef, ArtifactFinding> _put = [];

    public async Task RunAsync(IEnumerable<ArtifactFinding> findings, CancellationToken cancellationToken)
    {
        foreach (var finding in findings.OrderBy(static finding => finding.Kind)) // dependencies first
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await RepairAsync(finding, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (!Faults.EndsRun(fault.Code))
            {
                await LeaveAsync(finding, fault.Message, fault.Code);
            }
        }
        foreach (var (artifact, error) in await transport.FlushAsync(cancellationToken))
        {
            if (_put.Remove(artifact, out var finding))
            {
                await LeaveAsync(finding, error?.Message ?? $"Somebody else put '{artifact}' there meanwhile.", error?.Code ?? ErrorCode.TransferIncomplete);
            }
        }
        foreach (var (artifact, finding) in _put)
        {
            sink.Counters.Healed++;
            await sink.TellAsync(finding with { Action = FindingAction.Republished, ErrorMessage = $"'{artifact}' at '{transport.Name}' was replaced by a good copy.", RecommendedAction = null });
        }
    }

    private async Task RepairAsync(ArtifactFinding finding, CancellationToken cancellationToken)
    {
        if (finding.Kind is not { } kind || !ArtifactName.TryParse(finding.Origin, kind, finding.Name, out var artifact) || finding.Problem == ArtifactProblem.Stray)
        {
            await LeaveAsync(finding, $"'{finding.Name}' at '{transport.Name}' is none of ours; remove it there.", ErrorCode.InvalidArtifactName);
            return;
        }
        switch (finding.Problem)
        {
            case ArtifactProblem.Conflict:
                await LeaveAsync(finding, finding.ErrorMessage ?? "", ErrorCode.CheckpointConflict);
                return;
            case ArtifactProblem.Permissions:
                await SetModeAsync(finding, artifact);
                return;
            default:
                await ReplaceAsync(finding, artifact, cancellationToken);
                return;
        }
    }

    private async Task ReplaceAsync(ArtifactFinding finding, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        if (context.Store.Find(artifact) is not { } entry)
        {
            await LeaveAsync(finding, $"This archive has no good copy of '{artifact}'; a machine that has one heals it.", ErrorCode.ArtifactMissing);
            return;
        }
        // Ours must be proven before theirs goes.
        await using var wire = ArtifactReader.OpenIntact(context.Store, entry, cancellationToken);
        if (await IsThereAsync(artifact, cancellationToken) && !await MakeRoomAsync(artifact, cancellationToken))
        {
            await LeaveAsync(finding, $"'{artifact}' can't be replaced at '{transport.Name}'.", ErrorCode.TargetReadOnly);
            return;
        }
        context.Options.Checkpoint("repair:room");
        if (await transport.PutAsync(artifact, wire, entry.WireSize, cancellationToken) == PutOutcome.Created)
        {
            _put[artifact] = finding;
        }
    }

    /// <summary>Something lies there and it is damaged; a sound one is not touched.</summary>
    private async Task<bool> IsThereAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            return await transport.FindAsync(artifact, cancellationToken) is not null;
        }
        catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.ArtifactNotFound)
        {
            return false;
        }
    }

    private async Task<bool> MakeRoomAsync(ArtifactRef artifact, CancellationToken cancellationToken)
    {
        try
        {
            var info = await TargetReader.VerifyAsync(transport, artifact, cancellationToken);
            if (info.ImportFault is null && artifact.Kind != ArtifactKind.Checkpoints)
            {
                return true; // sound by now: the put finds it there
            }
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
        {
            // A damaged checkpoint stops every reader, and no other content of that number is ours to keep.
            return artifact.Kind == ArtifactKind.Checkpoints
                ? transport.Traits.IsSecure && await transport.RemoveAsync(artifact, cancellationToken) : await transport.SetAsideDamagedAsync(artifact, cancellationToken);
        }
        return false;
    }

    private async Task SetModeAsync(ArtifactFinding finding, ArtifactRef artifact)
    {
        if (TargetPath.IsFolder(transport.Name) && StoreMode.TryRepair(Path.Combine(transport.Name, artifact.Path), FolderUse.Shared))
        {
            await sink.TellAsync(finding with { Action = FindingAction.PermissionsSet, ErrorMessage = $"'{artifact}' can be read again.", RecommendedAction = null });
            return;
        }
        await LeaveAsync(finding, $"The permissions of '{artifact}' at '{transport.Name}' are for its owner to set.", ErrorCode.ArtifactPermissions);
    }

    private ValueTask LeaveAsync(ArtifactFinding finding, string message, ErrorCode code) => sink.TellAsync(finding with
    {
        Action = FindingAction.Left, ErrorCode = code.ToString(), ErrorMessage = message, RecommendedAction = ErrorCatalog.Action(code),
    });
}
