using ArtifactSync.Archive;

namespace ArtifactSync.Transcripts;

/// <summary>How a file stands to what the archive has of it.</summary>
internal enum ReadMode
{
    /// <summary>Not opened, or opened and found the same.</summary>
    Unchanged,

    /// <summary>It only grew: its session goes on from an ordinal.</summary>
    Continued,

    /// <summary>Read from its beginning.</summary>
    Whole,

    Unrecognized,
    Unreadable,
}

/// <summary>What reading a file came to, after all its chunks.</summary>
internal sealed record FileResult(ReadMode Mode)
{
    public ParsedSession? Session { get; init; }

    /// <summary>What is to be remembered; null = nothing new.</summary>
    public TranscriptFile? Remember { get; init; }

    public long MalformedLines { get; init; }

    /// <summary>The first malformed line that this read met, for the message.</summary>
    public long? MalformedAt { get; init; }

    public string? Fault { get; init; }

    public long BytesRead { get; init; }
}

/// <summary>
/// Reads one file: decides how, feeds a reader with lines, hands on chunks. Nothing here knows what the archive
/// holds, except for the row of this file.
/// </summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Stat">Taken before the file is opened: growth in between shows next time.</param>
/// <param name="Known">What is remembered of the file.</param>
/// <param name="Distrust">Look at all bytes, whatever size and time say.</param>
internal sealed record TranscriptParser(string Path, FileStat Stat, TranscriptFile? Known, bool Distrust)
{
    /// <summary>Longest line that is looked at.</summary>
    public const int LongestLine = 64 << 20;

    /// <summary>Set when reading goes on in the middle of a session: messages from here on are to be replaced.</summary>
    public long? ContinuesAt { get; private set; }

    /// <summary>Whether size, time and inode are as remembered, so that the file need not be opened.</summary>
    public bool IsUnchanged => !Distrust && Known is { } known && IsSame(known);

    private bool IsSame(TranscriptFile known) => known.Size == Stat.Size && known.MtimeNs == Stat.MtimeNs && known.Inode == Stat.Inode;

    public FileResult Read(Action<SessionChunk> emit, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
            return Read(stream, emit, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileResult(ReadMode.Unreadable) { Fault = e.Message };
        }
    }

    private FileResult Read(FileStream stream, Action<SessionChunk> emit, CancellationToken cancellationToken)
    {
        if (Known is { Format.Length: > 0 } known && ReaderState.Load(known.State) is { } state
            && Continues(stream, known, state, cancellationToken, out bool isSame))
        {
            if (isSame)
            {
                TranscriptFile touched = known with { Size = Stat.Size, MtimeNs = Stat.MtimeNs, Inode = Stat.Inode };
                return new FileResult(ReadMode.Unchanged)
                {
                    Remember = IsSame(known) ? null : touched, MalformedLines = known.MalformedLines, BytesRead = stream.Length,
                };
            }

            ContinuesAt = state.NextOrdinal;
            return Feed(stream, known.Format, state, known.Consumed, emit, cancellationToken);
        }

        ContinuesAt = null;
        string? format = Detect(stream, cancellationToken);
        return format is null
            ? new FileResult(ReadMode.Unrecognized) { Remember = Row("", 0, "", 0, null), BytesRead = stream.Position }
            : Feed(stream, format, new ReaderState(), 0, emit, cancellationToken);
    }

    /// <summary>Whether the file begins with all that was read of it; if so, whether it is the very same.</summary>
    private bool Continues(FileStream stream, TranscriptFile known, ReaderState state, CancellationToken cancellationToken, out bool isSame)
    {
        isSame = false;
        if (Stat.Size < known.Consumed)
        {
            return false;
        }

        if (!Distrust && Stat.Size > known.Size && Stat.Inode == known.Inode)
        {
            return PrefixProof.Compute(stream, known.Consumed) == known.PrefixHash;
        }

        // Same size under another time, another inode, or no trust: only all bytes can tell.
        stream.Position = 0;
        using var lines = new LineReader(stream, 0, LongestLine);
        ulong hash = 0;
        while (lines.Next < known.Consumed && lines.Read(out ReadOnlySpan<byte> line))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash = ContentHash.Chain(hash, line);
        }

        if (lines.Next != known.Consumed || hash != state.Hash)
        {
            return false;
        }

