using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// Sends what is pending (memory spec 7.2), window by window until nothing is left. A fault of one project leaves its later
/// rows for the next cycle, since their order matters, and goes on with the others.
/// </summary>
internal sealed class MutationPush(MemorySync sync)
{
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);

    /// <summary>What ends the cycle, or null: the pull may follow.</summary>
    public async Task<ArtifactSyncException?> RunAsync(CancellationToken cancellationToken)
    {
        var now = sync.Now;
        sync.Write("reconcile", db => PushCommit.Reconcile(db, now), cancellationToken);
        SettleUnassigned(cancellationToken);
        ArtifactSyncException? failure = null;
        long after = 0;
        while (PushPlan.Read(sync.Archive.Reader, after) is { IsEmpty: false } plan)
        {
            after = plan.LastSeq;
            Quarantine(
                [.. plan.Refused.Select(refused => (refused.Entry.Seq, refused.Entry.Entity, refused.Entry.EntityKey, refused.Reason))],
                    cancellationToken);
            foreach (var batch in PushBatch.Split([.. plan.Rows.Where(IsWanted)]))
            {
                if (_left.Contains(batch[0].Project))
                {
                    continue;
                }

                try
                {
                    if (await SendAsync(batch, cancellationToken))
                    {
                        return failure; // the log is another one: what follows is compared with it first
                    }
                }
                catch (ArtifactSyncException fault) when (SyncReason.IsOfServer(fault.Code))
                {
                    Leave(batch[0].Project, fault);
                    failure ??= SyncReason.IsOfProject(fault.Code) ? null : fault;
                    if (SyncReason.EndsPush(fault.Code))
                    {
                        return fault;
                    }
                }
            }
        }

        return failure;
    }

    /// <summary>True when the log turned out to be another one.</summary>
    private async Task<bool> SendAsync(IReadOnlyList<OutgoingMutation> batch, CancellationToken cancellationToken)
    {
        var project = batch[0].Project;
        sync.BeforeRequest("push", cancellationToken);
        var answer = await sync.Api.PushAsync(batch, cancellationToken);
        sync.Report.BytesSent += answer.Size;
        sync.Archive.Options.Checkpoint("memory:pushed");
        if (answer.Invalid.Count > 0)
        {
            QuarantineInvalid(batch, answer.Invalid, cancellationToken);
            throw new ArtifactSyncException(
                ErrorCode.MutationRefused,
                $"'{sync.Api.ServerUrl}' refused {answer.Invalid.Count} of {batch.Count} mutations of project '{project}' as not valid. The rest goes with the next run.",
                sync.Api.ServerUrl);
        }

        if (AcceptedSeqs.Fault(answer.Seqs, batch.Count) is { } wrong)
        {
            throw new ArtifactSyncException(
                ErrorCode.TargetProtocolError,
                $"A push of {batch.Count} mutations of project '{project}' to '{sync.Api.ServerUrl}' was not confirmed: {wrong}. They stay pending; repeat the run.",
                sync.Api.ServerUrl);
        }

        var entries = batch.Select(
            (row, i) => new MappedMutation(row.LocalSeq, answer.Seqs![i], row.Entity, row.EntityKey, row.Op, row.Project)).ToList();
        var now = sync.Now;
        var reset = sync.Write("acked", db => PushCommit.Write(db, entries, sync.Api.ServerUrl, now), cancellationToken);
        CycleReport.Count(sync.Report.Pushed, project, batch.Count);
        sync.Observer.Progress(new Sync.ProgressSnapshot("push", project, sync.Report.Pushed.Values.Sum(), 0, sync.Report.BytesSent));
        sync.Report.WasReset |= reset;
        return reset;
    }

    private bool IsWanted(OutgoingMutation row) =>
        sync.Settings.Projects.Count == 0 || sync.Settings.Projects.Contains(row.Project, StringComparer.Ordinal);

    private void Leave(string project, ArtifactSyncException fault)
    {
        _left.Add(project);
        var known = new CycleFault("project", project, "push", fault.Code, fault.Message);
        sync.Report.Faults.Add(known);
        sync.Report.PushFault ??= known;
    }

    private void QuarantineInvalid(
        IReadOnlyList<OutgoingMutation> batch, IReadOnlyList<InvalidEntry> invalid, CancellationToken cancellationToken)
    {
        var rows = invalid.Where(entry => entry.Index >= 0 && entry.Index < batch.Count)
            .Select(entry => (Row: batch[entry.Index], entry.Field))
            .DistinctBy(entry => entry.Row.LocalSeq)
            .Select(entry => (entry.Row.LocalSeq, entry.Row.Entity, entry.Row.EntityKey, $"the server refused its {entry.Field}"));
        Quarantine([.. rows], cancellationToken);
    }

    /// <summary>Rows without a project take that of their payload or session; without either they can't be sent (7.2 step 3).</summary>
    public void SettleUnassigned(CancellationToken cancellationToken)
    {
        var rows = JournalTable.Unassigned(sync.Archive.Reader, PushBatch.MaxEntries);
        if (rows.Count == 0)
        {
            return;
        }

        List<(long, string, string, string)> refused = [];
        sync.Write("unassigned", db =>
        {
            foreach (var row in rows)
            {
                if (ProjectOf(db, row) is { Length: > 0 } project)
                {
                    JournalTable.Assign(db, row.Seq, project);
                }
                else
                {
                    refused.Add((row.Seq, row.Entity, row.EntityKey, "its project cannot be determined"));
                }
            }
        }, cancellationToken);
        Quarantine(refused, cancellationToken);
    }

    private static string ProjectOf(Archive.Database db, JournalEntry row)
    {
        if (!MutationPayload.TryRead(MutationPayload.Shape(row.Entity), row.Payload, out var fields))
        {
            return "";
        }

        var named = MemoryText.Project(fields[Field.Project]);
        return named.Length > 0 ? named : MemoryText.Project(MemorySessionTable.ProjectOf(db, fields.Text(Field.SessionId)));
    }

    private void Quarantine(List<(long Seq, string Entity, string Key, string Reason)> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var now = sync.Now;
        sync.Write("quarantine", db =>
        {
            foreach (var row in rows)
            {
                JournalTable.Quarantine(db, row.Seq, row.Reason, now);
            }
        }, cancellationToken);
        sync.Report.Faults.AddRange(rows.Select(row => new CycleFault(
            row.Entity, row.Key, "push", ErrorCode.MutationRefused,
                $"The change of {row.Entity} '{row.Key}' can't be sent: {row.Reason}. Get-MemoryQuarantine shows it.")));
    }
}
