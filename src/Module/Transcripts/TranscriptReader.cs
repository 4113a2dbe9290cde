using System.Text.Json;
using ArtifactSync.Wire;

namespace ArtifactSync.Transcripts;

/// <summary>A session as a transcript tells it, without its messages, which were handed on before.</summary>
internal sealed record ParsedSession(SessionRecord Row, string? Name, bool HasToolCalls, bool HasContextData);

/// <summary>What is known of a file before its first byte is read.</summary>
/// <param name="Stem">File name without <c>.jsonl</c>.</param>
/// <param name="Folder">Name of the folder that stands for the project.</param>
/// <param name="CompanionOf">Session whose <c>subagents</c> folder the file lies in; empty otherwise.</param>
internal sealed record TranscriptSource(string Stem, string Folder, string CompanionOf)
{
    public static TranscriptSource Of(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        string? folder = Path.GetDirectoryName(path);
        if (Path.GetFileName(folder) == "subagents" && Path.GetDirectoryName(folder) is { Length: > 0 } session)
        {
            return new TranscriptSource(stem, Path.GetFileName(Path.GetDirectoryName(session)) ?? "", Path.GetFileName(session));
        }

        return new TranscriptSource(stem, Path.GetFileName(folder) ?? "", "");
    }
}

/// <summary>Folds the lines of one file into one session. Lines come in order, each once.</summary>
internal abstract class TranscriptReader(ReaderState state, SessionBuilder builder, TranscriptSource source)
{
    protected ReaderState State { get; } = state;
    protected SessionBuilder Builder { get; } = builder;
    protected TranscriptSource Source { get; } = source;

    /// <summary>Chain over the lines so far.</summary>
    public ulong Hash => State.Hash;

    /// <summary>Reads one line; false = it is malformed, was counted and passed over.</summary>
    public bool Read(ReadOnlySpan<byte> line, long lineStart)
    {
        if (line.Trim(" \t"u8).IsEmpty)
        {
            State.Hash = ContentHash.Chain(State.Hash, line);
            return true;
        }

        try
        {
            Entry(line, lineStart);
            return true;
        }
        catch (JsonException)
        {
            Malformed(line);
            return false;
        }
    }

    /// <summary>Counts a line that is no JSON, or too long to look at.</summary>
    public void Malformed(ReadOnlySpan<byte> line)
    {
        State.Hash = ContentHash.Chain(State.Hash, line);
        State.Session.ParserMalformedLines++;
    }

    /// <summary>
    /// Takes a line apart completely before anything of the state is changed, because a fault
    /// (<see cref="JsonException"/>) must leave it as it was; then calls <see cref="Accept"/> and goes to work.
    /// </summary>
    protected abstract void Entry(ReadOnlySpan<byte> line, long lineStart);

    protected void Accept(ReadOnlySpan<byte> line, TranscriptTime time)
    {
        State.Hash = ContentHash.Chain(State.Hash, line);
        if (!time.IsKnown)
        {
            return;
        }

        if (!State.Started.IsKnown || time.CompareTo(State.Started) < 0)
        {
            State.Started = time;
        }

        if (time.CompareTo(State.Ended) > 0)
        {
            State.Ended = time;
        }
    }

    /// <summary>A state from which reading can go on, and where: at <paramref name="next"/> or somewhat before it.</summary>
    public virtual (ReaderState State, long Position) Checkpoint(long next) => (State, next);

    /// <summary>Hands on the rest and gives the session. The reader can't go on after it.</summary>
    public ParsedSession Finish(bool isTruncated, bool lastLineMalformed)
    {
        Close();
        Builder.Flush();
        SessionRecord row = State.Session with { };
        row.StartedAt = State.Started.IsKnown ? State.Started.ToString() : null;
        row.EndedAt = State.Ended.IsKnown ? State.Ended.ToString() : null;
        row.IsTruncated = isTruncated;
        row.TerminationStatus = isTruncated || lastLineMalformed ? "truncated" : Termination();
        string? name = State.UserTitle is { Length: > 0 } title ? title : State.AiTitle ?? State.Summary;
        return new ParsedSession(row, name, State.HasToolCalls, State.HasContextData);
    }

    protected virtual void Close()
    {
    }

    /// <summary>How the session stands; null when nothing can be said.</summary>
    protected abstract string? Termination();
}