        while (lines.Read(out ReadOnlySpan<byte> line))
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash = ContentHash.Chain(hash, line);
        }

        isSame = lines.Next == known.Size && hash == state.EndHash;
        return true;
    }

    private static string? Detect(FileStream stream, CancellationToken cancellationToken)
    {
        stream.Position = 0;
        using var lines = new LineReader(stream, 0, LongestLine);
        for (int i = 0; i < TranscriptFormat.LinesLooked && lines.Next < TranscriptFormat.BytesLooked; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!lines.Read(out ReadOnlySpan<byte> line))
            {
                return null;
            }

            if (TranscriptFormat.Of(line) is { } format)
            {
                return format;
            }
        }

        return null;
    }

    private FileResult Feed(
        FileStream stream, string format, ReaderState state, long position, Action<SessionChunk> emit, CancellationToken cancellationToken)
    {
        stream.Position = position;
        var builder = new SessionBuilder(emit) { State = state };
        TranscriptReader reader = TranscriptFormat.Reader(format, state, builder, TranscriptSource.Of(Path));
        using var lines = new LineReader(stream, position, LongestLine);
        var feed = new LineFeed(reader, lines);
        feed.Complete(cancellationToken);

        (ReaderState resume, long consumed) = reader.Checkpoint(feed.Next);
        resume.EndHash = feed.EndHash;
        string saved = resume.Save();
        feed.Tail();
        ParsedSession session = reader.Finish(feed.IsTruncated, feed.LastMalformed);
        Locate(session);
        string proof = PrefixProof.Compute(stream, consumed);
        TranscriptFile row = Row(format, consumed, proof, session.Row.ParserMalformedLines, saved) with { SessionIds = [session.Row.Id] };
        return new FileResult(ContinuesAt is null ? ReadMode.Whole : ReadMode.Continued)
        {
            Session = session,
            Remember = row,
            MalformedLines = session.Row.ParserMalformedLines,
            MalformedAt = feed.FirstMalformed,
            BytesRead = lines.Next - position,
        };
    }

    private void Locate(ParsedSession session)
    {
        session.Row.FilePath = Path;
        session.Row.FileSize = Stat.Size;
        session.Row.FileMtime = Stat.MtimeNs;
        session.Row.FileInode = Stat.Inode;
        session.Row.FileDevice = Stat.Device;
    }

    private TranscriptFile Row(string format, long consumed, string proof, long malformed, string? state) =>
        new(Path, format, Stat.Size, Stat.MtimeNs, Stat.Inode, consumed, proof, malformed, [], state);

    /// <summary>The lines of a file on their way into a reader.</summary>
    private sealed class LineFeed(TranscriptReader reader, LineReader lines)
    {
        private byte[] _tail = [];

        /// <summary>End of the last complete line.</summary>
        public long Next { get; private set; } = lines.Next;

        public long? FirstMalformed { get; private set; }

        public bool LastMalformed { get; private set; }

        /// <summary>The file ends in the middle of a line.</summary>
        public bool IsTruncated { get; private set; }

        public ulong EndHash { get; private set; } = reader.Hash;

        public void Complete(CancellationToken cancellationToken)
        {
            while (lines.Read(out ReadOnlySpan<byte> line))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!lines.IsComplete)
                {
                    _tail = lines.IsOversized ? [0] : line.ToArray();
                    EndHash = ContentHash.Chain(reader.Hash, line);
                    return;
                }

                Take(line);
                Next = lines.Next;
                EndHash = reader.Hash;
            }
        }

        private void Take(ReadOnlySpan<byte> line)
        {
            if (lines.IsOversized)
            {
                reader.Malformed(line);
            }
            else if (reader.Read(line, lines.LineStart))
            {
                LastMalformed &= line.IsEmpty;
                return;
            }

            LastMalformed = true;
            FirstMalformed ??= lines.LineStart;
        }

        /// <summary>
        /// What stands after the last line feed. A whole object there is read like a line, though it will be read again;
        /// anything else is a line that is still being written.
        /// </summary>
        public void Tail()
        {
            if (_tail.AsSpan().Trim(" \t\r"u8).IsEmpty)
            {
                return;
            }

            LastMalformed = false;
            IsTruncated = !JsonValue.ParseOrNone(_tail).IsObject || !reader.Read(_tail, Next);
        }
    }
}
