using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Store;
using ArtifactSync.Sync;
using ArtifactSync.Wire;

namespace ArtifactSync.Ingest;

/// <summary>One step of the stream of sessions on their way into the rows.</summary>
internal abstract record IngestStep;

/// <summary>A session begins; its messages follow.</summary>
internal sealed record SessionBegin(string Gid, string ManifestSha256, Manifest Manifest, SessionRecord Row, string? SessionName) : IngestStep;

/// <param name="Messages">In order.</param>
/// <param name="Bytes">What they weigh in memory.</param>
internal sealed record MessageBatch(IReadOnlyList<MessageRecord> Messages, long Bytes) : IngestStep;

/// <summary>The session is whole. <paramref name="Settled"/> is its row again when the messages changed what its totals should be.</summary>
internal sealed record SessionEnd(SessionRecord? Settled) : IngestStep;

/// <summary>The session can't be read to its end, perhaps not even its manifest; what came of it must be undone.</summary>
internal sealed record SessionFault(string Gid, CatalogEntry Entry, ArtifactSyncException Fault) : IngestStep;

/// <summary>
/// Reads, proves, decodes and rewrites the sessions of a checkpoint on a thread of its own, ahead of the thread that writes
/// the rows. What lies between is bounded in bytes, whatever the size of a session.
/// </summary>
internal sealed class SessionSource(ExchangeContext context, IReadOnlyList<KeyValuePair<string, string>> sessions) : IDisposable
{
    private const long Budget = 16 * 1024 * 1024;
    private const long BatchBytes = 256 * 1024;

    private readonly WeightedQueue<IngestStep> _queue = new(Budget);
    private readonly CancellationTokenSource _stop = new();
    private readonly Database _reader = context.Archive.OpenReader();
    private readonly string _createdAt = IsoTime.Of(context.Archive.Clock.GetUtcNow());
    private Thread? _thread;

    public IEnumerable<IngestStep> Read(CancellationToken cancellationToken)
    {
        _thread = new Thread(Produce) { IsBackground = true, Name = "ingest" };
        _thread.Start();
        while (_queue.TryTake(out var step, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return step;
        }
    }

    public void Dispose()
    {
        _queue.Abandon();
        _stop.Cancel();
        _thread?.Join();
        _stop.Dispose();
        _queue.Dispose();
        _reader.Dispose();
    }

    private void Produce()
    {
        try
        {
            foreach (var (gid, sha256) in sessions)
            {
                if (!Produce(gid, sha256))
                {
                    return;
                }
            }
            _queue.Complete();
        }
        catch (Exception fault)
        {
            _queue.Complete(fault); // thrown again on the thread that takes
        }
    }

    private bool Produce(string gid, string sha256)
    {
        var origin = Gid.Split(gid).Origin;
        var entry = Require(ArtifactName.Manifest(origin, sha256));
        try
        {
            var manifest = ManifestDocument.Read(ArtifactReader.ReadDocument(context.Store, entry));
            var row = SessionRewriter.Session(origin, manifest.Session);
            row.CreatedAt = _createdAt;
            var totals = new TokenTotals();
            foreach (var usage in manifest.UsageEvents)
            {
                totals.BeforeClamp(usage);
                SessionRewriter.Usage(usage);
                totals.AfterClamp(usage);
            }
            if (!Add(new SessionBegin(gid, sha256, manifest, row, SessionRewriter.SessionName(manifest.SessionName)), entry.Size))
            {
                return false;
            }
            var batch = new List<MessageRecord>();
            var bytes = 0L;
            foreach (var segment in manifest.Segments)
            {
                entry = Require(ArtifactName.Segment(origin, segment));
                using var decoded = ArtifactReader.OpenVerified(context.Store, entry);
                foreach (var message in SegmentReader.Read(entry.Artifact, decoded))
                {
                    totals.BeforeClamp(message);
                    SessionRewriter.Message(origin, message);
                    totals.AfterClamp(message);
                    batch.Add(message);
                    bytes += Weight(message);
                    if (bytes > BatchBytes)
                    {
                        if (!Add(new MessageBatch(batch, bytes), bytes))
                        {
                            return false;
                        }
                        (batch, bytes) = ([], 0);
                    }
                }
            }
            var settled = row with { };
            return Add(new MessageBatch(batch, bytes), bytes) && Add(new SessionEnd(totals.Settle(settled) ? settled : null), 1);
        }
        catch (ArtifactSyncException fault) when (Faults.IsDamage(fault.Code) || Faults.IsInvalid(fault.Code))
        {
            return Add(new SessionFault(gid, entry, Blame(entry, fault)), 1);
        }
    }

    /// <summary>What was proven importable when it came can only be damaged now, whatever it looks like.</summary>
    private static ArtifactSyncException Blame(CatalogEntry entry, ArtifactSyncException fault) =>
        Faults.IsDamage(fault.Code) ? fault : ArtifactReader.Mismatch(entry, fault);

    private bool Add(IngestStep step, long weight) => _queue.Add(step, weight, _stop.Token);

    private CatalogEntry Require(ArtifactRef artifact) => context.Store.Find(artifact, _reader) ?? throw new ArtifactSyncException(
        ErrorCode.ArtifactNotFound, $"'{artifact}' left the local store while it was imported. Run the exchange again.", artifact.Path);

    private static long Weight(MessageRecord message)
    {
        var characters = message.Content.Length + message.ThinkingText.Length + message.TokenUsage.Length + 200L;
        foreach (var call in message.ToolCalls)
        {
            characters += call.InputJson.Length + call.ResultContent.Length + 200L;
            foreach (var result in call.ResultEvents)
            {
                characters += result.Content.Length + 100L;
            }
        }
        return characters * sizeof(char);
    }
}
