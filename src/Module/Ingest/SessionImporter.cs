using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Metadata;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>Writes the changed sessions of one checkpoint, each with its watermark in the same transaction (spec 7.4-7.6).</summary>
internal sealed class SessionImporter(ExchangeContext context)
{
    private const long CommitBytes = 64L * 1024 * 1024;

    private long _sessions;
    private bool _handledAll = true;

    public void Import(CheckpointPlan plan, CancellationToken cancellationToken)
    {
        // Held for the whole checkpoint: two that take turns could take a session back.
        using var lease = context.AcquireLease(cancellationToken);
        if (IngestTable.ImportedSequence(context.Archive.Reader, plan.Entry.Artifact.Origin) > ArtifactName.Sequence(plan.Entry.Artifact))
        {
            return; // another process has imported a newer one since this was chosen
        }
        var wanted = Wanted(plan.Changed);
        using var source = new SessionSource(context, wanted);
        using var steps = source.Read(cancellationToken).GetEnumerator();
        while (ImportBatch(lease, plan.Entry.Artifact, steps, wanted.Count, cancellationToken))
        {
        }
        if (_handledAll)
        {
            Land(lease, plan.Entry);
        }
    }

    /// <summary>Excluded sessions never come back and keep the landing open; trashed ones wait, but the landing counts (spec 7.5).</summary>
    private List<KeyValuePair<string, string>> Wanted(IReadOnlyList<KeyValuePair<string, string>> changed)
    {
        var reader = context.Archive.Reader;
        var wanted = new List<KeyValuePair<string, string>>(changed.Count);
        foreach (var session in changed)
        {
            if (!context.Reimports && IngestTable.Watermark(reader, session.Key) == session.Value)
            {
                continue; // imported by another process meanwhile
            }
            if (SessionTable.IsExcluded(reader, session.Key))
            {
                _handledAll = false;
            }
            else if (!SessionTable.IsTrashed(reader, session.Key))
            {
                wanted.Add(session);
            }
        }
        return wanted;
    }

    /// <summary>One transaction of sessions; false at the end of the stream.</summary>
    private bool ImportBatch(
        Lease lease, ArtifactRef checkpoint, IEnumerator<IngestStep> steps, int total, CancellationToken cancellationToken)
    {
        if (!steps.MoveNext())
        {
            return false;
        }
        var (sessions, messages) = (0L, 0L);
        using var transaction = lease.Begin();
        IngestTable.RaiseImportedSequence(transaction.Db, checkpoint.Origin, ArtifactName.Sequence(checkpoint));
        var bytes = 0L;
        do
        {
            var stream = new SessionStream(steps);
            if (Write(transaction.Db, stream))
            {
                sessions++;
                messages += stream.Messages;
            }
            bytes += stream.Bytes;
            context.Observer.Progress(new ProgressSnapshot("Importing", stream.Gid, _sessions + sessions, total, bytes));
        }
        while (bytes < CommitBytes && steps.MoveNext());
        context.Options.Checkpoint("ingest:before-commit");
        transaction.Commit();
        context.Options.Checkpoint("ingest:after-commit");
        _sessions += sessions;
        context.Run.Count(counters =>
        {
            counters.ImportedSessions += sessions;
            counters.ImportedMessages += messages;
        });
        return true;
    }

    /// <summary>False when the session was left at its last imported state.</summary>
    private bool Write(Database db, SessionStream stream)
    {
        db.Execute("SAVEPOINT session");
        try
        {
            var begin = stream.Begin();
            var row = Row(begin);
            var sid = SessionTable.Put(db, row);
            MessageTable.Replace(db, sid, stream.Read(), begin.Manifest.UsageEvents);
            if (stream.Settled is { } settled)
            {
                SessionTable.Put(db, row with { Session = settled });
            }
            IngestTable.SetWatermark(db, begin.Gid, begin.ManifestSha256);
            MetadataReplay.ReapplyRegisters(db, context.OwnOrigin!, begin.Gid);
            db.Execute("RELEASE session");
            return true;
        }
        catch (SessionFaultException fault)
        {
            Undo(db);
            StoreDamage.Report(context, db, fault.Step.Entry);
            context.Run.Rejected("session", stream.Gid, "ingest", fault.Step.Fault.Code, fault.Step.Fault.Message);
            return false;
        }
        catch (ArtifactSyncException fault) when (Faults.IsInvalid(fault.Code))
        {
            // Only stored form shows it: keys that differ in removed characters alone.
            Undo(db);
            stream.Skip();
            context.Run.Rejected("session", stream.Gid, "ingest", fault.Code, fault.Message);
            return false;
        }
    }

    private void Undo(Database db)
    {
        db.Execute("ROLLBACK TO session");
        db.Execute("RELEASE session");
        _handledAll = false;
    }

    private static SessionRow Row(SessionBegin begin) => new()
    {
        Own = false,
        Origin = begin.Manifest.Origin,
        Session = begin.Row,
        SessionName = begin.SessionName,
        DataVersion = Math.Max(0, begin.Manifest.DataVersion),
        HasToolCalls = begin.Manifest.SessionHasToolCalls,
        HasContextData = begin.Manifest.SessionHasContextData,
        Signals = begin.Manifest.SessionQualitySignals is { Version: > 0 } signals ? signals : null,
    };

    private void Land(Lease lease, CatalogEntry checkpoint)
    {
        if (IngestTable.FindLanding(context.Archive.Reader, checkpoint.Artifact.Origin)?.CheckpointSha256 == checkpoint.Sha256)
        {
            return; // it landed before, and keeps its time
        }
        using var transaction = lease.Begin();
        IngestTable.SetLanding(transaction.Db, new Landing(
            checkpoint.Artifact.Origin, ArtifactName.Sequence(checkpoint.Artifact), checkpoint.Sha256, context.Archive.Clock.GetUtcNow()));
        transaction.Commit();
        context.Options.Checkpoint("ingest:landed");
    }

    /// <summary>One session, taken from the stream of all of them, which stands at its first step.</summary>
    private sealed class SessionStream(IEnumerator<IngestStep> steps)
    {
        public string Gid { get; } = steps.Current is SessionFault fault ? fault.Gid : ((SessionBegin)steps.Current).Gid;

        public long Messages { get; private set; }

        public long Bytes { get; private set; }

        public SessionRecord? Settled { get; private set; }

        public SessionBegin Begin() => steps.Current is SessionFault fault ? throw new SessionFaultException(fault) : (SessionBegin)steps.Current;

        public IEnumerable<MessageRecord> Read()
        {
            while (steps.MoveNext())
            {
                switch (steps.Current)
                {
                    case MessageBatch batch:
                        Bytes += batch.Bytes;
                        foreach (var message in batch.Messages)
                        {
                            Messages++;
                            yield return message;
                        }
                        break;
                    case SessionFault fault:
                        throw new SessionFaultException(fault);
                    case SessionEnd end:
                        Settled = end.Settled;
                        yield break;
                }
            }
        }

        /// <summary>On to the last step of this session.</summary>
        public void Skip()
        {
            while (steps.Current is not (SessionEnd or SessionFault) && steps.MoveNext())
            {
            }
        }
    }
}

/// <summary>Unwinds the writing of one session; never leaves the importer.</summary>
internal sealed class SessionFaultException(SessionFault step) : Exception(step.Fault.Message, step.Fault)
{
    public SessionFault Step { get; } = step;
}
