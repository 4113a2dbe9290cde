using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>A proof or repair as a run of the ledger.</summary>
internal sealed class MemoryProofRun(ArchiveDatabase archive, Func<IMutationApi> open, MemoryProofRequest request, IRunObserver observer)
{
    /// <exception cref="ArtifactSyncException">What ended the run; it is in the ledger too. MemoryNotEnrolled.</exception>
    public async Task<IReadOnlyList<MemoryFinding>> RunAsync(CancellationToken cancellationToken)
    {
        var projects = Projects();
        if (request.WhatIf)
        {
            using var api = open();
            return [.. (await Proof(api, "what-if", projects).LookAsync(cancellationToken))
                .Select(deviation => Finding(null, deviation, isRepaired: false))];
        }

        using var run = RunRecorder.Begin(archive, Describe, observer, cancellationToken);
        try
        {
            using var api = open();
            run.Enter("proof");
            var proof = Proof(api, run.RunId, projects);
            var (found, repaired) = request.Repair
                ? await proof.RepairAsync(cancellationToken)
                : (await proof.LookAsync(cancellationToken), new HashSet<(string, string)>());
            run.Count(counters => (counters.Received, counters.Healed) = (proof.Read, repaired.Count));
            List<MemoryFinding> findings = [.. found.Select(d => Finding(run.RunId, d, repaired.Contains((d.Entity, d.Key))))];
            findings.ForEach(finding => Tell(run, finding));
            run.Finish();
            return findings;
        }
        catch (OperationCanceledException)
        {
            run.Abandon();
            throw;
        }
        catch (Exception fault)
        {
            run.Finish(
                fault as ArtifactSyncException ?? new ArtifactSyncException(
                    ErrorCode.UnexpectedError, fault.Message, request.Target, fault));
            throw;
        }
    }

    private MemoryProof Proof(IMutationApi api, string runId, IReadOnlyList<string> projects) =>
        new(new MemorySync(archive, api, new MemorySyncSettings { IsFull = true }, runId, observer), projects);

    private IReadOnlyList<string> Projects()
    {
        var enrolled = MemoryProjectTable.Enrolled(archive.Reader);
        if (request.Projects.Count == 0)
        {
            return enrolled;
        }

        List<string> named = [.. request.Projects.Select(MemoryText.Project).Distinct(StringComparer.Ordinal)];
        return named.Find(project => !enrolled.Contains(project, StringComparer.Ordinal)) is { } other
            ? throw new ArtifactSyncException(
                ErrorCode.MemoryNotEnrolled,
                    $"Project '{other}' is not enrolled in '{archive.Folder}', so no server is expected to hold it.", other)
            : named;
    }

    private RunStart Describe(string runId) =>
        new(runId, request.Repair ? RunKind.Repair : RunKind.Verify) { Target = request.Target, Phase = "prepare" };

    private MemoryFinding Finding(string? runId, ProofDeviation deviation, bool isRepaired)
    {
        var code = deviation.Class switch
        {
            MemoryFindingClass.NotReadable => ErrorCode.TargetForbidden,
            MemoryFindingClass.Quarantined => ErrorCode.MutationRefused,
            _ => ErrorCode.MutationMissing,
        };
        return new MemoryFinding
        {
            RunId = runId,
            Target = request.Target,
            Project = deviation.Project,
            EntityType = deviation.Entity,
            SyncId = deviation.Key,
            Class = deviation.Class,
            LocalTime = deviation.Here?.Time is { Length: > 0 } here ? here : null,
            RemoteTime = deviation.There?.Time is { Length: > 0 } there ? there : null,
            LocalSeq = deviation.Here?.Seq is > 0 and var seq ? seq : null,
            RemoteSeq = deviation.There?.Seq is > 0 and var number ? number : null,
            Note = deviation.Note,
            Repaired = isRepaired,
            ErrorCode = code.ToString(),
            RecommendedAction = ErrorCatalog.Action(code),
        };
    }

    private static void Tell(RunRecorder run, MemoryFinding finding)
    {
        var status = finding.Repaired ? EntityStatus.Ok : EntityStatus.Failed;
        var message = $"{finding.Class}: here {finding.LocalSeq?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}, there "
            + $"{finding.RemoteSeq?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}{(finding.Note is null ? "" : $"; {finding.Note}")}";
        run.Add(finding.EntityType, finding.SyncId, "proof", status, finding.Repaired ? null
            : Enum.Parse<ErrorCode>(finding.ErrorCode!), message);
    }
}
