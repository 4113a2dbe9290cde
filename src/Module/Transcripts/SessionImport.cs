using ArtifactSync.Archive;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>
/// Puts what one file says into the archive, inside a transaction of the caller. Without a right to write (WhatIf) it
/// looks things up and tells the same.
/// </summary>
/// <param name="db">Where to write, or under WhatIf to look; null = there is no archive.</param>
/// <param name="planned">Under WhatIf: files that this run would give their session to. Null = really write.</param>
/// <param name="now">For the rows.</param>
/// <param name="names">Names of Codex threads.</param>
internal sealed class SessionImport(
    Database? db, Dictionary<string, (string Path, long Size)>? planned, string now, CodexThreadNames names)
{
    // Pieces of a session beyond these are written as they come; until then a file that turns out unreadable costs nothing.
    private const int HeldBack = 4;

    /// <summary>What happened to the session of a file.</summary>
    private enum Fate
    {
        Added,
        Changed,
        Excluded,
        Foreign,
        Elsewhere,
    }

    public ArchiveSessionImport Write(ParseJob job, CancellationToken cancellationToken)
    {
        List<SessionChunk> held = [];
        Writing? writing = null;
        foreach (SessionChunk chunk in job.Chunks(cancellationToken))
        {
            held.Add(chunk);
            if (writing is null && held.Count <= HeldBack)
            {
                continue;
            }

            writing ??= Begin(chunk.SessionId, job.Parser, isStreamed: true);
            Flush(writing, held);
        }

        FileResult result = job.Result!;
        if (result.Session is not { } session)
        {
            writing?.RollBack(db!);
            return WithoutSession(job.Parser, result);
        }

        writing ??= Begin(session.Row.Id, job.Parser, isStreamed: false);
        if (writing.NeedsWhole)
        {
            return Again(job, cancellationToken);
        }

        Flush(writing, held);
        Finish(writing, job.Parser, result);
        return Describe(writing, job.Parser, result);
    }

    /// <summary>Rows of this file are gone, or another file wrote them: it is read from its beginning, here and now.</summary>
    private ArchiveSessionImport Again(ParseJob job, CancellationToken cancellationToken)
    {
        using var again = new ParseJob(job.Parser with { Known = null });
        using var pipeline = new ParsePipeline([again], null, 1, cancellationToken);
        return Write(again, cancellationToken);
    }

    private Writing Begin(string id, TranscriptParser parser, bool isStreamed)
    {
        StoredSession? stored = db is null ? null : OwnSessions.Find(db, id);
        (string Path, long Size)? holder = stored is { FilePath: { } path } ? (path, stored.FileSize ?? 0) : null;
        if (planned is not null && planned.TryGetValue(id, out (string Path, long Size) earlier))
        {
            holder = earlier;
        }

        bool isHolder = holder?.Path == parser.Path;
        Fate fate = db is not null && OwnSessions.IsExcluded(db, id) ? Fate.Excluded
            : stored is { IsOwn: false } ? Fate.Foreign
            : holder is { } other && !isHolder && Outranks(other, parser) ? Fate.Elsewhere
            : stored is not null || holder is not null ? Fate.Changed
            : Fate.Added;
        var writing = new Writing(id, fate, stored?.Sid);
        if (!writing.IsLeftOut)
        {
            writing.NeedsWhole = parser.ContinuesAt is not null && !(isHolder && stored is not null);
            Prepare(writing, parser, isStreamed);
        }

        return writing;
    }

    private void Prepare(Writing writing, TranscriptParser parser, bool isStreamed)
    {
        if (planned is not null)
        {
            planned[writing.SessionId] = (parser.Path, parser.Stat.Size);
            return;
        }

        if (writing.NeedsWhole)
        {
            return;
        }

        if (isStreamed)
        {
            writing.Save(db!);
        }

        if (writing.Sid is not { } sid)
        {
            writing.Sid = OwnSessions.Create(db!, writing.SessionId, now);
            return;
        }

        OwnSessions.DeleteMessages(db!, sid, parser.ContinuesAt ?? long.MinValue);
    }

    /// <summary>Of two files that tell one session, the longer one holds it; of equal ones the first by name.</summary>
    private static bool Outranks((string Path, long Size) holder, TranscriptParser parser) =>
        File.Exists(holder.Path)
        && (holder.Size > parser.Stat.Size || (holder.Size == parser.Stat.Size && string.CompareOrdinal(holder.Path, parser.Path) < 0));

    private void Flush(Writing writing, List<SessionChunk> held)
    {
        foreach (SessionChunk chunk in held)
        {
            writing.Messages += chunk.Messages.Count;
            if (planned is not null || writing.IsLeftOut || writing.NeedsWhole)
            {
                continue;
            }

            OwnSessions.Insert(db!, writing.Sid!.Value, chunk.Messages);
            foreach (Amendment amendment in chunk.Amendments)
            {
                OwnSessions.Amend(db!, writing.Sid!.Value, amendment);
            }
        }

        held.Clear();
    }

    private void Finish(Writing writing, TranscriptParser parser, FileResult result)
    {
        if (planned is not null)
        {
            return;
        }

        ParsedSession session = result.Session!;
        TranscriptFile row = result.Remember!;
        if (writing.IsLeftOut)
        {
            // Not the holder: nothing to go on from, but the file need not be opened again while it stays as it is.
            row = row with { Consumed = 0, PrefixHash = "", State = null };
        }
        else
        {
            if (session.Row.Agent == "codex" && names.For(parser.Path)?.Names.GetValueOrDefault(session.Row.Id) is { } name)
            {
                session = session with { Name = name };
            }

            OwnSessions.Update(db!, writing.Sid!.Value, session, Environment.MachineName, now);
            writing.Keep(db!);
        }

        TranscriptTable.Put(db!, row);
    }

    private ArchiveSessionImport WithoutSession(TranscriptParser parser, FileResult result)
    {
        if (planned is null && result.Remember is { } row)
        {
            TranscriptTable.Put(db!, row);
        }

        return result.Mode switch
        {
            ReadMode.Unchanged => ImportResults.Unchanged(parser),
            ReadMode.Unrecognized => ImportResults.Unrecognized(parser.Path),
            _ => ImportResults.Failed(parser.Path, ErrorCode.TranscriptUnreadable, $"'{parser.Path}' cannot be read: {result.Fault}"),
        };
    }

    private static ArchiveSessionImport Describe(Writing writing, TranscriptParser parser, FileResult result)
    {
        ArchiveSessionImport described = new()
        {
            Path = parser.Path,
            Format = result.Remember!.Format,
            Status = writing.IsLeftOut ? "Skipped" : "Imported",
            Added = writing.Fate == Fate.Added ? 1 : 0,
            Changed = writing.Fate == Fate.Changed ? 1 : 0,
            Skipped = writing.IsLeftOut ? 1 : 0,
            Messages = writing.IsLeftOut ? 0 : writing.Messages,
            MalformedLines = result.MalformedLines,
            SessionId = [writing.SessionId],
        };
        return writing.Fate switch
        {
            Fate.Excluded => described.With(ErrorCode.SessionExcluded, $"Session '{writing.SessionId}' was removed everywhere and stays so."),
            Fate.Foreign => described.With(
                ErrorCode.TranscriptSessionTaken, $"'{parser.Path}' names its session '{writing.SessionId}', as a session of another machine is named."),
            Fate.Elsewhere => described.With(
                ErrorCode.TranscriptSessionTaken, $"Session '{writing.SessionId}' is read from a longer file; '{parser.Path}' is a copy of it."),
            _ when result.MalformedAt is { } at => described.With(
                ErrorCode.TranscriptLineMalformed, $"'{parser.Path}' has {result.MalformedLines} lines that are no JSON; the first at byte {at}."),
            _ => described,
        };
    }

    /// <summary>The session of one file while it is being written.</summary>
    private sealed class Writing(string sessionId, Fate fate, long? sid)
    {
        private bool _isSaved;

        public string SessionId => sessionId;
        public Fate Fate => fate;
        public bool IsLeftOut => fate is not (Fate.Added or Fate.Changed);
        /// <summary>The chunks go on from rows that are not there.</summary>
        public bool NeedsWhole { get; set; }
        public long? Sid { get; set; } = sid;
        public long Messages { get; set; }

        /// <summary>For a file that may still turn out unreadable after some of it was written.</summary>
        public void Save(Database db)
        {
            db.Execute("SAVEPOINT transcript");
            _isSaved = true;
        }

        public void Keep(Database db)
        {
            if (_isSaved)
            {
                db.Execute("RELEASE transcript");
                _isSaved = false;
            }
        }

        public void RollBack(Database? db)
        {
            if (_isSaved)
            {
                db!.Execute("ROLLBACK TO transcript");
                Keep(db);
            }
        }
    }
}
