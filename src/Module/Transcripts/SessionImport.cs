using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>What an import may do with the session that a file tells.</summary>
internal enum SessionFate
{
    Added,
    Changed,

    /// <summary>Removed everywhere; stays so.</summary>
    Excluded,

    /// <summary>A session of another machine bears its id.</summary>
    Foreign,

    /// <summary>A longer file tells it.</summary>
    Elsewhere,
}

/// <summary>
/// Puts what one file says into the archive, inside a transaction of the caller. Under WhatIf it looks things up and
/// tells the same.
/// </summary>
/// <param name="db">Where to write, or under WhatIf to look; null = there is no archive.</param>
/// <param name="planned">Under WhatIf: files that this run would give their session to. Null = really write.</param>
/// <param name="now">For the rows.</param>
/// <param name="names">Names of Codex threads.</param>
internal sealed class SessionImport(
    Database? db, Dictionary<string, (string Path, long Size)>? planned, string now, CodexThreadNames names)
{
    /// <summary>
    /// Chunks that are waited for before anything is written. A session that has more is written while it is read, under
    /// a savepoint, for its file may turn out unreadable. (Savepoints make the text index flush; few sessions should need one.)
    /// </summary>
    private const int HeldBack = 3;

    private bool IsDryRun => planned is not null;

    public ArchiveSessionImport Write(ParseJob job, CancellationToken cancellationToken)
    {
        using IEnumerator<SessionChunk> chunks = job.Chunks(cancellationToken).GetEnumerator();
        List<SessionChunk> held = [];
        bool more = chunks.MoveNext();
        for (; more && held.Count < HeldBack; more = chunks.MoveNext())
        {
            held.Add(chunks.Current);
        }

        if (!more && job.Result!.Session is null)
        {
            return WithoutSession(job.Parser, job.Result);
        }

        string id = more ? chunks.Current.SessionId : job.Result!.Session!.Row.Id;
        (SessionFate fate, SessionRow? stored, bool isHolder) = Decide(id, job.Parser);
        bool isLeftOut = fate is not (SessionFate.Added or SessionFate.Changed);
        long messages = 0;
        if (IsDryRun || isLeftOut)
        {
            messages = held.Sum(c => c.Messages.Count) + Count(chunks, more);
            return job.Result!.Session is null ? WithoutSession(job.Parser, job.Result) : Describe(job, fate, messages, id);
        }

        if (job.Parser.ContinuesAt is not null && !(isHolder && stored is not null))
        {
            // Rows to go on from are gone, or another file wrote them: read it from its beginning, here and now.
            Count(chunks, more);
            return Again(job, cancellationToken);
        }

        if (more)
        {
            db!.Execute("SAVEPOINT transcript");
        }

        messages = Store(job, id, stored, Rest(held, chunks, more), isStreamed: more);
        bool isWhole = job.Result!.Session is not null;
        if (more)
        {
            db!.ExecuteScript(isWhole ? "RELEASE transcript" : "ROLLBACK TO transcript; RELEASE transcript");
        }

        return isWhole ? Describe(job, fate, messages, id) : WithoutSession(job.Parser, job.Result);
    }

    private static IEnumerable<SessionChunk> Rest(List<SessionChunk> held, IEnumerator<SessionChunk> chunks, bool more)
    {
        foreach (SessionChunk chunk in held)
        {
            yield return chunk;
        }

        for (; more; more = chunks.MoveNext())
        {
            yield return chunks.Current;
        }
    }

    private static long Count(IEnumerator<SessionChunk> chunks, bool more)
    {
        long messages = 0;
        for (; more; more = chunks.MoveNext())
        {
            messages += chunks.Current.Messages.Count;
        }

        return messages;
    }

    private ArchiveSessionImport Again(ParseJob job, CancellationToken cancellationToken)
    {
        using var again = new ParseJob(job.Parser with { Known = null });
        using var pipeline = new ParsePipeline([again], null, 1, cancellationToken);
        return Write(again, cancellationToken);
    }

    private (SessionFate Fate, SessionRow? Stored, bool IsHolder) Decide(string id, TranscriptParser parser)
    {
        SessionRow? stored = db is null ? null : SessionTable.Find(db, id);
        (string Path, long Size)? holder = stored?.Session is { FilePath: { } path } row ? (path, row.FileSize ?? 0) : null;
        if (planned is not null && planned.TryGetValue(id, out (string Path, long Size) earlier))
        {
            holder = earlier;
        }

        bool isHolder = holder?.Path == parser.Path;
        SessionFate fate = db is not null && SessionTable.IsExcluded(db, id) ? SessionFate.Excluded
            : stored is { Own: false } ? SessionFate.Foreign
            : holder is { } other && !isHolder && Outranks(other, parser) ? SessionFate.Elsewhere
            : stored is not null || holder is not null ? SessionFate.Changed
            : SessionFate.Added;
        if (planned is not null && fate is SessionFate.Added or SessionFate.Changed)
        {
            planned![id] = (parser.Path, parser.Stat.Size);
        }

        return (fate, stored, isHolder);
    }

    /// <summary>
    /// Of two files that tell one session, the longer one holds it, even when it is gone: what only it told must not go
    /// with it. Of equal ones it is the first by name, as long as it is there.
    /// </summary>
    private static bool Outranks((string Path, long Size) holder, TranscriptParser parser) =>
        holder.Size > parser.Stat.Size
        || (holder.Size == parser.Stat.Size && string.CompareOrdinal(holder.Path, parser.Path) < 0 && File.Exists(holder.Path));

    /// <summary>Writes the messages, then what is known of the session and the file when they are all read.</summary>
    private long Store(ParseJob job, string id, SessionRow? stored, IEnumerable<SessionChunk> chunks, bool isStreamed)
    {
        SessionRow? whole = isStreamed ? null : Row(job);
        long sid = stored?.Sid ?? SessionTable.Put(db!, whole ?? OwnSessions.Stub(id, now));
        bool isReplaced = stored is not null && job.Parser.ContinuesAt is null;
        List<Amendment> amendments = [];
        long messages = 0;
        bool hasAmended = false;
        IEnumerable<MessageRecord> all = chunks.SelectMany(chunk =>
        {
            // They speak of messages that are written by now; only a replacement, which reads rows meanwhile, has to wait.
            amendments.AddRange(chunk.Amendments);
            hasAmended |= amendments.Count > 0;
            if (!isReplaced)
            {
                Amend(sid, amendments);
            }

            messages += chunk.Messages.Count;
            return chunk.Messages;
        });
        bool hasChanged = isReplaced ? MessageTable.Replace(db!, sid, all, []).Changed : Append(sid, job.Parser, all);
        Amend(sid, amendments);
        if (job.Result!.Session is null)
        {
            return 0;
        }

        if (stored is not null || isStreamed)
        {
            SessionTable.Put(db!, Row(job));
        }

        if (stored is not null && !isReplaced && (hasChanged || hasAmended))
        {
            SessionTable.BumpRevision(db!, sid);
        }

        if (stored is not null && StateTable.Get(db!, StateTable.OriginId) is { } origin)
        {
            // Pins of other machines hang on messages that were written anew.
            MetadataReplay.ReapplyRegisters(db!, origin, Gid.ForLocal(origin, id));
        }

        TranscriptTable.Put(db!, job.Result.Remember!);
        return messages;
    }

    private bool Append(long sid, TranscriptParser parser, IEnumerable<MessageRecord> messages)
    {
        bool hasChanged = parser.ContinuesAt is { } ordinal && MessageTable.DeleteFrom(db!, sid, ordinal) > 0;
        using var writer = new MessageWriter(db!, sid);
        foreach (MessageRecord message in messages)
        {
            writer.Write(message);
            hasChanged = true;
        }

        return hasChanged;
    }

    private void Amend(long sid, List<Amendment> amendments)
    {
        amendments.ForEach(a => OwnSessions.Amend(db!, sid, a));
        amendments.Clear();
    }

    private SessionRow Row(ParseJob job)
    {
        ParsedSession session = job.Result!.Session!;
        string? name = session.Row.Agent == "codex" ? names.For(job.Parser.Path)?.Names.GetValueOrDefault(session.Row.Id) : null;
        return OwnSessions.Row(session, name ?? session.Name, now);
    }

    private ArchiveSessionImport WithoutSession(TranscriptParser parser, FileResult result)
    {
        if (!IsDryRun && result.Remember is { } row)
        {
            TranscriptTable.Put(db!, row);
        }

        return ImportResults.WithoutSession(parser, result);
    }

    private ArchiveSessionImport Describe(ParseJob job, SessionFate fate, long messages, string id)
    {
        if (!IsDryRun && fate is not (SessionFate.Added or SessionFate.Changed))
        {
            // Nothing to go on from, but the file need not be opened again while it stays as it is.
            TranscriptTable.Put(db!, job.Result!.Remember! with { Consumed = 0, PrefixHash = "", State = null });
        }

        return ImportResults.Of(job, fate, messages, id);
    }
}
